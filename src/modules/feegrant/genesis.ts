/** app_state.feegrant. An allowance is {"@type", "value": base64 of the message}. */
import { parseBase64, toBase64 } from "../../encoding/bytes.ts";
import { GenesisValue } from "../genesis-json.ts";
import { refusedAt } from "../genesis-proto.ts";
import type { Context } from "../module.ts";
import { checkAllowance, readAllowance } from "./allowance.ts";
import type { FeegrantKeeper } from "./keeper.ts";

/** Reads the state; a document without it has no grants. */
export function initFeegrantGenesis(feegrant: FeegrantKeeper, ctx: Context, state: unknown): void {
  const { addresses, anyTypes } = feegrant;
  const json = new GenesisValue(state ?? {}, "app_state.feegrant");
  for (const entry of json.at("allowances").list()) {
    const address = (name: string) =>
      refusedAt(entry.at(name), () => addresses.parse(entry.at(name).text()));
    const parties = { granter: address("granter"), grantee: address("grantee") };
    if (feegrant.get(ctx, parties)) throw entry.error("comes twice");
    const place = entry.at("allowance");
    const value = parseBase64(place.at("value").text());
    if (!value) throw place.at("value").error("must be base64");
    const allowance = refusedAt(place, () => {
      const read = readAllowance(anyTypes, { typeUrl: place.at("@type").text(), value });
      checkAllowance(read);
      return read;
    });
    feegrant.restore(ctx, parties, allowance);
  }
}

/** The inverse of initFeegrantGenesis. */
export function exportFeegrantGenesis(feegrant: FeegrantKeeper, ctx: Context): unknown {
  const allowances = [...feegrant.all(ctx)].map(({ granter, grantee, allowance }) => {
    if (!allowance) throw new Error(`the stored grant of ${granter} has no allowance`);
    const { typeUrl, value } = allowance;
    return { granter, grantee, allowance: { "@type": typeUrl, value: toBase64(value) } };
  });
  return { allowances };
}
