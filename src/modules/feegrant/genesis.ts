/** app_state.feegrant, in the SDK's JSON. */
import { GenesisValue } from "../genesis-json.ts";
import { refusedAt } from "../genesis-proto.ts";
import type { Context } from "../module.ts";
import { checkAllowance, readAllowance } from "./allowance.ts";
import { allowanceJson, readAllowanceJson } from "./allowance-json.ts";
import type { FeegrantKeeper } from "./keeper.ts";

/** Reads the state; a document without it has no grants. */
export function initFeegrantGenesis(feegrant: FeegrantKeeper, ctx: Context, state: unknown): void {
  const { addresses } = feegrant;
  const json = new GenesisValue(state ?? {}, "app_state.feegrant");
  for (const entry of json.at("allowances").list()) {
    const address = (name: string) =>
      refusedAt(entry.at(name), () => addresses.parse(entry.at(name).text()));
    const parties = { granter: address("granter"), grantee: address("grantee") };
    if (feegrant.get(ctx, parties)) throw entry.error("comes twice");
    const place = entry.at("allowance");
    const allowance = readAllowanceJson(place);
    refusedAt(place, () => checkAllowance(allowance));
    feegrant.restore(ctx, parties, allowance);
  }
}

/** The inverse of initFeegrantGenesis. */
export function exportFeegrantGenesis(feegrant: FeegrantKeeper, ctx: Context): unknown {
  const allowances = [...feegrant.all(ctx)].map(({ granter, grantee, allowance }) => {
    if (!allowance) throw new Error(`the stored grant of ${granter} has no allowance`);
    const read = readAllowance(feegrant.anyTypes, allowance);
    return { granter, grantee, allowance: allowanceJson(read) };
  });
  return { allowances };
}
