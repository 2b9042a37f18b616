/**
 * Edges of the gateway that clients run into, one test each (grpc-gateway v1 runtime, as
 * cosmos-sdk 0.50 server/api uses it; cosmpy, Keplr and ping.pub send these).
 */
import { MsgSend } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import { MsgVoteWeighted } from "cosmjs-types/cosmos/gov/v1beta1/tx";
import { MsgUpdateParams as UpdateSlashing } from "cosmjs-types/cosmos/slashing/v1beta1/tx";
import { Tx } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import t from "tap";
import { RestServer } from "../../../src/api/rest.ts";
import { toBase64, utf8 } from "../../../src/encoding/bytes.ts";
import type { Codec } from "../../../src/modules/module.ts";
import { alice, any, bob, signTx } from "../../support/app-chain.ts";
import { RestApp } from "../../support/rest-app.ts";

let rest: RestApp;
let tx: Uint8Array;
const auth = "/cosmos/auth/v1beta1";
const txs = "/cosmos/tx/v1beta1";

t.before(async () => {
  rest = await RestApp.start();
  for (let i = 0; i < 2; i++) await rest.block();
  tx = signTx({
    from: alice,
    sequence: 0n,
    messages: [
      any(MsgSend as Codec<MsgSend> & { typeUrl: string }, {
        fromAddress: alice.address,
        toAddress: bob.address,
        amount: [{ denom: "ngonka", amount: "7" }],
      }),
    ],
  });
});
t.teardown(() => rest.stop());

const notImplemented = { code: 12, message: "Not Implemented", details: [] };

t.test("a slash at the end, two slashes, another case: not implemented", async (t) => {
  const paths = [`${auth}/params/`, `/${auth}/params`, `${auth}//params`, `${auth}/Params`];
  for (const path of paths) {
    const { status, body } = await rest.get(path);
    t.equal(status, 501, path);
    t.same(body, notImplemented, path);
  }
});

t.test("another HTTP method: not implemented", async (t) => {
  for (const method of ["HEAD", "PUT", "DELETE", "PATCH"]) {
    const response = await fetch(`${rest.url}${auth}/params`, { method });
    t.equal(response.status, 501, method);
    await response.arrayBuffer();
  }
});

t.test("an unknown name in the query string is ignored", async (t) => {
  const plain = await rest.get(`${auth}/params`);
  t.same((await rest.get(`${auth}/params?nothing=1&pagination.x=y&a.b.c=d`)).body, plain.body);
});

t.test("a pagination key that is no base64 is refused", async (t) => {
  const { status, body } = await rest.get(`${auth}/accounts?pagination.key=%25%25`);
  t.equal(status, 400);
  t.match(body, { code: 3 });
});

t.test("both spellings of pagination are read, and of its key", async (t) => {
  const first = await rest.get(`${auth}/accounts?pagination.limit=1&pagination.countTotal=true`);
  const { pagination } = first.body as unknown as { pagination: Record<string, string> };
  t.ok(Number(pagination.total) > 1);
  const standard = encodeURIComponent(pagination.next_key ?? "");
  const forUrls = (pagination.next_key ?? "").replace(/\+/g, "-").replace(/\//g, "_");
  const second = async (key: string) =>
    (await rest.get(`${auth}/accounts?pagination.key=${key}&pagination.limit=1`)).body;
  t.same(await second(standard), await second(forUrls));
});

t.test("a height in the future is refused with the SDK's text", async (t) => {
  const { status, body } = await rest.get(`${auth}/params`, { "x-cosmos-block-height": "99" });
  t.equal(status, 400);
  t.match(body, { code: 3, message: /cannot query with height in the future/ });
});

t.test("names of a body: snake case, camel case, and both in one", async (t) => {
  const bodies = [
    { tx_bytes: toBase64(tx) },
    { txBytes: toBase64(tx) },
    { txBytes: toBase64(tx), nothing: 1 },
  ];
  for (const body of bodies) t.equal((await rest.post(`${txs}/simulate`, body)).status, 200);
});

t.test("an enum by name or by number, in a query string and in a body", async (t) => {
  const proposals = "/cosmos/gov/v1/proposals?proposal_status=";
  for (const value of ["PROPOSAL_STATUS_PASSED", "3"]) {
    t.equal((await rest.get(`${proposals}${value}`)).status, 200, value);
  }
  t.equal((await rest.get(`${proposals}PROPOSAL_STATUS_ODD`)).status, 400);
  for (const mode of ["BROADCAST_MODE_SYNC", 2]) {
    const { status, body } = await rest.post(`${txs}/txs`, { tx_bytes: "AAAA", mode });
    t.equal(status, 200);
    t.match(body, { tx_response: { code: 2, codespace: "sdk" } });
  }
});

t.test("a 64-bit integer in a body as text or as number", async (t) => {
  const body = (gas: unknown) => ({ tx: { auth_info: { fee: { gas_limit: gas } } } });
  const encoded = await rest.post(`${txs}/encode`, body("200000"));
  t.equal(encoded.status, 200);
  t.same((await rest.post(`${txs}/encode`, body(200_000))).body, encoded.body);
  t.equal((await rest.post(`${txs}/encode`, body("-1"))).status, 400);
  t.equal((await rest.post(`${txs}/encode`, body("18446744073709551616"))).status, 400);
});

t.test("the deprecated field tx of simulate, with messages as JSON", async (t) => {
  const decoded = await rest.post(`${txs}/decode`, { tx_bytes: toBase64(tx) });
  const { body } = await rest.post(`${txs}/simulate`, decoded.body);
  t.match(body, { gas_info: { gas_wanted: "18446744073709551615", gas_used: /^\d+$/ } });
  const { result } = body as unknown as { result: { msg_responses: object[] } };
  t.same(result.msg_responses, [{ "@type": "/cosmos.bank.v1beta1.MsgSendResponse" }]);
  const again = await rest.post(`${txs}/encode`, decoded.body);
  t.same(again.body, { tx_bytes: toBase64(Tx.encode(Tx.decode(tx)).finish()) });
});

t.test("nothing is compressed, whatever the client accepts", async (t) => {
  const response = await fetch(`${rest.url}${auth}/accounts`, {
    headers: { "accept-encoding": "gzip, br" },
  });
  t.equal(response.headers.get("content-encoding"), null);
  t.equal(response.headers.get("content-type"), "application/json");
  await response.arrayBuffer();
});

t.test(
  "pages of other origins: told everything, or nothing when the configuration says so",
  async (t) => {
    const origin = { origin: "https://example.org" };
    const open = await fetch(`${rest.url}${auth}/params`, { headers: origin });
    t.equal(open.headers.get("access-control-allow-origin"), "*");
    await open.arrayBuffer();
    const own = new RestServer(rest.router, {
      maxBodyBytes: 100,
      maxConnections: 10,
      maxGrpcMessageBytes: undefined,
      origins: "own",
      page: "none",
    });
    const url = `http://127.0.0.1:${await own.start({ host: "127.0.0.1", port: 0 })}`;
    const ask = async (path: string, init: RequestInit) => {
      const response = await fetch(`${url}${path}`, init);
      await response.arrayBuffer();
      return response;
    };
    const closed = await ask(`${auth}/params`, { headers: origin });
    t.equal(closed.status, 200);
    t.equal(closed.headers.get("access-control-allow-origin"), null);
    t.equal((await ask(`${auth}/params`, { method: "OPTIONS", headers: origin })).status, 501);
    t.equal((await ask("/swagger/", {})).status, 501);
    t.equal((await ask("/openapi.json", {})).status, 200);
    const grpcWeb = { method: "POST", headers: { "content-type": "application/grpc-web" } };
    t.equal((await ask("/cosmos.bank.v1beta1.Query/Params", grpcWeb)).status, 501);
    const large = { method: "POST", body: "x".repeat(200) };
    t.equal((await ask(`${txs}/decode`, large)).status, 400);
    await own.stop();
  },
);

t.test(
  "decimals have a point in JSON, durations end in s; both come back as they were",
  async (t) => {
    const params = {
      signedBlocksWindow: 100n,
      minSignedPerWindow: utf8("500000000000000000"),
      downtimeJailDuration: { seconds: 600n, nanos: 0 },
      slashFractionDoubleSign: utf8("50000000000000000"),
      slashFractionDowntime: utf8("0"),
    };
    const options = [
      { option: 1, weight: "700000000000000000" },
      { option: 2, weight: "300000000000000000" },
    ];
    const messages = [
      any(UpdateSlashing, UpdateSlashing.fromPartial({ authority: alice.address, params })),
      any(MsgVoteWeighted, { proposalId: 1n, voter: alice.address, options }),
    ];
    const tx = Tx.encode(Tx.fromPartial({ body: { messages } })).finish();
    const decoded = await rest.post(`${txs}/decode`, { tx_bytes: toBase64(tx) });
    const shown = JSON.stringify(decoded.body);
    for (const text of ["0.500000000000000000", "0.700000000000000000"]) t.match(shown, text);
    t.same((await rest.post(`${txs}/encode`, decoded.body)).body, { tx_bytes: toBase64(tx) });
    const short = shown
      .replace("0.500000000000000000", "0.5")
      .replace('"0.000000000000000000"', '"0"');
    t.same((await rest.post(`${txs}/encode`, short)).body, { tx_bytes: toBase64(tx) });
    for (const bad of ["0.1234567890123456789", "x", "", "1e3"]) {
      const { status, body } = await rest.post(
        `${txs}/encode`,
        shown.replace("0.500000000000000000", bad),
      );
      t.match({ status, body }, { status: 400, body: { code: 3, message: /not a decimal/ } }, bad);
    }
  },
);
