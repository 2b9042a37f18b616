/** app_state.bank, in the SDK's JSON. */
import type { Metadata, Params } from "cosmjs-types/cosmos/bank/v1beta1/bank";
import { fromUtf8, toHex } from "../../encoding/bytes.ts";
import {
  addCoins,
  type Coin,
  formatCoins,
  isValidDenom,
  toProtoCoins,
} from "../../encoding/coins.ts";
import { prefixRange } from "../../store/kv.ts";
import { GenesisValue } from "../genesis-json.ts";
import type { Context } from "../module.ts";
import { checkMetadata } from "./checks.ts";
import { amountFrom, type BankKeeper } from "./keeper.ts";
import { balancePrefix, metadataPrefix, readBalanceKey, sendEnabledPrefix } from "./keys.ts";

/** Reads the state. A supply that is given must equal the sum of the balances. */
export function initBankGenesis(bank: BankKeeper, ctx: Context, state: unknown): void {
  const json = new GenesisValue(state, "app_state.bank");
  bank.params.init(ctx, readParams(json.at("params")));
  const scheduled = json.at("scheduled_params");
  if (scheduled.isPresent) bank.params.schedule(ctx, readParams(scheduled));
  const total = initBalances(bank, ctx, json.at("balances"));
  const supply = json.at("supply").coins();
  if (supply.length > 0 && formatCoins(supply) !== formatCoins(total)) {
    throw json.at("supply").error(`the balances sum up to ${formatCoins(total)}`);
  }
  for (const entry of json.at("denom_metadata").list()) bank.setMetadata(ctx, readMetadata(entry));
  for (const entry of json.at("send_enabled").list()) {
    const denom = entry.at("denom").text();
    if (!isValidDenom(denom)) throw entry.at("denom").error("is no denom");
    bank.setSendEnabled(ctx, denom, entry.at("enabled").boolean());
  }
}

function readParams(json: GenesisValue): Params {
  if (json.at("send_enabled").list().length > 0) {
    throw json.at("send_enabled").error("move these entries to app_state.bank.send_enabled");
  }
  return { sendEnabled: [], defaultSendEnabled: json.at("default_send_enabled").boolean() };
}

function writeParams({ defaultSendEnabled }: Params): unknown {
  return { send_enabled: [], default_send_enabled: defaultSendEnabled };
}

function initBalances(bank: BankKeeper, ctx: Context, balances: GenesisValue): Coin[] {
  const seen = new Set<string>();
  let total: Coin[] = [];
  for (const entry of balances.list()) {
    const address = entry.at("address");
    let owner: Uint8Array;
    try {
      owner = bank.addresses.parse(address.text());
    } catch (error) {
      throw address.error(error instanceof Error ? error.message : String(error));
    }
    if (seen.has(toHex(owner))) throw address.error("comes twice: join its coins");
    seen.add(toHex(owner));
    const coins = entry.at("coins").coins();
    for (const coin of coins) bank.restore(ctx, owner, coin);
    total = addCoins(total, coins);
  }
  return total;
}

/** The inverse of initBankGenesis. */
export function exportBankGenesis(bank: BankKeeper, ctx: Context): unknown {
  const kv = bank.kv(ctx);
  const balances = new Map<string, Coin[]>();
  for (const [key, value] of kv.iterate(prefixRange(balancePrefix))) {
    const { owner, denom } = readBalanceKey(key.subarray(1));
    const address = bank.addresses.text(owner);
    const coins = balances.get(address) ?? [];
    balances.set(address, [...coins, { denom, amount: amountFrom(value) }]);
  }
  const metadata = [...kv.iterate(prefixRange(metadataPrefix))].map(([key]) =>
    bank.metadata(ctx, fromUtf8(key.subarray(1))),
  );
  const scheduled = bank.params.scheduled(ctx);
  return {
    params: writeParams(bank.params.get(ctx)),
    ...(scheduled && { scheduled_params: writeParams(scheduled) }),
    balances: [...balances].map(([address, coins]) => ({ address, coins: toProtoCoins(coins) })),
    supply: toProtoCoins([...balances.values()].reduce(addCoins, [])),
    denom_metadata: metadata.flatMap((entry) => (entry ? [writeMetadata(entry)] : [])),
    send_enabled: [...kv.iterate(prefixRange(sendEnabledPrefix))].map(([key, value]) => ({
      denom: fromUtf8(key.subarray(1)),
      enabled: value[0] === 1,
    })),
  };
}

function readMetadata(json: GenesisValue): Metadata {
  const optional = (name: string) => (json.at(name).isPresent ? json.at(name).text() : "");
  const metadata: Metadata = {
    description: optional("description"),
    denomUnits: json
      .at("denom_units")
      .list()
      .map((unit) => ({
        denom: unit.at("denom").text(),
        exponent: Number(unit.at("exponent").uint64()),
        aliases: unit
          .at("aliases")
          .list()
          .map((alias) => alias.text()),
      })),
    base: json.at("base").text(),
    display: json.at("display").text(),
    name: optional("name"),
    symbol: optional("symbol"),
    uri: optional("uri"),
    uriHash: optional("uri_hash"),
  };
  const bad = checkMetadata(metadata);
  if (bad !== undefined) throw json.error(bad);
  return metadata;
}

function writeMetadata({ denomUnits, uriHash, ...rest }: Metadata): unknown {
  return { ...rest, denom_units: denomUnits, uri_hash: uriHash };
}
