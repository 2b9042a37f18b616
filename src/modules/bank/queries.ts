/** cosmos.bank.v1beta1.Query. spec/modules/bank.md lists the methods and their REST paths. */

import * as bankTypes from "cosmjs-types/cosmos/bank/v1beta1/bank";
import * as q from "cosmjs-types/cosmos/bank/v1beta1/query";
import type { PageRequest } from "cosmjs-types/cosmos/base/query/v1beta1/pagination";
import { fromUtf8 } from "../../encoding/bytes.ts";
import { type Coin, isValidDenom, toProtoCoins } from "../../encoding/coins.ts";
import { sdkErrors } from "../errors.ts";
import { type Context, type QueryHandler, queryHandler } from "../module.ts";
import { paginate } from "../pagination.ts";
import { amountFrom, type BankKeeper } from "./keeper.ts";
import * as keys from "./keys.ts";

const service = "/cosmos.bank.v1beta1.Query";
const rest = "/cosmos/bank/v1beta1";
const get = (path: string) => [{ method: "GET", path: `${rest}${path}` } as const];

export function bankQueries(bank: BankKeeper): readonly QueryHandler[] {
  return [
    ...balanceQueries(bank),
    ...supplyQueries(bank),
    ...ownerQueries(bank),
    ...metadataQueries(bank),
    queryHandler<q.QueryParamsRequest, q.QueryParamsResponse>({
      path: `${service}/Params`,
      request: q.QueryParamsRequest,
      response: q.QueryParamsResponse,
      http: get("/params"),
      handle: (ctx) => ({ params: bank.params.get(ctx) }),
    }),
    queryHandler<q.QuerySendEnabledRequest, q.QuerySendEnabledResponse>({
      path: `${service}/SendEnabled`,
      request: q.QuerySendEnabledRequest,
      response: q.QuerySendEnabledResponse,
      http: get("/send_enabled"),
      handle: (ctx, { denoms, pagination }) => sendEnabled(bank, ctx, denoms, pagination),
    }),
  ];
}

function sendEnabled(
  bank: BankKeeper,
  ctx: Context,
  denoms: readonly string[],
  pagination: PageRequest | undefined,
): q.QuerySendEnabledResponse {
  if (denoms.length > 0) {
    const found = denoms.flatMap((denom) => {
      const enabled = bank.sendEnabled(ctx, denom);
      return enabled === undefined ? [] : [{ denom, enabled }];
    });
    return { sendEnabled: found };
  }
  const item = (key: Uint8Array, value: Uint8Array) => ({
    denom: fromUtf8(key),
    enabled: value[0] === 1,
  });
  const list = { store: bank.kv(ctx), prefix: keys.sendEnabledPrefix, item };
  const page = paginate(list, pagination);
  return { sendEnabled: page.items, pagination: page.pagination };
}

function balanceQueries(bank: BankKeeper): readonly QueryHandler[] {
  const one = (ctx: Context, { address, denom }: q.QueryBalanceRequest) => {
    const owner = bank.addresses.parse(address);
    if (!isValidDenom(denom)) throw sdkErrors.invalidRequest(`invalid denom: ${denom}`);
    return { balance: { denom, amount: String(bank.balance(ctx, owner, denom)) } };
  };
  const all = (
    ctx: Context,
    { address, pagination }: Pick<q.QueryAllBalancesRequest, "address" | "pagination">,
    shown: (coin: Coin) => Coin,
  ) => {
    const prefix = keys.ownedPrefix(bank.addresses.parse(address));
    const page = paginate({ store: bank.kv(ctx), prefix, item: readCoin }, pagination);
    return { balances: toProtoCoins(page.items.map(shown)), pagination: page.pagination };
  };
  const display = (ctx: Context) => (coin: Coin) => {
    const metadata = bank.metadata(ctx, coin.denom);
    return metadata ? { ...coin, denom: metadata.display } : coin;
  };
  return [
    queryHandler<q.QueryBalanceRequest, q.QueryBalanceResponse>({
      path: `${service}/Balance`,
      request: q.QueryBalanceRequest,
      response: q.QueryBalanceResponse,
      http: get("/balances/{address}/by_denom"),
      handle: one,
    }),
    queryHandler<q.QueryAllBalancesRequest, q.QueryAllBalancesResponse>({
      path: `${service}/AllBalances`,
      request: q.QueryAllBalancesRequest,
      response: q.QueryAllBalancesResponse,
      http: get("/balances/{address}"),
      handle: (ctx, request) => all(ctx, request, request.resolveDenom ? display(ctx) : same),
    }),
    queryHandler<q.QuerySpendableBalancesRequest, q.QuerySpendableBalancesResponse>({
      path: `${service}/SpendableBalances`,
      request: q.QuerySpendableBalancesRequest,
      response: q.QuerySpendableBalancesResponse,
      http: get("/spendable_balances/{address}"),
      handle: (ctx, request) => all(ctx, request, unlocked(bank, ctx, request.address)),
    }),
    queryHandler<q.QuerySpendableBalanceByDenomRequest, q.QuerySpendableBalanceByDenomResponse>({
      path: `${service}/SpendableBalanceByDenom`,
      request: q.QuerySpendableBalanceByDenomRequest,
      response: q.QuerySpendableBalanceByDenomResponse,
      http: get("/spendable_balances/{address}/by_denom"),
      handle: (ctx, request) => {
        const { denom, amount } = one(ctx, request).balance;
        const spendable = unlocked(bank, ctx, request.address)({ denom, amount: BigInt(amount) });
        return { balance: { denom, amount: String(spendable.amount) } };
      },
    }),
  ];
}

const same = (coin: Coin): Coin => coin;

/** Makes of each balance of an account what of it may be spent now. */
function unlocked(bank: BankKeeper, ctx: Context, address: string): (coin: Coin) => Coin {
  const locks = bank.locked(ctx, bank.addresses.parse(address));
  return ({ denom, amount }) => {
    const locked = locks.find((coin) => coin.denom === denom)?.amount ?? 0n;
    return { denom, amount: amount > locked ? amount - locked : 0n };
  };
}

function supplyQueries(bank: BankKeeper): readonly QueryHandler[] {
  return [
    queryHandler<q.QueryTotalSupplyRequest, q.QueryTotalSupplyResponse>({
      path: `${service}/TotalSupply`,
      request: q.QueryTotalSupplyRequest,
      response: q.QueryTotalSupplyResponse,
      http: get("/supply"),
      handle: (ctx, { pagination }) => {
        const list = { store: bank.kv(ctx), prefix: keys.supplyPrefix, item: readCoin };
        const page = paginate(list, pagination);
        return { supply: toProtoCoins(page.items), pagination: page.pagination };
      },
    }),
    queryHandler<q.QuerySupplyOfRequest, q.QuerySupplyOfResponse>({
      path: `${service}/SupplyOf`,
      request: q.QuerySupplyOfRequest,
      response: q.QuerySupplyOfResponse,
      http: get("/supply/by_denom"),
      handle: (ctx, { denom }) => {
        if (!isValidDenom(denom)) throw sdkErrors.invalidRequest(`invalid denom: ${denom}`);
        return { amount: { denom, amount: String(bank.supply(ctx, denom)) } };
      },
    }),
  ];
}

function ownerQueries(bank: BankKeeper): readonly QueryHandler[] {
  const owners = (ctx: Context, { denom, pagination }: q.QueryDenomOwnersRequest) => {
    if (!isValidDenom(denom)) throw sdkErrors.invalidRequest(`invalid denom: ${denom}`);
    const item = (key: Uint8Array) => {
      const owner = key.slice(1);
      const balance = { denom, amount: String(bank.balance(ctx, owner, denom)) };
      return { address: bank.addresses.text(owner), balance };
    };
    const page = paginate(
      { store: bank.kv(ctx), prefix: keys.ownersPrefix(denom), item },
      pagination,
    );
    return { denomOwners: page.items, pagination: page.pagination };
  };
  return [
    queryHandler<q.QueryDenomOwnersRequest, q.QueryDenomOwnersResponse>({
      path: `${service}/DenomOwners`,
      request: q.QueryDenomOwnersRequest,
      response: q.QueryDenomOwnersResponse,
      http: get("/denom_owners/{denom}"),
      handle: owners,
    }),
    queryHandler<q.QueryDenomOwnersByQueryRequest, q.QueryDenomOwnersByQueryResponse>({
      path: `${service}/DenomOwnersByQuery`,
      request: q.QueryDenomOwnersByQueryRequest,
      response: q.QueryDenomOwnersByQueryResponse,
      http: get("/denom_owners_by_query"),
      handle: owners,
    }),
  ];
}

function metadataQueries(bank: BankKeeper): readonly QueryHandler[] {
  const find = (ctx: Context, { denom }: q.QueryDenomMetadataRequest) => {
    if (!isValidDenom(denom)) throw sdkErrors.invalidRequest(`invalid denom: ${denom}`);
    const metadata = bank.metadata(ctx, denom);
    if (!metadata) throw sdkErrors.notFound(`client metadata for denom ${denom}`);
    return { metadata };
  };
  return [
    queryHandler<q.QueryDenomsMetadataRequest, q.QueryDenomsMetadataResponse>({
      path: `${service}/DenomsMetadata`,
      request: q.QueryDenomsMetadataRequest,
      response: q.QueryDenomsMetadataResponse,
      http: get("/denoms_metadata"),
      handle: (ctx, { pagination }) => {
        const item = (_: Uint8Array, value: Uint8Array) => bankTypes.Metadata.decode(value);
        const list = { store: bank.kv(ctx), prefix: keys.metadataPrefix, item };
        const page = paginate(list, pagination);
        return { metadatas: page.items, pagination: page.pagination };
      },
    }),
    queryHandler<q.QueryDenomMetadataRequest, q.QueryDenomMetadataResponse>({
      path: `${service}/DenomMetadata`,
      request: q.QueryDenomMetadataRequest,
      response: q.QueryDenomMetadataResponse,
      http: get("/denoms_metadata/{denom}"),
      handle: find,
    }),
    queryHandler<
      q.QueryDenomMetadataByQueryStringRequest,
      q.QueryDenomMetadataByQueryStringResponse
    >({
      path: `${service}/DenomMetadataByQueryString`,
      request: q.QueryDenomMetadataByQueryStringRequest,
      response: q.QueryDenomMetadataByQueryStringResponse,
      http: get("/denoms_metadata_by_query_string"),
      handle: find,
    }),
  ];
}

function readCoin(key: Uint8Array, value: Uint8Array): Coin {
  return { denom: fromUtf8(key), amount: amountFrom(value) };
}
