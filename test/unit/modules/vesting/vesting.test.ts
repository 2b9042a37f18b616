/** Vesting accounts on a chain: opened by messages and by genesis. spec/modules/vesting.md. */
import { AminoTypes, createDefaultAminoConverters } from "@cosmjs/stargate";
import { QueryAccountRequest, QueryAccountResponse } from "cosmjs-types/cosmos/auth/v1beta1/query";
import * as bankQuery from "cosmjs-types/cosmos/bank/v1beta1/query";
import { MsgSend } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import * as tx from "cosmjs-types/cosmos/vesting/v1beta1/tx";
import * as types from "cosmjs-types/cosmos/vesting/v1beta1/vesting";
import type { Any } from "cosmjs-types/google/protobuf/any";
import t from "tap";
import { protoJson } from "../../../../src/encoding/proto-json.ts";
import {
  AppChain,
  alice,
  any,
  appState,
  bob,
  dev,
  openApp,
  signTx,
} from "../../../support/app-chain.ts";

const amount = (value: number) => [{ denom: "ngonka", amount: String(value) }];
const fresh = dev("fresh", 0);
const fromAlice = (message: Any, sequence = 0n) =>
  signTx({ from: alice, sequence, messages: [message], gas: 500_000n });
const sendFresh = (value: number, sequence: bigint) =>
  signTx({
    from: fresh,
    number: 8n,
    sequence,
    fee: [],
    messages: [
      any(MsgSend, {
        fromAddress: fresh.address,
        toAddress: bob.address,
        amount: amount(value),
      }),
    ],
  });
const parties = { fromAddress: alice.address, toAddress: fresh.address };

/** At the last height, or at an earlier one. */
function spendable(chain: AppChain, height = 0n): string | undefined {
  const path = "/cosmos.bank.v1beta1.Query/SpendableBalanceByDenom";
  const { QuerySpendableBalanceByDenomRequest: request } = bankQuery;
  const data = request.encode({ address: fresh.address, denom: "ngonka" }).finish();
  const { value } = chain.app.query({ path, data, height, prove: false });
  return bankQuery.QuerySpendableBalanceByDenomResponse.decode(value).balance?.amount;
}

t.test("a continuous account can spend what has vested, and no more", async (t) => {
  const chain = await AppChain.start();
  const endTime = chain.seconds + 1n + 100n; // The block after this one is its start.
  const open = any(tx.MsgCreateVestingAccount, {
    ...parties,
    amount: amount(1000),
    endTime,
    delayed: false,
  });
  t.match((await chain.block([fromAlice(open)])).txResults[0], { code: 0 });
  t.equal(spendable(chain), "0");
  await chain.wait(25);
  t.equal(spendable(chain), "250");
  const refused = (await chain.block([sendFresh(261, 0n)])).txResults[0];
  t.match(refused, {
    codespace: "sdk",
    code: 5,
    log: /spendable balance 260ngonka is smaller than 261ngonka: insufficient funds/,
  });
  t.match((await chain.block([sendFresh(270, 1n)])).txResults[0], { code: 0 });
  const late = (await chain.block([sendFresh(11, 2n)])).txResults[0];
  t.match(late, { code: 5, log: /spendable balance 10ngonka is smaller than 11ngonka/ });
  await chain.wait(80);
  t.match((await chain.block([sendFresh(730, 3n)])).txResults[0], { code: 0 });
  t.equal(chain.balance(fresh.address), 0n);
  t.same(chain.app.brokenInvariants(), []);
});

t.test("more locked than there is: the text of the SDK", async (t) => {
  const chain = await AppChain.start({
    state: appState({ edit: (s) => addVesting(s, { balance: "5", locked: "9" }) }),
  });
  const { txResults } = await chain.block([
    signTx({
      from: fresh,
      number: 4n,
      sequence: 0n,
      fee: [],
      messages: [
        any(MsgSend, { fromAddress: fresh.address, toAddress: bob.address, amount: amount(1) }),
      ],
    }),
  ]);
  const log = /locked amount exceeds account balance funds: 9ngonka > 5ngonka: insufficient funds$/;
  t.match(txResults[0], { code: 5, log });
});

t.test("who exists already, or is a module, gets no vesting account", async (t) => {
  const chain = await AppChain.start();
  const cases: [string, Any, number, RegExp][] = [
    [
      "an account",
      any(tx.MsgCreatePermanentLockedAccount, {
        fromAddress: alice.address,
        toAddress: bob.address,
        amount: amount(5),
      }),
      18,
      /account gonka1\w+ already exists: invalid request/,
    ],
    [
      "no end",
      any(tx.MsgCreateVestingAccount, {
        ...parties,
        amount: amount(5),
        endTime: 0n,
        delayed: true,
      }),
      18,
      /invalid end time/,
    ],
    [
      "no coins",
      any(tx.MsgCreatePermanentLockedAccount, { ...parties, amount: [] }),
      10,
      /invalid coins/,
    ],
    [
      "a period without length",
      any(tx.MsgCreatePeriodicVestingAccount, {
        ...parties,
        startTime: 1n,
        vestingPeriods: [{ length: 0n, amount: amount(1) }],
      }),
      18,
      /invalid period length of 0 in period 0, length must be greater than 0/,
    ],
  ];
  for (const [index, [name, message, code, log]] of cases.entries()) {
    const { txResults } = await chain.block([fromAlice(message, BigInt(index))]);
    t.match(txResults[0], { codespace: "sdk", code, log }, name);
  }
  t.same(chain.app.brokenInvariants(), []);
});

t.test("a periodic account as queries and REST show it", async (t) => {
  const chain = await AppChain.start();
  const message = any(tx.MsgCreatePeriodicVestingAccount, {
    ...parties,
    startTime: chain.seconds,
    vestingPeriods: [
      { length: 10n, amount: amount(600) },
      { length: 20n, amount: amount(400) },
    ],
  });
  t.match((await chain.block([fromAlice(message)])).txResults[0], { code: 0 });
  const codecs = { request: QueryAccountRequest, response: QueryAccountResponse };
  const path = "/cosmos.auth.v1beta1.Query/Account";
  const answer = chain.ask(path, codecs, { address: fresh.address });
  const shown = protoJson(QueryAccountResponse, answer, (url) =>
    url === types.PeriodicVestingAccount.typeUrl ? types.PeriodicVestingAccount : undefined,
  );
  t.same(shown, {
    account: {
      "@type": "/cosmos.vesting.v1beta1.PeriodicVestingAccount",
      base_vesting_account: {
        base_account: {
          address: fresh.address,
          pub_key: null,
          account_number: "8",
          sequence: "0",
        },
        original_vesting: [{ denom: "ngonka", amount: "1000" }],
        delegated_free: [],
        delegated_vesting: [],
        end_time: "1700000030",
      },
      start_time: "1700000000",
      vesting_periods: [
        { length: "10", amount: [{ denom: "ngonka", amount: "600" }] },
        { length: "20", amount: [{ denom: "ngonka", amount: "400" }] },
      ],
    },
  });
  await chain.wait(9);
  t.equal(spendable(chain), "600", "ten seconds after its start");
  const { appState: exported } = chain.app.exportState();
  const copy = await AppChain.start({ state: exported as Record<string, unknown> });
  await copy.block();
  t.same(copy.app.exportState().appState.auth, exported.auth, "export, import, export");
});

t.test("the amino JSON is CosmJS's, without what amino leaves out", async (t) => {
  const chain = await AppChain.start();
  const cosmjs = new AminoTypes(createDefaultAminoConverters());
  const value = { ...parties, amount: amount(5), endTime: 77n, delayed: true };
  const handler = chain.app.msgs.find(
    ({ typeUrl }) => typeUrl === tx.MsgCreateVestingAccount.typeUrl,
  );
  const expected = cosmjs.toAmino({ typeUrl: tx.MsgCreateVestingAccount.typeUrl, value });
  t.same({ type: handler?.amino.name, value: handler?.amino.toJson(value) }, expected);
});

/** An account at genesis of which so much is locked for ever. */
function addVesting(
  state: Record<string, unknown>,
  { balance, locked }: { balance: string; locked: string },
): void {
  const { accounts } = state.auth as { accounts: unknown[] };
  accounts.push({
    "@type": "/cosmos.vesting.v1beta1.PermanentLockedAccount",
    base_vesting_account: {
      base_account: {
        address: fresh.address,
        pub_key: null,
        account_number: "4",
        sequence: "0",
      },
      original_vesting: [{ denom: "ngonka", amount: locked }],
      delegated_free: [],
      delegated_vesting: [],
      end_time: "0",
    },
  });
  const { balances } = state.bank as { balances: unknown[] };
  balances.push({ address: fresh.address, coins: [{ denom: "ngonka", amount: balance }] });
}

t.test("what is free at a height goes by its block, also after a restart", async (t) => {
  const chain = await AppChain.start();
  const open = any(tx.MsgCreateVestingAccount, {
    ...parties,
    amount: amount(1000),
    endTime: chain.seconds + 1n + 100n,
    delayed: false,
  });
  t.match((await chain.block([fromAlice(open)])).txResults[0], { code: 0 });
  await chain.wait(50);
  t.equal(spendable(chain), "500");
  t.equal(spendable(chain, 31n), "300");
  chain.app = await openApp(chain.db);
  t.equal(spendable(chain), "500");
  t.match(chain.check(sendFresh(500, 0n)), { code: 0 });
  t.equal(spendable(chain, 31n), "300");
});
