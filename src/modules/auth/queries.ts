/** cosmos.auth.v1beta1.Query. spec/modules/auth.md lists the methods and their REST paths. */
import * as auth from "cosmjs-types/cosmos/auth/v1beta1/query";
import { sdkErrors } from "../errors.ts";
import { type Context, type QueryHandler, queryHandler } from "../module.ts";
import { paginate } from "../pagination.ts";
import { type Account, accountToAny, decodeAccount } from "./account.ts";
import type { AccountKeeper } from "./keeper.ts";

const service = "/cosmos.auth.v1beta1.Query";
const rest = "/cosmos/auth/v1beta1";
const get = (path: string) => [{ method: "GET", path: `${rest}${path}` } as const];

export function authQueries(accounts: AccountKeeper): readonly QueryHandler[] {
  return [
    ...accountQueries(accounts),
    ...moduleAccountQueries(accounts),
    ...addressQueries(accounts),
    queryHandler<auth.QueryParamsRequest, auth.QueryParamsResponse>({
      path: `${service}/Params`,
      request: auth.QueryParamsRequest,
      response: auth.QueryParamsResponse,
      http: get("/params"),
      handle: (ctx) => ({ params: accounts.params.get(ctx) }),
    }),
  ];
}

function accountQueries(accounts: AccountKeeper): readonly QueryHandler[] {
  const { addresses } = accounts;
  const find = (ctx: Context, text: string): Account => {
    if (text === "") throw sdkErrors.invalidRequest("Address cannot be empty");
    const account = accounts.get(ctx, addresses.parse(text));
    if (!account) throw sdkErrors.notFound(`account ${text} not found`);
    return account;
  };
  return [
    queryHandler<auth.QueryAccountRequest, auth.QueryAccountResponse>({
      path: `${service}/Account`,
      request: auth.QueryAccountRequest,
      response: auth.QueryAccountResponse,
      http: get("/accounts/{address}"),
      handle: (ctx, { address }) => ({ account: accountToAny(addresses, find(ctx, address)) }),
    }),
    queryHandler<auth.QueryAccountInfoRequest, auth.QueryAccountInfoResponse>({
      path: `${service}/AccountInfo`,
      request: auth.QueryAccountInfoRequest,
      response: auth.QueryAccountInfoResponse,
      http: get("/account_info/{address}"),
      handle: (ctx, { address }) => {
        const { number, sequence, pubKey } = find(ctx, address);
        const info = { address, accountNumber: number, sequence };
        return { info: pubKey ? { ...info, pubKey } : info };
      },
    }),
    queryHandler<auth.QueryAccountsRequest, auth.QueryAccountsResponse>({
      path: `${service}/Accounts`,
      request: auth.QueryAccountsRequest,
      response: auth.QueryAccountsResponse,
      http: get("/accounts"),
      handle: (ctx, request) => {
        const item = (_: Uint8Array, value: Uint8Array) =>
          accountToAny(addresses, decodeAccount(addresses, value));
        const page = paginate({ ...accounts.list(ctx), item }, request.pagination);
        return { accounts: page.items, pagination: page.pagination };
      },
    }),
    queryHandler<auth.QueryAccountAddressByIDRequest, auth.QueryAccountAddressByIDResponse>({
      path: `${service}/AccountAddressByID`,
      request: auth.QueryAccountAddressByIDRequest,
      response: auth.QueryAccountAddressByIDResponse,
      http: get("/address_by_id/{id}"),
      handle: (ctx, { id, accountId }) => {
        const number = accountId === 0n ? id : accountId;
        const address = number < 0n ? undefined : accounts.addressOf(ctx, number);
        if (!address) throw sdkErrors.notFound(`account address not found with id ${number}`);
        return { accountAddress: addresses.text(address) };
      },
    }),
  ];
}

function moduleAccountQueries(accounts: AccountKeeper): readonly QueryHandler[] {
  const find = (ctx: Context, name: string) => {
    const address = accounts.moduleAddress(name);
    const account = address && accounts.get(ctx, address);
    if (!account) throw sdkErrors.notFound(`account ${name} not found`);
    return accountToAny(accounts.addresses, account);
  };
  return [
    queryHandler<auth.QueryModuleAccountsRequest, auth.QueryModuleAccountsResponse>({
      path: `${service}/ModuleAccounts`,
      request: auth.QueryModuleAccountsRequest,
      response: auth.QueryModuleAccountsResponse,
      http: get("/module_accounts"),
      handle: (ctx) => {
        const names = accounts.moduleAccounts.map((spec) => spec.name).sort();
        return { accounts: names.map((name) => find(ctx, name)) };
      },
    }),
    queryHandler<auth.QueryModuleAccountByNameRequest, auth.QueryModuleAccountByNameResponse>({
      path: `${service}/ModuleAccountByName`,
      request: auth.QueryModuleAccountByNameRequest,
      response: auth.QueryModuleAccountByNameResponse,
      http: get("/module_accounts/{name}"),
      handle: (ctx, { name }) => {
        if (name === "") throw sdkErrors.invalidRequest("module name is empty");
        return { account: find(ctx, name) };
      },
    }),
  ];
}

function addressQueries({ addresses }: AccountKeeper): readonly QueryHandler[] {
  return [
    queryHandler<auth.Bech32PrefixRequest, auth.Bech32PrefixResponse>({
      path: `${service}/Bech32Prefix`,
      request: auth.Bech32PrefixRequest,
      response: auth.Bech32PrefixResponse,
      http: get("/bech32"),
      handle: () => ({ bech32Prefix: addresses.prefix }),
    }),
    queryHandler<auth.AddressBytesToStringRequest, auth.AddressBytesToStringResponse>({
      path: `${service}/AddressBytesToString`,
      request: auth.AddressBytesToStringRequest,
      response: auth.AddressBytesToStringResponse,
      http: [], // The SDK's path for it is that of AddressStringToBytes, which wins.
      handle: (_, { addressBytes }) => {
        if (addressBytes.length === 0 || addressBytes.length > 255) {
          throw sdkErrors.invalidRequest("address bytes must be 1 to 255");
        }
        return { addressString: addresses.text(addressBytes) };
      },
    }),
    queryHandler<auth.AddressStringToBytesRequest, auth.AddressStringToBytesResponse>({
      path: `${service}/AddressStringToBytes`,
      request: auth.AddressStringToBytesRequest,
      response: auth.AddressStringToBytesResponse,
      http: get("/bech32/{address_string}"),
      handle: (_, { addressString }) => ({ addressBytes: addresses.parse(addressString) }),
    }),
  ];
}
