/** app_state.auth: parameters and accounts, in the SDK's JSON. */
import { BaseAccount, ModuleAccount, type Params } from "cosmjs-types/cosmos/auth/v1beta1/auth";
import { toHex } from "../../encoding/bytes.ts";
import { formatTime, parseTime, toNanos } from "../../encoding/time.ts";
import { moduleAddress } from "../addresses.ts";
import { GenesisValue } from "../genesis-json.ts";
import type { Context } from "../module.ts";
import type { Account } from "./account.ts";
import type { AccountKeeper } from "./keeper.ts";
import { checkAuthParams } from "./params.ts";
import { pubKeyFromJson, pubKeyToJson } from "./pub-keys.ts";
import { readVesting, vestingTypeUrls, writeVesting } from "./vesting/vesting-json.ts";

const path = "app_state.auth";

/**
 * Reads the state. Accounts keep their numbers unless a number comes twice (tools write 0 for all
 * of them): the later one, in the document's order, then gets the lowest free number.
 */
export function initAuthGenesis(accounts: AccountKeeper, ctx: Context, state: unknown): void {
  const json = new GenesisValue(state, path);
  accounts.params.init(ctx, readParams(json.at("params")));
  const scheduled = json.at("scheduled_params");
  if (scheduled.isPresent) accounts.params.schedule(ctx, readParams(scheduled));
  const known = new Set<string>();
  const read = json
    .at("accounts")
    .list()
    .map((value) => readAccount(accounts, value, known));
  const byNumber = read.sort((a, b) => (a.number < b.number ? -1 : a.number > b.number ? 1 : 0));
  const taken = new Set(byNumber.map((account) => account.number));
  let [free, last]: [bigint, bigint | undefined] = [0n, undefined];
  for (const account of byNumber) {
    const isTaken = account.number === last;
    if (isTaken) while (taken.has(free)) free++;
    const number = isTaken ? free : account.number;
    taken.add(number);
    last = account.number;
    accounts.restore(ctx, { ...account, number });
  }
  initNonces(accounts, ctx, json.at("unordered_nonces"));
  for (const spec of accounts.moduleAccounts) {
    const address = moduleAddress(spec.name);
    if (!accounts.has(ctx, address)) accounts.create(ctx, address, spec);
  }
}

/** Unordered transactions of the last minutes, so that none can be used again. */
function initNonces(accounts: AccountKeeper, ctx: Context, nonces: GenesisValue): void {
  for (const entry of nonces.list()) {
    const address = readAddress(accounts, entry.at("address"));
    const timeout = parseTime(entry.at("timeout").text());
    if (!timeout || timeout.seconds < 0n || toNanos(timeout) >= 1n << 63n) {
      throw entry.at("timeout").error("must be a time from 1970 to 2262");
    }
    accounts.nonces.tryAdd(ctx, { address, timeout });
  }
}

function writeNonces(accounts: AccountKeeper, ctx: Context): unknown {
  return [...accounts.nonces.all(ctx)].map(({ address, timeout }) => ({
    address: accounts.addresses.text(address),
    timeout: formatTime(timeout),
  }));
}

/** The inverse of initAuthGenesis; accounts in the order of their numbers. */
export function exportAuthGenesis(accounts: AccountKeeper, ctx: Context): unknown {
  const all = [...accounts.all(ctx)].sort((a, b) => (a.number < b.number ? -1 : 1));
  const scheduled = accounts.params.scheduled(ctx);
  return {
    params: writeParams(accounts.params.get(ctx)),
    ...(scheduled && { scheduled_params: writeParams(scheduled) }),
    accounts: all.map((account) => writeAccount(accounts, account)),
    unordered_nonces: writeNonces(accounts, ctx),
  };
}

function readParams(json: GenesisValue): Params {
  const params: Params = {
    maxMemoCharacters: json.at("max_memo_characters").uint64(),
    txSigLimit: json.at("tx_sig_limit").uint64(),
    txSizeCostPerByte: json.at("tx_size_cost_per_byte").uint64(),
    sigVerifyCostEd25519: json.at("sig_verify_cost_ed25519").uint64(),
    sigVerifyCostSecp256k1: json.at("sig_verify_cost_secp256k1").uint64(),
  };
  const bad = checkAuthParams(params);
  if (bad !== undefined) throw json.error(bad);
  return params;
}

/** The parameters in the SDK's JSON. */
function writeParams(params: Params): unknown {
  return {
    max_memo_characters: String(params.maxMemoCharacters),
    tx_sig_limit: String(params.txSigLimit),
    tx_size_cost_per_byte: String(params.txSizeCostPerByte),
    sig_verify_cost_ed25519: String(params.sigVerifyCostEd25519),
    sig_verify_cost_secp256k1: String(params.sigVerifyCostSecp256k1),
  };
}

function readAccount(accounts: AccountKeeper, json: GenesisValue, known: Set<string>): Account {
  const type = json.at("@type").text();
  const isModule = type === ModuleAccount.typeUrl;
  const isVesting = vestingTypeUrls.includes(type);
  if (type !== BaseAccount.typeUrl && !isModule && !isVesting) {
    const others = vestingTypeUrls.join(", ");
    const known = `${BaseAccount.typeUrl}, ${ModuleAccount.typeUrl} or one of ${others}`;
    throw json.at("@type").error(`must be ${known}`);
  }
  const holder = isVesting ? json.at("base_vesting_account") : json;
  const base = isModule || isVesting ? holder.at("base_account") : json;
  const address = readAddress(accounts, base.at("address"));
  if (known.has(toHex(address))) throw base.at("address").error("comes twice");
  known.add(toHex(address));
  if (isVesting && isModuleAddress(accounts, address)) {
    throw base.at("address").error("is a module's account, whose coins cannot be locked");
  }
  const pubKey = base.at("pub_key");
  return {
    address,
    number: base.at("account_number").uint64(),
    sequence: base.at("sequence").uint64(),
    pubKey: pubKey.isPresent ? pubKeyFromJson(pubKey) : undefined,
    module: isModule ? readModule(accounts, json, address) : undefined,
    vesting: isVesting ? readVesting(type, json) : undefined,
  };
}

function isModuleAddress(accounts: AccountKeeper, address: Uint8Array): boolean {
  return accounts.moduleAccounts.some(({ name }) => toHex(moduleAddress(name)) === toHex(address));
}

function readAddress(accounts: AccountKeeper, json: GenesisValue): Uint8Array {
  try {
    return accounts.addresses.parse(json.text());
  } catch (error) {
    throw json.error(error instanceof Error ? error.message : String(error));
  }
}

function readModule(accounts: AccountKeeper, json: GenesisValue, address: Uint8Array) {
  const name = json.at("name").text();
  const own = accounts.moduleAddress(name);
  if (!own) throw json.at("name").error("no module of this chain has such an account");
  if (toHex(own) !== toHex(address)) {
    throw json.at("base_account").error(`must be ${accounts.addresses.text(own)}`);
  }
  const permissions = json
    .at("permissions")
    .list()
    .map((permission) => permission.text());
  return { name, permissions };
}

function writeAccount(accounts: AccountKeeper, account: Account): unknown {
  const base = {
    address: accounts.addresses.text(account.address),
    pub_key: account.pubKey ? pubKeyToJson(account.pubKey) : null,
    account_number: String(account.number),
    sequence: String(account.sequence),
  };
  if (account.vesting) return writeVesting(account.vesting, base);
  if (!account.module) return { "@type": BaseAccount.typeUrl, ...base };
  const { name, permissions } = account.module;
  return { "@type": ModuleAccount.typeUrl, base_account: base, name, permissions };
}
