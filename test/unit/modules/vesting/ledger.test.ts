/**
 * Random sends between vesting and usual accounts: nobody spends what is locked, a refused message
 * changes nothing but fee and sequence, and exported state is imported as it was.
 */
import {
  QueryAccountInfoRequest,
  QueryAccountInfoResponse,
} from "cosmjs-types/cosmos/auth/v1beta1/query";
import { MsgSend } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import * as tx from "cosmjs-types/cosmos/vesting/v1beta1/tx";
import type { Any } from "cosmjs-types/google/protobuf/any";
import t from "tap";
import {
  AppChain,
  alice,
  any,
  bob,
  carol,
  type Dev,
  dave,
  dev,
  genesisTime,
  signTx,
} from "../../../support/app-chain.ts";
import { prng } from "../../../support/prng.ts";

const fee = 2000n;
const amount = 1_000_000n;
const coins = (value: bigint) => [{ denom: "ngonka", amount: String(value) }];
/** Four devs, four modules, then these. */
const vested = ["steady", "late", "stepped"].map((name, index) => ({
  ...dev(name, 0),
  number: 8n + BigInt(index),
}));
const start = genesisTime.seconds + 1n;
const end = start + 40n;

/** What the i-th of them may not spend at a time. */
function lockedAt(index: number, now: bigint): bigint {
  if (now >= end) return 0n;
  if (index === 0) return amount - (amount * (now - start)) / 40n; // 40 divides it.
  if (index === 1) return amount;
  return now < start + 20n ? amount : amount / 2n;
}

function openings(): Any[] {
  const [steady, late, stepped] = vested.map(({ address }) => ({
    fromAddress: alice.address,
    toAddress: address,
  })) as [tx.MsgCreatePermanentLockedAccount, ...tx.MsgCreatePermanentLockedAccount[]];
  const half = { length: 20n, amount: coins(amount / 2n) };
  return [
    any(tx.MsgCreateVestingAccount, {
      ...steady,
      amount: coins(amount),
      endTime: end,
      delayed: false,
    }),
    any(tx.MsgCreateVestingAccount, {
      ...steady,
      ...late,
      amount: coins(amount),
      endTime: end,
      delayed: true,
    }),
    any(tx.MsgCreatePeriodicVestingAccount, {
      ...steady,
      ...stepped,
      startTime: start,
      vestingPeriods: [half, half],
    }),
  ];
}

for (const seed of [41, 42]) {
  t.test(`seed ${seed}`, async (t) => {
    const random = prng(seed);
    const pick = <T>(items: readonly T[]): T => items[Math.floor(random() * items.length)] as T;
    const chain = await AppChain.start();
    const all: Dev[] = [alice, bob, carol, dave, ...vested];
    const balances = new Map(all.map(({ name }) => [name, 0n]));
    const sequences = new Map(all.map(({ name }) => [name, 0n]));
    const add = (who: Dev, change: bigint) =>
      balances.set(who.name, (balances.get(who.name) ?? 0n) + change);
    const opened = signTx({ from: alice, sequence: 0n, messages: openings(), gas: 1_000_000n });
    t.match((await chain.block([opened])).txResults[0], { code: 0 });
    for (const who of all) add(who, chain.balance(who.address));
    sequences.set("alice", 1n);
    for (let block = 0; block < 50; block++) {
      const now = chain.seconds + 1n;
      const from = pick(all);
      const to = pick(all);
      const value = 1n + BigInt(Math.floor(random() * 400_000));
      const sequence = sequences.get(from.name) ?? 0n;
      const message = any(MsgSend, {
        fromAddress: from.address,
        toAddress: to.address,
        amount: coins(value),
      });
      const index = vested.findIndex(({ name }) => name === from.name);
      const locked = index < 0 ? 0n : lockedAt(index, now);
      const spendable = (balances.get(from.name) ?? 0n) - locked;
      const { txResults } = await chain.block([signTx({ from, sequence, messages: [message] })]);
      const expected = spendable < fee ? "no fee" : spendable - fee < value ? "refused" : "sent";
      const { code = -1, log } = txResults[0] ?? {};
      t.equal(code, expected === "sent" ? 0 : 5, `block ${block}: ${from.name} ${log}`);
      if (expected !== "no fee") {
        add(from, -fee);
        sequences.set(from.name, sequence + 1n);
      }
      if (expected === "sent") {
        add(from, -value);
        add(to, value);
      }
    }
    const path = "/cosmos.auth.v1beta1.Query/AccountInfo";
    const codecs = { request: QueryAccountInfoRequest, response: QueryAccountInfoResponse };
    for (const { name, address } of all) {
      t.equal(chain.balance(address), balances.get(name), name);
      const { info } = chain.ask(path, codecs, { address });
      t.equal(info?.sequence, sequences.get(name), `sequence of ${name}`);
    }
    t.same(chain.app.brokenInvariants(), []);
    const exported = chain.app.exportState().appState as Record<string, unknown>;
    const copy = await AppChain.start({ state: exported });
    await copy.block();
    const again = copy.app.exportState().appState;
    for (const name of ["auth", "bank", "slashing", "evidence", "upgrade"]) {
      t.same(again[name], exported[name], `export, import, export of ${name}`);
    }
  });
}
