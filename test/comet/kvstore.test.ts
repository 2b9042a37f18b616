/**
 * Our kvstore and the one that CometBFT has built in: the same blocks, the same answers; and ours
 * behind CometBFT, with validators that come and go. `npm run test:comet`.
 */
import t from "tap";
import { ed25519PublicKey } from "../../src/crypto/ed25519.ts";
import { fromUtf8, toBase64, toHex, utf8 } from "../../src/encoding/bytes.ts";
import { KvStore } from "../../src/kvstore/application.ts";
import { txResultJson, validatorUpdateJson } from "../../src/rpc/json/results.ts";
import { MemoryDb } from "../../src/store/memory-db.ts";
import { outOfOrder } from "../support/abci-grammar.ts";
import { CometChain, findCometBft } from "./comet-chain.ts";
import { replayEmbedded } from "./embedded-replay.ts";

const comet = findCometBft();
const skip = "skip" in comet && comet.skip;
const other = ed25519PublicKey(new Uint8Array(32).fill(9));
const validatorTx = (power: number) => `val=ed25519!${toBase64(other)}!${power}`;
const good = [
  "a=1",
  "b:2",
  "key with spaces=value",
  "ä=ö",
  "a=3",
  validatorTx(2),
  "c=4",
  validatorTx(0),
];
const bad = ["", "abc", "a==b", "=a", "a=", "a:b=c", "val=", "val=ed25519!x!1", "val=!!!"];

interface QueryAnswer {
  readonly response: Record<string, unknown>;
}
type Results = {
  readonly txs_results: object[] | null;
  readonly validator_updates: object[] | null;
  readonly finalize_block_events: object[] | null;
};

/**
 * What clients see of the application, by what they ask. No empty key: CometBFT shows it as null
 * when it came back over a socket, and as "" when the application is built in.
 */
async function answers(chain: CometChain): Promise<Record<string, unknown>> {
  const seen: Record<string, unknown> = {};
  for (const tx of [...good, ...bad]) {
    seen[`check ${tx}`] = await chain.rpc("check_tx", { tx: toBase64(utf8(tx)) });
  }
  for (const key of ["a", "b", "key with spaces", "ä", "c", "none"]) {
    for (const [path, prove] of [
      ["", false],
      ["/anything", true],
    ] as const) {
      const data = toHex(utf8(key));
      const { response } = await chain.rpc<QueryAnswer>("abci_query", { path, data, prove });
      seen[`query ${path} ${key} ${prove}`] = { ...response, height: Number(response.height) > 0 };
    }
  }
  for (const key of [other, utf8("nobody")]) {
    seen[`val ${toHex(key)}`] = await chain.rpc("abci_query", { path: "/val", data: toHex(key) });
  }
  const info = await chain.rpc<QueryAnswer>("abci_info");
  const { data, version, app_version } = info.response;
  return { ...seen, data, version, app_version };
}

/** Each good transaction in its own block; "b:2" is rewritten there, so nobody waits for it. */
async function sendAll(chain: CometChain): Promise<void> {
  for (const tx of good) {
    if (tx.includes(":")) continue;
    const params = { tx: toBase64(utf8(tx)) };
    await chain.rpc("broadcast_tx_commit", params);
  }
}

t.test("the built-in example and ours agree on its blocks", { skip }, async (t) => {
  if ("skip" in comet) return;
  const [theirs, ours] = [0, 1].map(
    () => new CometChain({ binary: comet.binary, args: ["--app", "kvstore"] }),
  ) as [CometChain, CometChain];
  t.teardown(() => Promise.all([theirs.stop(), ours.stop()]));
  await ours.start();
  await sendAll(ours);
  const seen = await answers(ours);
  await ours.killApp();
  await ours.height();
  t.same(await answers(ours), seen, "the same after kill -9");
  t.equal(outOfOrder(ours.calls()), undefined);
  await ours.end();
  theirs.startComet("kvstore");
  await theirs.height();
  await sendAll(theirs);
  t.same(seen, await answers(theirs), "every answer is that of the example");
  const to = await theirs.height();
  const app = await KvStore.open(new MemoryDb());
  const replayed = await replayEmbedded({ chain: theirs, app, genesis: theirs.genesis, to });
  for (const { block, answer } of replayed) {
    const height = String(block.header.height);
    const results = await theirs.rpc<Results>("block_results", { height });
    t.same(answer.txResults.map(txResultJson), results.txs_results ?? []);
    t.same(answer.validatorUpdates.map(validatorUpdateJson), results.validator_updates ?? []);
    t.same(results.finalize_block_events ?? [], []);
  }
  t.equal(fromUtf8(app.query({ path: "", data: utf8("a"), height: 0n, prove: false }).value), "3");
});
