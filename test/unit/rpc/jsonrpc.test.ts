/**
 * How requests are read and answered over HTTP: spec/rpc.md §1. Cases from cometbft v0.38
 * rpc/jsonrpc/server/{http_json_handler_test.go, parse_test.go, http_server_test.go},
 * rpc/jsonrpc/jsonrpc_test.go and rpc/core/env_test.go.
 */
import t from "tap";
import { pageOf } from "../../../src/rpc/methods/method.ts";
import { type ParamSpec, readJsonParams, readUriParams } from "../../../src/rpc/params.ts";
import { type Reply, type RpcChain, startRpcChain } from "../../support/rpc-chain.ts";

let rpc: RpcChain;
t.before(async () => {
  rpc = await startRpcChain();
  for (let height = 1; height <= 3; height++) await rpc.chain.advance();
});
t.teardown(() => rpc.stop());

/** A call of the method "block", whose one parameter is "height". */
const block = (rest: object) => ({ jsonrpc: "2.0", method: "block", ...rest });

t.test("TestRPCParams: what is wrong with a request comes back with its id", async (t) => {
  const cases: [unknown, string, string | undefined][] = [
    [{ id: "0" }, "Method not found", "0"],
    [{ method: "y", id: "0" }, "Method not found", "0"],
    [{ method: "subscribe", id: "0", params: ["tm.event='Tx'"] }, "Method not found", "0"],
    ['{"method": "block", "id": "0", "params": a}', "Parse error. Invalid JSON", undefined],
    [block({ id: "0", params: ["1", "2"] }), "expected 1 parameters ([height]), got 2", "0"],
    [block({ id: "0", params: ["a"] }), "not a 64-bit integer", "0"],
    [block({ id: "0", params: [1] }), "invalid 64-bit integer encoding 1, expected string", "0"],
    [block({ id: "0", params: 5 }), "Expected map or array", "0"],
    [block({ id: "0", params: { height: "0" } }), "height must be greater than 0, but got 0", "0"],
    [block({ id: "0", params: null }), "", "0"],
    [block({ id: "0", params: {} }), "", "0"],
    [block({ id: "0", params: { unknown: "x" } }), "", "0"],
    [block({ id: "0", params: { height: null } }), "", "0"],
    [block({ id: "0", params: ["2"] }), "", "0"],
  ];
  for (const [body, text, id] of cases) {
    const { json } = await rpc.post(body);
    t.equal(json.id, id, JSON.stringify(body));
    if (text === "") t.equal(json.error, undefined);
    else t.match(`${json.error?.message} ${json.error?.data}`, new RegExp(literal(text)));
  }
});

const literal = (text: string) => text.replace(/[()[\]]/g, "\\$&");

t.test("TestJSONRPCID", async (t) => {
  for (const id of ["0", "abc", 0, 1, -1]) t.equal((await rpc.post(block({ id }))).json.id, id);
  t.equal((await rpc.post(block({ id: 1.3 }))).json.id, 1);
  for (const body of [block({ id: {} }), block({ id: [] }), '{"method":"block","id":1e999}']) {
    const { status, json } = await rpc.post(body);
    t.equal(status, 500);
    t.equal(json.error?.code, -32700);
    t.notOk("id" in json);
  }
});

t.test("TestRPCNotification, in batches too", async (t) => {
  for (const body of ['{"jsonrpc":"2.0"}', "null", '[{"jsonrpc":"2.0"}]', "[null]", "[]"]) {
    const { status, text } = await rpc.post(body);
    t.equal(status, 200, body);
    t.equal(text, "", body);
  }
  const one = block({ id: "abc" });
  const single = await rpc.post([{ jsonrpc: "2.0" }, one]);
  t.equal(single.json.id, "abc", "one answer is a bare object");
  const two = await rpc.post([{ jsonrpc: "2.0" }, one, { jsonrpc: "2.0" }, block({ id: 5 })]);
  t.same(
    (two.json as unknown as Reply[]).map(({ id }) => id),
    ["abc", 5],
  );
});

t.test("TestRPCBatch: at most ten", async (t) => {
  const many = (count: number) => Array.from({ length: count }, (_, id) => block({ id }));
  const ten = await rpc.post(many(10));
  t.same(
    (ten.json as unknown as Reply[]).map(({ id }) => id),
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
  );
  const { status, json } = await rpc.post(many(11));
  t.equal(status, 200);
  t.same(json, {
    jsonrpc: "2.0",
    error: {
      code: -32600,
      message: "Invalid Request",
      data: "batch request exceeds maximum (10) allowed number of requests",
    },
  });
});

t.test("paths: / for JSON, /method for URIs, nothing else", async (t) => {
  t.match((await rpc.get("/")).text, /Available endpoints/);
  for (const path of ["/unknownrpcpath", "//", "//evil.example", "/block/", "/v1", "/__proto__"]) {
    t.equal((await rpc.get(path)).status, 404, path);
  }
  t.equal((await rpc.get("/websocket")).status, 400);
  const subscribe = await rpc.get("/subscribe?query=_");
  t.equal(subscribe.status, 404);
  t.same(subscribe.json.error, { code: -32601, message: "Method not found" });
  const health = await rpc.get("/health");
  t.same(health.json, { jsonrpc: "2.0", id: -1, result: {} });
  t.equal(health.headers.get("access-control-allow-origin"), "*");
  t.match(health.headers.get("x-server-time"), /^\d+$/);
  t.equal((await rpc.get("/block?height=0")).status, 500, "errors of URIs are HTTP errors");
});

t.test("TestRPCResponseCache: only what can never change", async (t) => {
  const cached = async (body: unknown) => (await rpc.post(body)).headers.get("cache-control");
  const day = "public, max-age=86400";
  t.equal(await cached(block({ id: 0, params: ["1"] })), day);
  t.equal(await cached(block({ id: 0, params: ["0"] })), null);
  t.equal(await cached(block({ id: 0, params: [] })), null);
  t.equal(await cached(block({ id: 0 })), null);
  t.equal(await cached(block({ id: 0, params: ["99"] })), null, "an error");
  t.equal(await cached({ id: 0, method: "genesis" }), day);
  t.equal(await cached({ id: 0, method: "status" }), null);
  t.equal(await cached([block({ id: 0, params: ["1"] }), block({ id: 1, params: ["2"] })]), day);
  t.equal(await cached([block({ id: 0, params: ["1"] }), block({ id: 1 })]), null);
  t.equal((await rpc.get("/block?height=1")).headers.get("cache-control"), day);
  t.equal((await rpc.get("/block")).headers.get("cache-control"), null);
});

const demo: ParamSpec = [
  ["height", "int64"],
  ["name", "string"],
];

t.test("TestParseJSONRPC", async (t) => {
  t.same(readJsonParams(demo, ["7", "flew"]), { height: 7n, name: "flew" });
  t.same(readJsonParams(demo, { name: "john", height: "22" }), { height: 22n, name: "john" });
  t.match(readJsonParams(demo, { name: "solo", unused: "stuff" }), { name: "solo" });
  for (const bad of [["flew", 7], [7, "flew", 100], { name: -12, height: "fred" }]) {
    t.throws(() => readJsonParams(demo, bad), { code: -32602 });
  }
  const tooLarge = { height: "9223372036854775808" };
  t.throws(() => readJsonParams(demo, tooLarge), { code: -32602 });
  t.match(readJsonParams(demo, { height: "-9223372036854775808" }), { height: -(2n ** 63n) });
});

t.test("TestParseURI", async (t) => {
  const read = (query: string) => readUriParams(demo, new URLSearchParams(query));
  t.same(read('height=7&name="flew"'), { height: 7n, name: "flew" });
  t.same(read('height=-10&name="bob"'), { height: -10n, name: "bob" });
  t.same(read('height="-10"&name="bob"'), { height: -10n, name: "bob" });
  t.match(read("name=0x626f62"), { name: "bob" });
  t.throws(() => read('height="-10"&name=bob'), { code: -32602 });
  t.throws(() => read("height=0x07"), { message: /got a hex string arg/ });
  const bytes: ParamSpec = [["data", "hex"]];
  const data = (query: string) => readUriParams(bytes, new URLSearchParams(query)).data;
  t.same(data("data=0xC0FFEE"), Uint8Array.of(0xc0, 0xff, 0xee));
  t.same(data('data="raw"'), new Uint8Array(Buffer.from("raw")));
  t.equal(data("data="), undefined);
  t.throws(() => data("data=0xC0F"), { code: -32602 });
});

t.test("TestPaginationPage and TestPaginationPerPage", async (t) => {
  /** total, per page, page, expected page or none. */
  const cases: [number, number, number, number | undefined][] = [
    [0, 10, 1, 1],
    [0, 10, 2, undefined],
    [5, 10, -1, undefined],
    [5, 10, 1, 1],
    [5, 10, 2, undefined],
    [5, 5, 1, 1],
    [5, 5, 2, undefined],
    [5, 3, 2, 2],
    [5, 3, 3, undefined],
    [5, 2, 3, 3],
    [5, 2, 4, undefined],
    // CometBFT's table calls page 0 no error, but looks only at the number beside the error.
    [0, 10, 0, undefined],
  ];
  for (const [total, per, page, expected] of cases) {
    const read = () => pageOf({ page: BigInt(page), per_page: BigInt(per) }, total);
    if (expected === undefined) t.throws(read, { message: /page should be within/ });
    else t.equal(read().skip, (expected - 1) * per);
  }
  const perPage = (asked?: bigint) => pageOf({ per_page: asked }, 1000).count;
  t.same([0n, 1n, 2n, 30n, 99n, 100n, 101n].map(perPage), [30, 1, 2, 30, 99, 100, 100]);
  t.equal(perPage(), 30);
});

t.test("a body over the limit is refused, and the server goes on", async (t) => {
  const { status, json } = await rpc.post(`"${"x".repeat(1_200_000)}"`);
  t.equal(status, 400);
  t.equal(json.error?.code, -32600);
  t.equal((await rpc.get("/health")).status, 200);
});
