/** A request for every method of the table: fields by name, so that most methods find something. */
import { Tx } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import type { Route } from "../../src/api/router.ts";
import { toBase64, toUpperHex } from "../../src/encoding/bytes.ts";
import { txHash } from "../../src/types/tx.ts";
import { alice } from "./app-chain.ts";

/** Fields that hold the address of an account. */
export const addressFields: readonly string[] = [
  ...["address", "address_string", "operator", "voter", "depositor", "granter", "grantee"],
  ...["delegator_addr", "delegator_address"],
];

/** Values for fields, by snake_case name; 1 for any other number in a path. */
export function sampleFields(tx: Uint8Array): Readonly<Record<string, string>> {
  return {
    ...Object.fromEntries(addressFields.map((name) => [name, alice.address])),
    address_bytes: toBase64(new Uint8Array(20)),
    denom: "ngonka",
    name: "gov",
    params_type: "voting",
    model_id: "none",
    hash: toUpperHex(txHash(tx)),
    interface_name: "cosmos.base.v1beta1.Msg",
    query: "tx.height=2",
  };
}

/** Bodies of the methods that are asked with POST, by method name. */
export function sampleBodies(tx: Uint8Array): Readonly<Record<string, object>> {
  const txBytes = toBase64(tx);
  return {
    Simulate: { txBytes },
    BroadcastTx: { txBytes, mode: "BROADCAST_MODE_SYNC" },
    TxDecode: { txBytes },
    TxEncode: { tx: Tx.toJSON(Tx.decode(tx)) as object },
  };
}

export const camelCase = (name: string): string =>
  name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());

/** The request of a route in JSON's names, and the URL of its first REST door. */
export function sampleRequest(
  route: Route,
  tx: Uint8Array,
  more: Readonly<Record<string, string>> = {},
) {
  const method = route.path.split("/")[2] ?? "";
  const [rule] = route.http;
  const samples: Readonly<Record<string, string>> = { ...sampleFields(tx), ...more };
  const body = sampleBodies(tx)[method];
  const shape = route.request.fromJSON({}) as Record<string, unknown>;
  const fields: Record<string, string> = {};
  const inPath = new Set([...(rule?.path ?? "").matchAll(/\{(\w+)/g)].map(([, name = ""]) => name));
  for (const name of new Set([...Object.keys(samples), ...inPath])) {
    const isKnown = Object.hasOwn(shape, camelCase(name)) && shape[camelCase(name)] !== undefined;
    if (inPath.has(name) || isKnown) fields[name] = samples[name] ?? "1";
  }
  const url = (rule?.path ?? "").replace(/\{(\w+)(=\*\*)?\}/g, (_, name: string) =>
    encodeURIComponent(fields[name] ?? ""),
  );
  const query = Object.entries(fields)
    .filter(([name]) => !inPath.has(name))
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`);
  const json = Object.fromEntries(Object.entries(fields).map(([k, v]) => [camelCase(k), v]));
  const message = route.request.fromJSON(body ?? json);
  return { rule, message, body, url: query.length > 0 ? `${url}?${query.join("&")}` : url };
}
