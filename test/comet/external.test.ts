/**
 * The chain behind stock CometBFT: 200 blocks with transactions while either process is killed at
 * random; then the same blocks through the embedded engine. `npm run test:comet`; SEED repeats the
 * choices, not the timing.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { BaseAccount } from "cosmjs-types/cosmos/auth/v1beta1/auth";
import { QueryAccountRequest, QueryAccountResponse } from "cosmjs-types/cosmos/auth/v1beta1/query";
import { MsgSend } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import t from "tap";
import { sha256 } from "../../src/crypto/hash.ts";
import { toBase64, toHex, toUpperHex, utf8 } from "../../src/encoding/bytes.ts";
import { MemoryDb } from "../../src/store/memory-db.ts";
import { outOfOrder } from "../support/abci-grammar.ts";
import {
  alice,
  any,
  appState,
  bob,
  chainId,
  openApp,
  signTx,
  startBalance,
} from "../support/app-chain.ts";
import { prng } from "../support/prng.ts";
import { CometChain, findCometBft } from "./comet-chain.ts";
import { replayEmbedded } from "./embedded-replay.ts";

const blocks = 200;
const killEvery = 14;
const comet = findCometBft();

const skip = "skip" in comet && comet.skip;

/** A chain of the test accounts; alice is its only host. */
function startOf(binary: string): CometChain {
  const edit = ({ validators: _, ...made }: Record<string, unknown>) => ({
    ...made,
    chain_id: chainId,
    app_state: appState({ hosts: [alice] }),
  });
  const chain = new CometChain({ binary, args: [], edit });
  chain.useValidator(sha256(utf8("consensus alice")));
  return chain;
}

t.test("200 blocks, kills, replay", { skip }, async (t) => {
  if ("skip" in comet) return;
  const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
  t.comment(`SEED=${seed}`);
  const random = prng(seed);
  const chain = startOf(comet.binary);
  t.teardown(() => chain.stop());
  await chain.start();
  const load = new Load(chain);
  const kills = { app: 0, comet: 0 };
  for (let next = killEvery; ; ) {
    const height = await chain.height();
    if (height >= blocks && load.included >= blocks / 2) break;
    await load.send(1 + Math.floor(random() * 4));
    if (height < next) continue;
    next = height + killEvery;
    const who = random() < 0.5 ? "app" : "comet";
    kills[who] += 1;
    await sleep(random() * 150);
    await (who === "app" ? chain.killApp() : chain.killComet());
  }
  t.comment(`${load.included} transactions sent, kills: ${JSON.stringify(kills)}`);
  const to = await chain.height();
  const app = await openApp(new MemoryDb());
  const replayed = await replayEmbedded({ chain, app, genesis: chain.genesis, to });
  t.equal(replayed.length, to);
  const executed = replayed.flatMap(({ answer }) => answer.txResults);
  t.ok(executed.length >= blocks / 2, `${executed.length} transactions`);
  t.ok(executed.filter(({ code }) => code === 0).length > executed.length / 2);
  type Results = { app_hash: string; txs_results: { code: number; gas_used: string }[] | null };
  const differing: string[] = [];
  for (const { block, answer } of replayed) {
    const height = String(block.header.height);
    const theirs = await chain.rpc<Results>("block_results", { height });
    const results = theirs.txs_results?.map((each) => `${each.code ?? 0}/${each.gas_used}`) ?? [];
    const ours = answer.txResults.map(({ code, gasUsed }) => `${code}/${gasUsed}`);
    if (theirs.app_hash !== toBase64(answer.appHash)) differing.push(`app hash ${height}`);
    if (results.join() !== ours.join()) differing.push(`results ${height}`);
  }
  t.same(differing, [], "what CometBFT got of the application is what the embedded engine got");
  t.equal(app.brokenInvariants().join(), "");
  t.equal(outOfOrder(chain.calls()), undefined, "the calls are in an order that ABCI allows");
  const last = replayed.at(-1)?.answer.appHash;
  const info = await chain.rpc<{ response: { last_block_app_hash: string } }>("abci_info");
  t.comment(
    `height ${to}, app hash ${last && toUpperHex(last)}, ${info.response.last_block_app_hash}`,
  );
});

t.test("REST answers for blocks and transactions of CometBFT", { skip }, async (t) => {
  if ("skip" in comet) return;
  const chain = startOf(comet.binary);
  t.teardown(() => chain.stop());
  await chain.start();
  type Json = Record<string, Record<string, string & Record<string, string>>>;
  const get = async (path: string) => {
    const response = await fetch(`${chain.restUrl}${path}`);
    return { status: response.status, body: (await response.json()) as Json };
  };
  const base = "/cosmos/base/tendermint/v1beta1";
  const info = (await get(`${base}/node_info`)).body;
  t.match(info, { default_node_info: { network: chainId, version: /^0\.38\./ } });
  t.same((await get(`${base}/syncing`)).body, { syncing: false });
  const tx = signTx({
    from: alice,
    sequence: 0n,
    messages: [
      any(MsgSend, {
        fromAddress: alice.address,
        toAddress: bob.address,
        amount: [{ denom: "ngonka", amount: "7" }],
      }),
    ],
  });
  const post = () =>
    fetch(`${chain.restUrl}/cosmos/tx/v1beta1/txs`, {
      method: "POST",
      body: JSON.stringify({ tx_bytes: toBase64(tx), mode: "BROADCAST_MODE_SYNC" }),
    }).then((response) => response.json() as Promise<Json>);
  const sent = (await post()).tx_response;
  t.match(sent, { code: 0, txhash: /^[0-9A-F]{64}$/ });
  let found = await get(`/cosmos/tx/v1beta1/txs/${sent?.txhash}`);
  for (; found.status === 404; found = await get(`/cosmos/tx/v1beta1/txs/${sent?.txhash}`)) {
    await sleep(50);
  }
  t.match(found.body, { tx_response: { code: 0, txhash: sent?.txhash } });
  const height = found.body.tx_response?.height;
  const { block } = (await get(`${base}/blocks/${height}`)).body as { block?: Json };
  t.same(block?.data?.txs, [toBase64(tx)]);
  const theirs = await chain.rpc<{ block_id: { hash: string } }>("block", { height });
  const { block_id } = (await get(`${base}/blocks/${height}`)).body;
  t.equal(toUpperHex(Buffer.from(block_id?.hash ?? "", "base64")), theirs.block_id.hash);
  const query = `tx.height=${height}`;
  const search = await get(`/cosmos/tx/v1beta1/txs?query=${encodeURIComponent(query)}`);
  t.match(search.body, { total: "1", tx_responses: [{ txhash: sent?.txhash }] });
  t.equal((await get("/cosmos/tx/v1beta1/txs?query=%3D")).status, 400);
  const set = (await get(`${base}/validatorsets/latest`)).body;
  t.match(set, { pagination: { total: "1" }, validators: [{ address: /^gonkavalcons1/ }] });
  t.equal((await get(`${base}/blocks/1000000`)).status, 400);
  const status = (await get("/cosmos/base/node/v1beta1/status")).body;
  t.ok(Number(status.height) >= Number(height));
  const balance = `/cosmos/bank/v1beta1/balances/${bob.address}/by_denom?denom=ngonka`;
  t.equal((await get(balance)).body.balance?.amount, String(startBalance + 7n));
  await chain.killComet();
});

/** Alice sends to Bob. What a kill took out of the mempool is sent again with its sequence. */
class Load {
  included = 0;
  readonly #chain: CometChain;
  #sequence: bigint | undefined;

  constructor(chain: CometChain) {
    this.#chain = chain;
  }

  async send(count: number): Promise<void> {
    for (let i = 0; i < count; i++) {
      try {
        this.#sequence ??= await this.#askSequence();
        const amount = [{ denom: "ngonka", amount: String(1 + i) }];
        const message = { fromAddress: alice.address, toAddress: bob.address, amount };
        const tx = signTx({
          from: alice,
          sequence: this.#sequence,
          messages: [any(MsgSend, message)],
        });
        const { code } = await this.#chain.rpc<{ code: number }>("broadcast_tx_sync", {
          tx: toBase64(tx),
        });
        if (code === 0) this.included += 1;
        this.#sequence = code === 0 ? this.#sequence + 1n : undefined;
      } catch {
        this.#sequence = undefined; // Somebody was killed just now.
        await sleep(50);
      }
    }
  }

  async #askSequence(): Promise<bigint> {
    const data = toHex(QueryAccountRequest.encode({ address: alice.address }).finish());
    const { response } = await this.#chain.rpc<{ response: { value: string } }>("abci_query", {
      path: "/cosmos.auth.v1beta1.Query/Account",
      data,
    });
    const { account } = QueryAccountResponse.decode(Buffer.from(response.value, "base64"));
    return BaseAccount.decode(account?.value ?? new Uint8Array()).sequence;
  }
}
