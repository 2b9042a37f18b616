/**
 * REST against gRPC, method by method. REST's JSON is compared with what another implementation
 * makes of gRPC's bytes by the descriptors (@bufbuild/protobuf).
 */
import { type DescMessage, fromBinary, toJson } from "@bufbuild/protobuf";
import type { Test } from "tap";
import { httpStatusOf } from "../../src/api/grpc-error.ts";
import type { Route } from "../../src/api/router.ts";
import { snakeCase } from "../../src/encoding/proto-json.ts";
import { sampleRequest } from "./api-samples.ts";
import type { RawGrpcClient } from "./grpc-client.ts";
import type { RestApp } from "./rest-app.ts";

/** The method as the descriptors have it. */
export function describedIn(app: RestApp, path: string) {
  const [, service = "", name] = path.split("/");
  const found = app.router.descriptors.registry.getService(service);
  const method = found?.methods.find((each) => each.name === name);
  if (!method) throw new Error(`${path} has no descriptor; run npm run gen`);
  return method as { readonly input: DescMessage; readonly output: DescMessage };
}

/** JSON without what may be spelled in several ways: empty values, zeros at the end of a time. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => canonical(item) ?? null);
  if (typeof value === "string")
    return value.replace(/(:\d\d\.\d*?)0+Z$/, "$1Z").replace(".Z", "Z");
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value)
    .map(([name, field]) => [name, canonical(field)] as const)
    .filter(([, field]) => !isEmpty(field))
    .sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries);
}

function isEmpty(value: unknown): boolean {
  if (value === null || value === undefined || value === false) return true;
  if (value === "" || value === "0" || value === 0 || value === "0001-01-01T00:00:00Z") return true;
  return typeof value === "object" && Object.keys(value).length === 0;
}

/** Writes decimals, which are digits on the wire, with their point: 18 places. */
function putPoints(json: unknown, [name = "", ...rest]: readonly string[]): void {
  if (Array.isArray(json)) for (const item of json) putPoints(item, [name, ...rest]);
  if (typeof json !== "object" || json === null || !Object.hasOwn(json, name)) return;
  const fields = json as Record<string, unknown>;
  if (rest.length > 0) putPoints(fields[name], rest);
  else if (Array.isArray(fields[name])) fields[name] = fields[name].map(decimalOf);
  else if (typeof fields[name] === "string") fields[name] = decimalOf(fields[name]);
}

/** In a string the digits are plain, in bytes they came as base64. */
function decimalOf(text: string): string {
  const digits = /^\d*$/.test(text) ? text : Buffer.from(text, "base64").toString();
  const padded = digits.padStart(19, "0");
  return `${padded.slice(0, -18)}.${padded.slice(-18)}`;
}

/** How many methods there are, and how they were answered; each in one of the three. */
export interface Compared {
  answered: number;
  refused: number;
  /** Methods that no REST path leads to. */
  readonly withoutRest: string[];
}

/** Asks every method of the table through both doors. fields: values for requests, by name. */
export async function compareDoors(
  t: Pick<Test, "equal" | "same">,
  asked: {
    readonly app: RestApp;
    readonly grpc: RawGrpcClient;
    /** A transaction that is in a block. */
    readonly sent: Uint8Array;
    readonly fields?: Readonly<Record<string, string>>;
  },
): Promise<Compared> {
  const { app, grpc, sent, fields } = asked;
  const compared: Compared = { answered: 0, refused: 0, withoutRest: [] };
  for (const route of app.router.routes) {
    const { rule, message, body, url } = sampleRequest(route, sent, fields);
    if (!rule) {
      compared.withoutRest.push(route.path);
      continue;
    }
    const request = route.request.encode(message).finish();
    const reply = await grpc.call(route.path, request);
    const rest = rule.method === "POST" ? await app.post(url, body ?? {}) : await app.get(url);
    if (reply.code !== 0) {
      t.equal(rest.status, httpStatusOf(reply.code), `${url}: ${reply.details}`);
      t.same(rest.body, { code: reply.code, message: reply.details, details: [] }, url);
      compared.refused += 1;
      continue;
    }
    t.equal(rest.status, 200, `${url}: ${JSON.stringify(rest.body)}`);
    t.same(canonical(rest.body), canonical(jsonOf(app, route, reply.response)), url);
    t.equal(rest.headers.get("x-cosmos-block-height"), reply.height, url);
    compared.answered += 1;
  }
  return compared;
}

/** What REST should say, by the descriptors. */
function jsonOf(app: RestApp, route: Route, response: Uint8Array): unknown {
  const { output } = describedIn(app, route.path);
  const json = toJson(output, fromBinary(output, response), {
    registry: app.router.descriptors.registry,
    useProtoFieldName: true,
    alwaysEmitImplicit: true,
  });
  const { decimals = [] } = route.response as { readonly decimals?: readonly string[] };
  for (const path of decimals) putPoints(json, path.split(".").map(snakeCase));
  return json;
}
