import { MsgSetWithdrawAddress } from "cosmjs-types/cosmos/distribution/v1beta1/tx";
import {
  MsgBeginRedelegate,
  MsgDelegate,
  MsgUndelegate,
} from "cosmjs-types/cosmos/staking/v1beta1/tx";
import * as abci from "cosmjs-types/tendermint/abci/types";
import t from "tap";
import { createApp } from "../../../../src/abci/app.ts";
import type { StateMachine } from "../../../../src/abci/state-machine.ts";
import { utf8 } from "../../../../src/encoding/bytes.ts";
import { MemoryDb } from "../../../../src/store/memory-db.ts";
import { defaultConsensusParams } from "../../../../src/types/consensus-params.ts";
import { any, chainId, dev, genesisTime, signTx, silentLog } from "../../../support/app-chain.ts";
import { pairsOf } from "../../../support/exported.ts";
import { prng } from "../../../support/prng.ts";
import {
  simappConsensusKey,
  simappDevs,
  simappIdentity,
  simappState,
} from "../../../support/simapp-chain.ts";

const consensusKey = simappConsensusKey;
const [val, ...users] = simappDevs;
const second = users[0].operator;

interface Chain {
  readonly app: StateMachine;
  readonly db: MemoryDb;
  readonly first: abci.ResponseInitChain;
}

async function start(
  state: object = simappState(),
  initialHeight = 1n,
  seconds = 0n,
): Promise<Chain> {
  const db = new MemoryDb();
  const app = await createApp({
    db,
    chainId,
    ...simappIdentity,
    minGasPrices: "",
    version: "0.0.0-test",
    log: silentLog,
  });
  const first = app.initChain({
    time: { seconds: genesisTime.seconds + seconds, nanos: 0 },
    chainId,
    consensusParams: defaultConsensusParams(),
    validators: [],
    appStateBytes: utf8(JSON.stringify(state)),
    initialHeight,
  });
  return { app, db, first };
}

/** Every pair of every store, without what a fee and a sequence change. */
async function pairsWithout(db: MemoryDb, ...stores: string[]): Promise<Map<string, string[]>> {
  const pairs = await pairsOf(db, simappIdentity);
  for (const store of stores) pairs.delete(store);
  return pairs;
}

async function block(app: StateMachine, height: bigint, seconds: bigint, txs: Uint8Array[]) {
  const time = { seconds: genesisTime.seconds + seconds, nanos: 0 };
  const answer = app.finalizeBlock(abci.RequestFinalizeBlock.fromPartial({ height, time, txs }));
  await app.commit();
  return answer;
}

t.test("genesis gives validators the power of their tokens", async (t) => {
  const { first } = await start();
  t.same(first.validators.map(({ pubKey, power }) => [pubKey.ed25519?.[0], power]).sort(), [
    [1, 3n],
    [2, 1n],
  ]);
});

/** Random messages of the module, one a transaction. */
class RandomDelegations {
  readonly sequences = new Map<string, bigint>();
  readonly #random: () => number;
  constructor(seed: number) {
    this.#random = prng(seed);
  }

  below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  tx(): Uint8Array {
    const from = [val, ...users][this.below(4)] ?? users[0];
    if (!from || !val) throw new Error("an account");
    const amount = { denom: "ustake", amount: String(1 + this.below(3_000_000)) };
    const [a, b] = this.below(2) === 0 ? [val.operator, second] : [second, val.operator];
    const pair = { delegatorAddress: from.address, validatorAddress: a, amount };
    const { delegatorAddress } = pair;
    const messages = [
      any(MsgDelegate, pair),
      any(MsgUndelegate, pair),
      any(MsgBeginRedelegate, {
        ...{ delegatorAddress, amount, validatorSrcAddress: a, validatorDstAddress: b },
      }),
      any(MsgSetWithdrawAddress, { delegatorAddress, withdrawAddress: users[0]?.address ?? "" }),
    ];
    const sequence = this.sequences.get(from.name) ?? 0n;
    this.sequences.set(from.name, sequence + 1n);
    const one = messages[this.below(messages.length)];
    // Of two messages, the second may fail: then the first must not have happened.
    const two = this.below(3) === 0 ? messages[this.below(2)] : undefined;
    const chosen = [one, two].filter((each) => each !== undefined);
    return signTx({ from, sequence, messages: chosen, gas: 900_000n, fee: [] });
  }
}

const sequencesOf = (app: StateMachine): Map<string, bigint> => {
  const { accounts } = app.exportState().appState.auth as {
    accounts: { address: string; sequence: string }[];
  };
  const of = (address: string) => accounts.find((each) => each.address === address)?.sequence;
  return new Map(
    [val, ...users].map((one) => [one?.name ?? "", BigInt(of(one?.address ?? "") ?? -1)]),
  );
};

for (const seed of [1, Number(process.env.SEED ?? Date.now() % 1_000_000)]) {
  t.test(`random delegations, SEED=${seed}`, async (t) => {
    const { app, db } = await start();
    const random = new RandomDelegations(seed);
    let [accepted, refused] = [0, 0];
    for (let height = 1n; height <= 25n; height++) {
      const { txResults } = await block(app, height, height, [
        random.tx(),
        random.tx(),
        random.tx(),
      ]);
      for (const { code } of txResults) code === 0 ? accepted++ : refused++;
      t.same(app.brokenInvariants(), [], `height ${height}: supply is balances, and the pools`);
      const used = [...sequencesOf(app)].filter(([, sequence]) => sequence > 0n);
      t.same(new Map(used), random.sequences, "each transaction used one sequence");
    }
    t.ok(accepted > 10 && refused > 10, `${accepted} accepted, ${refused} refused`);

    // Where it is now, from an export: the same pairs, and the same from here on.
    const { appState } = app.exportState();
    const copy = await start(JSON.parse(JSON.stringify(appState)), 26n, 25n);
    const txs = [random.tx(), random.tx(), random.tx()];
    const [one, two] = [await block(app, 26n, 26n, txs), await block(copy.app, 26n, 26n, txs)];
    t.same(two.txResults, one.txResults, "the same transactions do the same");
    t.same(await pairsWithout(copy.db), await pairsWithout(db), "the same stores");
    const unbonding = appState.staking as { unbonding_delegations: unknown[] };
    t.ok(unbonding.unbonding_delegations.length > 0, "some tokens unbond");

    const later = 26n + 1_814_401n;
    for (const chain of [{ app }, copy]) {
      const { events } = await block(chain.app, 27n, later, []);
      t.ok(events.some(({ type }) => type === "complete_unbonding"));
      t.same(chain.app.brokenInvariants(), []);
    }
    t.same(await pairsWithout(copy.db), await pairsWithout(db), "what unbonded is paid out");
    const { supply } = app.exportState().appState.bank as { supply: unknown };
    t.same(supply, [{ denom: "ustake", amount: "204000000" }]);
  });

  t.test(`a failed message leaves nothing behind, SEED=${seed}`, async (t) => {
    const { app, db } = await start();
    const random = new RandomDelegations(seed + 1);
    let failed = 0;
    for (let height = 1n; height <= 60n; height++) {
      // The stores that every transaction and every block write.
      const before = height > 1n ? await pairsWithout(db, "acc", "consensus") : undefined;
      const { txResults } = await block(app, height, height, [random.tx()]);
      if (!before || txResults[0]?.code === 0) continue;
      failed++;
      t.same(await pairsWithout(db, "acc", "consensus"), before, String(txResults[0]?.log));
    }
    t.ok(failed > 10, `${failed} failed`);
  });
}

/** Takes tokens away from the sender's own validator. */
const leave = (from: (typeof users)[0] | undefined, sequence: bigint, amount: string) =>
  signTx({
    from: from ?? dev("nobody", 0),
    sequence,
    fee: [],
    gas: 400_000n,
    messages: [
      any(MsgUndelegate, {
        delegatorAddress: from?.address ?? "",
        validatorAddress: from?.operator ?? "",
        amount: { denom: "ustake", amount },
      }),
    ],
  });

t.test("a genesis whose unbondings are not what the pool owns is refused", async (t) => {
  const { app } = await start();
  const { txResults } = await block(app, 1n, 1n, [leave(users[0], 0n, "300000")]);
  t.equal(txResults[0]?.code, 0);
  const text = JSON.stringify(app.exportState().appState);
  const [entry = ""] = /\{"creation_height":"1"[^}]*\}/.exec(text) ?? [];
  t.ok((await start(JSON.parse(text), 2n, 1n)).app, "as it is");
  const cases: readonly [string, string, RegExp][] = [
    [entry, entry.replace(/"balance":"300000"/, '"balance":"7"'), /add up to 7, the pool/],
    [entry, "", /entries: must not be empty/],
    [entry, entry.replace(/"completion_time":"[^"]*"/, '"completion_time":"x"'), /must be a time/],
  ];
  for (const [from, to, problem] of cases) {
    await t.rejects(start(JSON.parse(text.replace(from, to)), 2n, 1n), problem);
  }
  const list = /"unbonding_delegations":\[(.*?\}\]\})\]/.exec(text)?.[1] ?? "none";
  const twice = JSON.parse(text.replace(list, `${list},${list}`));
  await t.rejects(start(twice, 2n, 1n), /is there twice/);
});

t.test("the last power cannot be taken away", async (t) => {
  const { app } = await start();
  const first = await block(app, 1n, 1n, [leave(users[0], 0n, "1000000")]);
  t.equal(first.txResults[0]?.code, 0);
  t.same(first.validatorUpdates, [{ pubKey: { ed25519: consensusKey(2) }, power: 0n }]);
  const last = await block(app, 2n, 2n, [leave(val, 0n, "2500000")]);
  t.match(last.txResults[0], { code: 18, log: /must keep its power/ });
  t.same(last.validatorUpdates, []);
});
