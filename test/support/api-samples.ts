/** A request for every method of the table: fields by name, so that most methods find something. */
import { Tx } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import type { Route } from "../../src/api/router.ts";
import { toBase64, toUpperHex } from "../../src/encoding/bytes.ts";
import { txHash } from "../../src/types/tx.ts";
import { alice } from "./app-chain.ts";

/** Values for fields, by snake_case name; 1 for any other number in a path. */
export function sampleFields(tx: Uint8Array): Readonly<Record<string, string>> {
  return {
    address: alice.address,
    address_string: alice.address,
    address_bytes: toBase64(new Uint8Array(20)),
    operator: alice.address,
    voter: alice.address,
    depositor: alice.address,
    granter: alice.address,
    grantee: alice.address,
    delegator_addr: alice.address,
    delegator_address: alice.address,
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
export function sampleRequest(route: Route, tx: Uint8Array) {
  const method = route.path.split("/")[2] ?? "";
  const [rule] = route.http;
  const samples = sampleFields(tx);
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
