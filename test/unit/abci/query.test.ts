/** ABCI Query: paths, heights, errors, pages, simulation. spec/abci.md, "Query". */
import { DirectSecp256k1Wallet, encodePubkey, makeAuthInfoBytes } from "@cosmjs/proto-signing";
import { BaseAccount, ModuleAccount } from "cosmjs-types/cosmos/auth/v1beta1/auth";
import * as auth from "cosmjs-types/cosmos/auth/v1beta1/query";
import * as bank from "cosmjs-types/cosmos/bank/v1beta1/query";
import { MsgSend } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import { PageRequest } from "cosmjs-types/cosmos/base/query/v1beta1/pagination";
import * as consensus from "cosmjs-types/cosmos/consensus/v1/query";
import { SimulateRequest, SimulateResponse } from "cosmjs-types/cosmos/tx/v1beta1/service";
import { AuthInfo, Tx, TxBody, TxRaw } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import t from "tap";
import { parseBech32 } from "../../../src/encoding/bech32.ts";
import { fromUtf8, toBase64, toHex, utf8 } from "../../../src/encoding/bytes.ts";
import { balanceKey } from "../../../src/modules/bank/keys.ts";
import {
  AppChain,
  alice,
  any,
  appState,
  bob,
  carol,
  dev,
  signTx,
  startBalance,
} from "../../support/app-chain.ts";
import { byteStrings, Noise } from "../../support/noise.ts";

const coins = (amount: string, denom = "ngonka") => [{ denom, amount }];
const sendTx = (sequence: bigint, amount = "1") =>
  signTx({
    from: alice,
    sequence,
    messages: [
      any(MsgSend, { fromAddress: alice.address, toAddress: bob.address, amount: coins(amount) }),
    ],
  });
const none = new Uint8Array();
const balancePath = "/cosmos.bank.v1beta1.Query/Balance";
const balanceOfBob = bank.QueryBalanceRequest.encode({
  address: bob.address,
  denom: "ngonka",
}).finish();

t.test(
  "heights: zero is the latest and is echoed, the past is kept, the future refused",
  async (t) => {
    const chain = await AppChain.start();
    const ask = (height: bigint) =>
      chain.app.query({ path: balancePath, data: balanceOfBob, height, prove: false });
    t.match(ask(0n), { code: 26, codespace: "sdk", log: /please wait for first block/ });
    await chain.block([sendTx(0n)]);
    await chain.block([sendTx(1n)]);
    await chain.block();
    const amount = (height: bigint) =>
      bank.QueryBalanceResponse.decode(ask(height).value).balance?.amount;
    t.equal(ask(0n).height, 3n);
    t.equal(amount(0n), String(startBalance + 2n));
    t.equal(ask(1n).height, 1n);
    t.equal(amount(1n), String(startBalance + 1n));
    t.match(ask(4n), {
      code: 26,
      log: "cannot query with height in the future; please provide a valid height: invalid height",
    });
    t.match(ask(-1n), { code: 18, log: /cannot query with height < 0/ });
  },
);

t.test("errors look as gRPC errors of the SDK do", async (t) => {
  const chain = await AppChain.start();
  await chain.block();
  const ask = (path: string, data: Uint8Array) =>
    chain.app.query({ path, data, height: 0n, prove: false });
  const { address } = dev("nobody", 0);
  t.match(
    ask(
      "/cosmos.auth.v1beta1.Query/Account",
      auth.QueryAccountRequest.encode({ address }).finish(),
    ),
    {
      code: 22,
      codespace: "sdk",
      log: `rpc error: code = NotFound desc = account ${address} not found: key not found`,
    },
  );
  t.match(
    ask(balancePath, bank.QueryBalanceRequest.encode({ address: "test", denom: "x" }).finish()),
    { code: 18, log: /^rpc error: code = InvalidArgument desc = address/ },
  );
  t.match(ask(balancePath, utf8("garbage")), { code: 18, log: /invalid request$/ });
  t.match(ask("/no.such.Service/Method", none), { code: 6, log: /unknown query path/ });
  t.match(ask("/app/nothing", none), { code: 6 });
  t.match(ask("/store/nothing/key", utf8("k")), {
    code: 4,
    codespace: "store",
    log: "no such store: nothing: unknown request",
  });
  t.match(ask("/store/bank/key", none), {
    code: 3,
    codespace: "store",
    log: "query cannot be zero length: tx parse error",
  });
  t.equal(fromUtf8(ask("/app/version", none).value), "0.0.0-test");
  t.equal(ask("/p2p/filter/addr/1.2.3.4", none).code, 0);
});

t.test(
  "the store is laid out as the SDK's: a balance is text under 0x02, length, owner, denom",
  async (t) => {
    const chain = await AppChain.start();
    await chain.block();
    const key = balanceKey(parseBech32(alice.address)?.bytes ?? none, "ngonka");
    t.equal(key.length, 1 + 1 + 20 + 6);
    const answer = chain.app.query({
      path: "/store/bank/key",
      data: key,
      height: 0n,
      prove: false,
    });
    t.equal(fromUtf8(answer.value), String(startBalance));
    t.same(answer.key, key);
    t.equal(answer.height, 1n);
  },
);

t.test(
  "simulation needs no signature, changes nothing, and tells the gas of the real run",
  async (t) => {
    const chain = await AppChain.start();
    await chain.block();
    const wallet = await DirectSecp256k1Wallet.fromKey(alice.privateKey, "gonka");
    const [account] = await wallet.getAccounts();
    if (!account) throw new Error("a wallet has an account");
    const pubkey = encodePubkey({
      type: "tendermint/PubKeySecp256k1",
      value: toBase64(account.pubkey),
    });
    const real = TxRaw.decode(sendTx(0n));
    const auth = makeAuthInfoBytes([{ pubkey, sequence: 0 }], [], 0, undefined, undefined);
    const types = { request: SimulateRequest, response: SimulateResponse };
    const path = "/cosmos.tx.v1beta1.Service/Simulate";
    const txBytes = TxRaw.encode({
      bodyBytes: real.bodyBytes,
      authInfoBytes: auth,
      signatures: [none],
    }).finish();
    const simulated = chain.ask(path, types, SimulateRequest.fromPartial({ txBytes }));
    t.equal(simulated.gasInfo?.gasWanted, 0xffff_ffff_ffff_ffffn);
    // The deprecated field of the request, as cosmpy fills it.
    const tx = Tx.fromPartial({
      body: TxBody.decode(real.bodyBytes),
      authInfo: AuthInfo.decode(auth),
      signatures: [none],
    });
    const parts = chain.ask(path, types, SimulateRequest.fromPartial({ tx }));
    t.equal(parts.gasInfo?.gasUsed, simulated.gasInfo?.gasUsed);
    t.equal(chain.balance(bob.address), startBalance);
    const gasUsed = simulated.gasInfo?.gasUsed ?? 0n;
    const { txResults } = await chain.block([sendTx(0n)]);
    const used = txResults[0]?.gasUsed ?? 0n;
    // The simulated one paid no fee, so it is a little cheaper: clients multiply by 1.4.
    t.ok(gasUsed < used && gasUsed * 14n > used * 10n, `simulated ${gasUsed}, used ${used}`);
    const broke = TxRaw.decode(sendTx(1n, "9999999999999999"));
    const bytes = TxRaw.encode({ ...broke, signatures: [none] }).finish();
    t.throws(
      () => chain.ask(path, types, SimulateRequest.fromPartial({ txBytes: bytes })),
      /sdk 6: rpc error: code = Unknown desc = failed to execute message.* with gas used: '\d+'/,
    );
  },
);

t.test("auth answers about accounts, modules and addresses", async (t) => {
  const chain = await AppChain.start();
  await chain.block([sendTx(0n)]);
  const query = "/cosmos.auth.v1beta1.Query";
  const account = chain.ask(
    `${query}/Account`,
    { request: auth.QueryAccountRequest, response: auth.QueryAccountResponse },
    { address: alice.address },
  );
  t.equal(account.account?.typeUrl, "/cosmos.auth.v1beta1.BaseAccount");
  const base = BaseAccount.decode(account.account?.value ?? none);
  t.match(base, { address: alice.address, accountNumber: 0n, sequence: 1n });
  t.equal(base.pubKey?.typeUrl, "/cosmos.crypto.secp256k1.PubKey");
  const all = { request: auth.QueryAccountsRequest, response: auth.QueryAccountsResponse };
  const first = chain.ask(`${query}/Accounts`, all, {
    pagination: PageRequest.fromPartial({ limit: 3n, countTotal: true }),
  });
  t.equal(first.accounts.length, 3);
  t.equal(first.pagination?.total, 8n, "four devs, four modules");
  const rest = chain.ask(`${query}/Accounts`, all, {
    pagination: PageRequest.fromPartial({ key: first.pagination?.nextKey ?? none, limit: 10n }),
  });
  t.equal(rest.accounts.length, 5);
  const modules = chain.ask(
    `${query}/ModuleAccounts`,
    { request: auth.QueryModuleAccountsRequest, response: auth.QueryModuleAccountsResponse },
    {},
  );
  t.same(
    modules.accounts.map(({ value }) => ModuleAccount.decode(value).name),
    ["community_pool", "fee_collector", "gov", "pow"],
  );
  const byName = {
    request: auth.QueryModuleAccountByNameRequest,
    response: auth.QueryModuleAccountByNameResponse,
  };
  t.throws(() => chain.ask(`${query}/ModuleAccountByName`, byName, { name: "x" }), /NotFound/);
  const gov = chain.ask(`${query}/ModuleAccountByName`, byName, { name: "gov" });
  t.same(ModuleAccount.decode(gov.account?.value ?? none).permissions, ["burner"]);
  const byId = {
    request: auth.QueryAccountAddressByIDRequest,
    response: auth.QueryAccountAddressByIDResponse,
  };
  const request = auth.QueryAccountAddressByIDRequest.fromPartial({ accountId: 2n });
  t.equal(chain.ask(`${query}/AccountAddressByID`, byId, request).accountAddress, carol.address);
  const bytes = parseBech32(bob.address)?.bytes ?? none;
  t.equal(
    chain.ask(
      `${query}/AddressBytesToString`,
      { request: auth.AddressBytesToStringRequest, response: auth.AddressBytesToStringResponse },
      { addressBytes: bytes },
    ).addressString,
    bob.address,
  );
  t.same(
    chain.ask(
      `${query}/AddressStringToBytes`,
      { request: auth.AddressStringToBytesRequest, response: auth.AddressStringToBytesResponse },
      { addressString: bob.address },
    ).addressBytes,
    bytes,
  );
  t.equal(
    chain.ask(
      `${query}/Bech32Prefix`,
      { request: auth.Bech32PrefixRequest, response: auth.Bech32PrefixResponse },
      {},
    ).bech32Prefix,
    "gonka",
  );
});

t.test("bank answers about balances, supply, owners and metadata, page by page", async (t) => {
  const state = appState({
    edit: (s) => {
      const balances = (s.bank as { balances: { coins: unknown[] }[] }).balances;
      balances[0]?.coins.unshift({ denom: "aaa", amount: "5" }, { denom: "bbb", amount: "7" });
      balances[1]?.coins.unshift({ denom: "aaa", amount: "6" });
    },
  });
  const chain = await AppChain.start({ state });
  await chain.block();
  const query = "/cosmos.bank.v1beta1.Query";
  const balances = {
    request: bank.QueryAllBalancesRequest,
    response: bank.QueryAllBalancesResponse,
  };
  const list = (pagination: Partial<PageRequest>) =>
    chain.ask(`${query}/AllBalances`, balances, {
      address: alice.address,
      resolveDenom: false,
      pagination: PageRequest.fromPartial(pagination),
    });
  const denoms = (page: { balances: { denom: string }[] }) =>
    page.balances.map(({ denom }) => denom);
  t.same(denoms(list({})), ["aaa", "bbb", "ngonka"], "sorted by denomination");
  t.equal(list({}).pagination?.total, 3n);
  t.same(denoms(list({ reverse: true, limit: 2n })), ["ngonka", "bbb"]);
  t.same(denoms(list({ offset: 1n, limit: 1n })), ["bbb"]);
  const [forward, backward] = [list({ limit: 1n }), list({ limit: 1n, reverse: true })];
  t.equal(fromUtf8(forward.pagination?.nextKey ?? none), "bbb");
  t.same(denoms(list({ key: forward.pagination?.nextKey ?? none })), ["bbb", "ngonka"]);
  const next = { key: backward.pagination?.nextKey ?? none, reverse: true };
  t.same(denoms(list(next)), ["bbb", "aaa"], "the key of a page is its first item");
  t.throws(
    () => list({ offset: 1n, key: utf8("x") }),
    /either offset or key is expected, got both/,
  );
  const supply = { request: bank.QueryTotalSupplyRequest, response: bank.QueryTotalSupplyResponse };
  t.same(chain.ask(`${query}/TotalSupply`, supply, {}).supply, [
    { denom: "aaa", amount: "11" },
    { denom: "bbb", amount: "7" },
    { denom: "ngonka", amount: String(4n * startBalance) },
  ]);
  const owners = { request: bank.QueryDenomOwnersRequest, response: bank.QueryDenomOwnersResponse };
  const held = chain.ask(`${query}/DenomOwners`, owners, { denom: "aaa" }).denomOwners;
  t.same(held.map(({ address }) => address).sort(), [alice.address, bob.address].sort());
  const metadata = {
    request: bank.QueryDenomMetadataRequest,
    response: bank.QueryDenomMetadataResponse,
  };
  t.match(chain.ask(`${query}/DenomMetadata`, metadata, { denom: "ngonka" }).metadata, {
    symbol: "GNK",
  });
  t.throws(
    () => chain.ask(`${query}/DenomMetadata`, metadata, { denom: "aaa" }),
    /code = NotFound/,
  );
});

t.test("the consensus parameters are those of the engine", async (t) => {
  const chain = await AppChain.start({ maxGas: 77_000_000n });
  await chain.block();
  const types = { request: consensus.QueryParamsRequest, response: consensus.QueryParamsResponse };
  const { params } = chain.ask("/cosmos.consensus.v1.Query/Params", types, {});
  t.equal(params?.block?.maxGas, 77_000_000n);
});

t.test(`${byteStrings} queries: an answer or a code, never "internal error"`, async (t) => {
  const noise = new Noise(t, 12);
  const chain = await AppChain.start();
  await chain.block([sendTx(0n)]);
  const stores = ["bank", "acc", "nothing"].flatMap((name) => [
    `/store/${name}/key`,
    `/store/${name}/subspace`,
  ]);
  const others = ["/app/simulate", "/app/version", "/p2p/filter/id/x", "/", ""];
  const methods = chain.app.registry.queries.map(({ path }) => path);
  const datas = [balanceOfBob, sendTx(1n), balanceKey(new Uint8Array(20), "ngonka")];
  const codes = new Map<string, number>();
  for (let i = 0; i < byteStrings; i++) {
    const whole = noise.pick([noise.pick(methods), noise.pick(stores), noise.pick(others)]);
    const path = noise.below(4) > 0 ? whole : Buffer.from(noise.damaged(utf8(whole))).toString();
    const data = noise.below(4) === 0 ? noise.pick(datas) : noise.like(datas);
    const height = noise.pick([0n, 0n, 0n, 1n, 2n, -1n, 1n << 63n]);
    const answer = chain.app.query({ path, data, height, prove: noise.below(2) === 0 });
    const code = `${answer.codespace} ${answer.code}`;
    codes.set(code, (codes.get(code) ?? 0) + 1);
    if (answer.codespace === "undefined" || answer.log === "internal error") {
      t.fail(`SEED=${noise.seed}: ${path} ${toHex(data)} at ${height}: ${code} ${answer.log}`);
    }
  }
  t.ok((codes.get(" 0") ?? 0) > 500 && codes.size > 6, JSON.stringify([...codes]));
});
