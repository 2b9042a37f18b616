/**
 * Random delegations in the simapp profile: supply stays, pools own what they should, validators
 * follow their tokens, unbonded tokens come back in time. spec/modules/delegation.md.
 */
import { readFileSync } from "node:fs";
import {
  MsgBeginRedelegate,
  MsgDelegate,
  MsgUndelegate,
} from "cosmjs-types/cosmos/staking/v1beta1/tx";
import * as abci from "cosmjs-types/tendermint/abci/types";
import t from "tap";
import { createApp } from "../../../../src/abci/app.ts";
import type { StateMachine } from "../../../../src/abci/state-machine.ts";
import { secp256k1Address } from "../../../../src/crypto/secp256k1.ts";
import { toBech32 } from "../../../../src/encoding/bech32.ts";
import { toBase64, utf8 } from "../../../../src/encoding/bytes.ts";
import { MemoryDb } from "../../../../src/store/memory-db.ts";
import { defaultConsensusParams } from "../../../../src/types/consensus-params.ts";
import { any, chainId, dev, genesisTime, signTx, silentLog } from "../../../support/app-chain.ts";
import { prng } from "../../../support/prng.ts";

type Json = Record<string, Record<string, unknown[]>>;
const consensusKey = (n: number) => new Uint8Array(32).fill(n);
const [val, ...users] = ["val", "u1", "u2", "u3"].map((name, number) => {
  const made = dev(name, number);
  const bytes = secp256k1Address(made.publicKey);
  const operator = toBech32("cosmosvaloper", bytes);
  return { ...made, address: toBech32("cosmos", bytes), operator };
});
if (!val) throw new Error("a validator");
const second = users[0]?.operator ?? "";

/** The profile with our accounts: two validators of 3,000,000 and 1,000,000 ustake. */
function genesis(): Json {
  const file = new URL("../../../../genesis/simapp.json", import.meta.url);
  const { app_state: state } = JSON.parse(readFileSync(file, "utf8")) as { app_state: Json };
  const all = [val, ...users].flatMap((one) => (one ? [one] : []));
  const pool = state.bank?.balances?.at(-1) as { address: string; coins: object[] };
  Object.assign(state.auth ?? {}, {
    accounts: all.map(({ address }, index) => ({
      "@type": "/cosmos.auth.v1beta1.BaseAccount",
      address,
      pub_key: null,
      account_number: String(index),
      sequence: "0",
    })),
  });
  const coins = (amount: string) => [{ denom: "ustake", amount }];
  Object.assign(state.bank ?? {}, {
    balances: [
      ...all.map(({ address }) => ({ address, coins: coins("50000000") })),
      { address: pool.address, coins: coins("4000000") },
    ],
  });
  const [template] = state.staking?.validators ?? [];
  const operators = [val?.operator, second];
  Object.assign(state.staking ?? {}, {
    validators: operators.map((operator_address, n) => ({
      ...(template as object),
      operator_address,
      consensus_pub_key: toBase64(consensusKey(n + 1)),
    })),
    delegations: operators.map((validator_address, n) => ({
      delegator_address: all[n]?.address,
      validator_address,
      tokens: n === 0 ? "3000000" : "1000000",
    })),
  });
  return state;
}

async function start(): Promise<{ app: StateMachine; first: abci.ResponseInitChain }> {
  const app = await createApp({
    db: new MemoryDb(),
    chainId,
    bech32Prefix: "cosmos",
    baseDenom: "ustake",
    profile: "simapp",
    minGasPrices: "",
    version: "0.0.0-test",
    log: silentLog,
  });
  const first = app.initChain({
    time: genesisTime,
    chainId,
    consensusParams: defaultConsensusParams(),
    validators: [],
    appStateBytes: utf8(JSON.stringify(genesis())),
    initialHeight: 1n,
  });
  return { app, first };
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

for (const seed of [1, Number(process.env.SEED ?? Date.now() % 1_000_000)]) {
  t.test(`random delegations, SEED=${seed}`, async (t) => {
    const random = prng(seed);
    const below = (limit: number) => Math.floor(random() * limit);
    const { app } = await start();
    const sequences = new Map<string, bigint>();
    let [accepted, refused] = [0, 0];
    for (let height = 1n; height <= 25n; height++) {
      const txs = [0, 1, 2].map(() => {
        const from = [val, ...users][below(4)] ?? users[0];
        if (!from || !val) throw new Error("an account");
        const amount = { denom: "ustake", amount: String(1 + below(3_000_000)) };
        const [a, b] = below(2) === 0 ? [val.operator, second] : [second, val.operator];
        const pair = { delegatorAddress: from.address, validatorAddress: a, amount };
        const message = [
          any(MsgDelegate, pair),
          any(MsgUndelegate, pair),
          any(MsgBeginRedelegate, {
            delegatorAddress: from.address,
            validatorSrcAddress: a,
            validatorDstAddress: b,
            amount,
          }),
        ][below(3)];
        const sequence = sequences.get(from.name) ?? 0n;
        sequences.set(from.name, sequence + 1n);
        const messages = message ? [message] : [];
        return signTx({ from, sequence, messages, gas: 400_000n, fee: [] });
      });
      const { txResults } = await block(app, height, height, txs);
      for (const { code } of txResults) code === 0 ? accepted++ : refused++;
      t.same(app.brokenInvariants(), [], `height ${height}`);
    }
    t.ok(accepted > 10 && refused > 10, `${accepted} accepted, ${refused} refused`);
    const later = 25n + 1_814_401n;
    const { events } = await block(app, 26n, later, []);
    t.ok(events.some(({ type }) => type === "complete_unbonding"));
    t.same(app.brokenInvariants(), []);
    const { appState } = app.exportState();
    const pool = JSON.stringify((appState.bank as { supply: unknown }).supply);
    t.equal(pool, JSON.stringify([{ denom: "ustake", amount: "204000000" }]));
  });
}

t.test("the last power cannot be taken away", async (t) => {
  const { app } = await start();
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
  const first = await block(app, 1n, 1n, [leave(users[0], 0n, "1000000")]);
  t.equal(first.txResults[0]?.code, 0);
  t.same(first.validatorUpdates, [{ pubKey: { ed25519: consensusKey(2) }, power: 0n }]);
  const last = await block(app, 2n, 2n, [leave(val, 0n, "2500000")]);
  t.match(last.txResults[0], { code: 18, log: /must keep its power/ });
  t.same(last.validatorUpdates, []);
});
