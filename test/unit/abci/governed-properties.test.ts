/**
 * What holds whatever governance, hosts and time do: every invariant of every module after every
 * block (supply is the sum of balances among them), a refused message changes nothing at all,
 * sequences only rise, and an exported state is the same state. gov, upgrade, consensus, slashing,
 * evidence, vesting, pow and inference; the other modules are in properties.test.ts.
 */

import { MsgSend } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import * as abci from "cosmjs-types/tendermint/abci/types";
import { BlockIDFlag } from "cosmjs-types/tendermint/types/validator";
import t from "tap";
import { ed25519Address, ed25519PublicKey } from "../../../src/crypto/ed25519.ts";
import { sha256 } from "../../../src/crypto/hash.ts";
import { toHex, utf8 } from "../../../src/encoding/bytes.ts";
import {
  AppChain,
  alice,
  any,
  appState,
  bob,
  carol,
  type Dev,
  dave,
  genesisTime,
  signTx,
} from "../../support/app-chain.ts";
import { copyOf, pairsOf } from "../../support/exported.ts";
import { RandomGoverned } from "../../support/random-governed.ts";

const devs = [alice, bob, carol, dave];
const blocks = Number(process.env.GONKA_PROPERTY_BLOCKS ?? 66);
const seeds = [81, Number(process.env.SEED ?? 82)];
const consensusOf = ({ name }: Dev) =>
  ed25519Address(ed25519PublicKey(sha256(utf8(`consensus ${name}`))));

/** Short windows, so that some are jailed and come back. */
const start = () =>
  AppChain.start({
    state: appState({
      edit: (state) => {
        const params = {
          signed_blocks_window: "10",
          min_signed_per_window: "0.5",
          downtime_jail_duration: "5s",
          slash_fraction_double_sign: "0",
          slash_fraction_downtime: "0",
        };
        state.slashing = { params };
      },
    }),
  });

class Run {
  readonly chain: AppChain;
  readonly random: RandomGoverned;
  readonly sequences = new Map(devs.map(({ name }) => [name, 0n]));
  readonly codes = new Map<string, number>();
  constructor(chain: AppChain, seed: number) {
    this.chain = chain;
    this.random = new RandomGoverned(devs, seed);
  }

  signed(from: Dev, messages: Parameters<typeof signTx>[0]["messages"]): Uint8Array {
    const sequence = this.sequences.get(from.name) ?? 0n;
    return signTx({ from, sequence, messages, gas: 3_000_000n });
  }

  request(txs: readonly Uint8Array[], absent: readonly Dev[], doubled: readonly Dev[]) {
    const { BLOCK_ID_FLAG_ABSENT, BLOCK_ID_FLAG_COMMIT } = BlockIDFlag;
    const votes = devs.map((who) => ({
      validator: { address: consensusOf(who), power: 250_000n },
      blockIdFlag: absent.includes(who) ? BLOCK_ID_FLAG_ABSENT : BLOCK_ID_FLAG_COMMIT,
    }));
    const misbehavior = doubled.map((who) => ({
      type: abci.MisbehaviorType.DUPLICATE_VOTE,
      validator: { address: consensusOf(who), power: 250_000n },
      height: this.chain.height,
      time: { seconds: genesisTime.seconds, nanos: 0 },
      totalVotingPower: 1_000_000n,
    }));
    const decidedLastCommit = { round: 0, votes };
    return { ...this.chain.request(txs), decidedLastCommit, misbehavior };
  }

  async block(request: abci.RequestFinalizeBlock): Promise<abci.ResponseFinalizeBlock> {
    const response = this.chain.app.finalizeBlock(request);
    await this.chain.app.commit();
    this.chain.height += 1n;
    this.chain.seconds += 1n;
    return response;
  }
}

for (const seed of seeds) {
  t.test(`governance, hosts and time; SEED=${seed}`, async (t) => {
    const run = new Run(await start(), seed);
    const { chain, random, sequences, codes } = run;
    await run.block(run.request([], [], []));
    let compared = 0;
    for (let round = 0; round < blocks; round++) {
      const from = random.one(devs);
      const tx = run.signed(from, random.messages(from, chain.seconds));
      const absent = devs.filter((who) => who !== alice && random.pick(4) === 0);
      const doubled = random.pick(60) === 0 ? [random.one([carol, dave])] : [];
      const request = (one: Uint8Array) => run.request([one], absent, doubled);
      const refused = any(MsgSend, { fromAddress: from.address, toAddress: "", amount: [] });
      const control = chain.app.finalizeBlock(request(run.signed(from, [refused])));
      const response = await run.block(request(tx));
      const [result] = response.txResults;
      const isCharged = result?.events.some(({ type }) => type === "tx");
      if (isCharged) sequences.set(from.name, (sequences.get(from.name) ?? 0n) + 1n);
      const key = `${result?.codespace} ${result?.code}`;
      codes.set(key, (codes.get(key) ?? 0) + 1);
      if (isCharged && result?.code !== 0) {
        compared++;
        const what = `block ${chain.height}: ${result?.log}`;
        t.equal(toHex(response.appHash), toHex(control.appHash), what);
      }
      const broken = chain.app.brokenInvariants();
      if (broken.length > 0) t.fail(`block ${chain.height}: ${broken.join("; ")}`);
    }
    t.comment(JSON.stringify([...codes]));
    t.ok((codes.get(" 0") ?? 0) > blocks / 10, "some are carried out");
    t.ok(compared > blocks / 10, `${compared} refusals left what any refusal leaves`);
    t.ok(codes.size > 6, "many kinds of refusal");
    const { accounts } = chain.app.exportState().appState.auth as {
      accounts: { address: string; sequence: string }[];
    };
    for (const { name, address } of devs) {
      const account = accounts.find((each) => each.address === address);
      t.equal(account?.sequence, String(sequences.get(name)), `sequence of ${name}`);
    }
  });

  t.test(`an exported state is the same state; SEED=${seed}`, async (t) => {
    const run = new Run(await start(), seed + 1000);
    const { chain, random, sequences } = run;
    for (let round = 0; round < blocks; round++) {
      const from = random.one(devs);
      const tx = run.signed(from, random.messages(from, chain.seconds));
      const absent = devs.filter((who) => who !== alice && random.pick(4) === 0);
      const doubled = random.pick(60) === 0 ? [carol] : [];
      const { txResults } = await run.block(run.request([tx], absent, doubled));
      const isCharged = txResults[0]?.events.some(({ type }) => type === "tx");
      if (isCharged) sequences.set(from.name, (sequences.get(from.name) ?? 0n) + 1n);
    }
    const copy = await copyOf(chain);
    t.same(copy.app.brokenInvariants(), []);
    const next = run.request([], [bob], []);
    const [one, two] = [chain.app.finalizeBlock(next), copy.app.finalizeBlock(next)];
    t.same(two.txResults, one.txResults);
    await Promise.all([chain.app.commit(), copy.app.commit()]);
    t.same(copy.app.exportState().appState, chain.app.exportState().appState);
    const [ours, theirs] = [await pairsOf(chain.db), await pairsOf(copy.db)];
    for (const [store, pairs] of ours) t.same(theirs.get(store), pairs, `store ${store}`);
  });
}
