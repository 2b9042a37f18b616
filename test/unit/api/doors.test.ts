/**
 * One table, four doors: every method answers the same over gRPC, grpc-web, REST and ABCI query.
 * REST's JSON is compared with what another implementation makes of gRPC's bytes by the descriptors
 * (@bufbuild/protobuf), so that codecs, descriptors and JSON check each other.
 */
import { MsgSend } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import t from "tap";
import { GrpcServer } from "../../../src/api/grpc/server.ts";
import { concat, utf8 } from "../../../src/encoding/bytes.ts";
import type { Codec } from "../../../src/modules/module.ts";
import { addressFields, sampleRequest } from "../../support/api-samples.ts";
import { alice, any, bob, signTx } from "../../support/app-chain.ts";
import { compareDoors, describedIn } from "../../support/compare-doors.ts";
import { RawGrpcClient } from "../../support/grpc-client.ts";
import { RestApp } from "../../support/rest-app.ts";
import { delegateTx, simappDevs, startSimapp } from "../../support/simapp-chain.ts";

let app: RestApp;
let server: GrpcServer;
let grpc: RawGrpcClient;
let sent: Uint8Array;

t.before(async () => {
  app = await RestApp.start();
  server = new GrpcServer(app.router, { maxReceiveBytes: 1_000_000, maxSendBytes: 10_000_000 });
  grpc = new RawGrpcClient(await server.start({ host: "127.0.0.1", port: 0 }));
  sent = signTx({
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
  for (const txs of [[], [sent], []]) await app.block(txs);
});
t.teardown(async () => {
  grpc.close();
  await server.stop();
  await app.stop();
});

t.test(
  "every method of the table has a descriptor, and descriptors know every method",
  async (t) => {
    const served = new Set(app.router.routes.map(({ path }) => path));
    t.equal(served.size, app.router.routes.length, "each once");
    for (const path of served) t.ok(describedIn(app, path), path);
    t.equal(served.size, 133, "methods of the gonka profile");
  },
);

/** cosmos-sdk gives it a path that another method of auth has taken. */
const withoutRest = ["/cosmos.auth.v1beta1.Query/AddressBytesToString"];

t.test("REST answers what gRPC answers, for every method", async (t) => {
  const compared = await compareDoors(t, { app, grpc, sent });
  const { answered, refused } = compared;
  t.same(compared.withoutRest, withoutRest);
  t.equal(answered + refused + withoutRest.length, app.router.routes.length, "all of the table");
  t.ok(answered >= 90, `${answered} answered, ${refused} refused alike`);
});

t.test("the same in the simapp profile, whose staking is another", async (t) => {
  const simapp = await RestApp.start(await startSimapp());
  const served = new GrpcServer(simapp.router, { maxReceiveBytes: 1e6, maxSendBytes: 1e7 });
  const client = new RawGrpcClient(await served.start({ host: "127.0.0.1", port: 0 }));
  t.teardown(async () => {
    client.close();
    await served.stop();
    await simapp.stop();
  });
  const tx = delegateTx();
  for (const txs of [[], [tx], []]) await simapp.block(txs);
  const [one] = simappDevs;
  const fields = {
    ...Object.fromEntries(addressFields.map((name) => [name, one.address])),
    ...{ validator_addr: one.operator, validator_address: one.operator, denom: "ustake" },
  };
  const compared = await compareDoors(t, { app: simapp, grpc: client, sent: tx, fields });
  const { answered, refused } = compared;
  t.same(compared.withoutRest, withoutRest);
  t.equal(answered + refused + withoutRest.length, simapp.router.routes.length);
  t.ok(answered >= 75, `${answered} answered, ${refused} refused alike`);
});

t.test("the second door of a method answers like the first", async (t) => {
  for (const route of app.router.routes.filter(({ http }) => http.length > 1)) {
    const [first, ...others] = route.http.map((rule) =>
      sampleRequest({ ...route, http: [rule] }, sent),
    );
    const expected = await app.get(first?.url ?? "");
    for (const other of others) t.same((await app.get(other.url)).body, expected.body, other.url);
  }
});

/** The frames of a grpc-web body. */
function frames(body: Uint8Array): { readonly flag: number; readonly content: Uint8Array }[] {
  const found = [];
  for (let at = 0; at < body.length; ) {
    const length = new DataView(body.buffer, body.byteOffset).getUint32(at + 1);
    found.push({ flag: body[at] ?? 0, content: body.subarray(at + 5, at + 5 + length) });
    at += 5 + length;
  }
  return found;
}

async function grpcWeb(path: string, message: Uint8Array, kind: "binary" | "text") {
  const header = new Uint8Array(5);
  new DataView(header.buffer).setUint32(1, message.length);
  const framed = Buffer.from(concat(header, message));
  const type = kind === "text" ? "application/grpc-web-text" : "application/grpc-web+proto";
  const response = await fetch(`${app.url}${path}`, {
    method: "POST",
    headers: { "content-type": type },
    body: kind === "text" ? framed.toString("base64") : framed,
  });
  const bytes = Buffer.from(await response.arrayBuffer());
  const decoded = kind === "text" ? Buffer.from(bytes.toString(), "base64") : bytes;
  const parts = frames(new Uint8Array(decoded));
  const trailers = Buffer.from(parts.at(-1)?.content ?? []).toString();
  const answer = parts.length > 1 ? parts[0]?.content : undefined;
  return { response, trailers, answer, lastFlag: parts.at(-1)?.flag };
}

t.test("grpc-web answers what gRPC answers, in binary and in text", async (t) => {
  for (const route of app.router.routes) {
    const request = route.request.encode(sampleRequest(route, sent).message).finish();
    const reply = await grpc.call(route.path, request);
    for (const kind of ["binary", "text"] as const) {
      const web = await grpcWeb(route.path, request, kind);
      t.equal(web.response.status, 200);
      t.equal(web.lastFlag, 0x80, "trailers come last");
      t.match(web.trailers, new RegExp(`^grpc-status:${reply.code}\r\n`), route.path);
      if (reply.code === 0) t.same(web.answer, reply.response, `${route.path} ${kind}`);
      else t.match(web.trailers, `grpc-message:${encodeURIComponent(reply.details)}`);
    }
  }
});

t.test("a browser of another origin may call grpc-web", async (t) => {
  const response = await fetch(`${app.url}/cosmos.bank.v1beta1.Query/Params`, {
    method: "OPTIONS",
    headers: { origin: "https://example.org", "access-control-request-method": "POST" },
  });
  t.equal(response.status, 204);
  t.match(response.headers.get("access-control-allow-headers") ?? "", /X-Grpc-Web/);
  t.match(response.headers.get("access-control-expose-headers") ?? "", /Grpc-Status/);
});

t.test("a broken grpc-web body is told so in trailers", async (t) => {
  const post = async (body: string, type = "application/grpc-web") => {
    const path = `${app.url}/cosmos.bank.v1beta1.Query/Params`;
    const headers = { "content-type": type };
    const response = await fetch(path, { method: "POST", headers, body });
    return { status: response.status, text: await response.text() };
  };
  t.match((await post("")).text, /grpc-status:13/);
  t.match((await post("\x01\0\0\0\0")).text, /grpc-status:12/);
  t.match((await post("\0\0\0\0\x09abc")).text, /grpc-status:13/);
  t.match(
    Buffer.from((await post("%%%", "application/grpc-web-text")).text, "base64").toString(),
    /13/,
  );
  t.equal((await post("{}", "application/json")).status, 501);
});

t.test("the height goes in and out with the metadata", async (t) => {
  const route = app.router.routes.find(({ path }) => path.endsWith("bank.v1beta1.Query/Params"));
  const params = route?.path ?? "";
  t.equal((await grpc.call(params, new Uint8Array())).height, "3");
  t.equal((await grpc.call(params, new Uint8Array(), "2")).height, "2");
  const future = await grpc.call(params, new Uint8Array(), "99");
  t.equal(future.code, 3);
  t.match(future.details, /cannot query with height in the future/);
  t.match(await grpc.call(params, new Uint8Array(), "x"), { code: 3, details: /height header/ });
});

t.test("statuses: unknown methods, what is not a message, messages over the limit", async (t) => {
  t.equal((await grpc.call("/cosmos.nft.v1beta1.Query/NFT", utf8(""))).code, 12);
  t.equal((await grpc.call("/cosmos.bank.v1beta1.Query/Nothing", utf8(""))).code, 12);
  t.equal((await grpc.call("/cosmos.bank.v1beta1.Query/Balance", Uint8Array.of(0xff))).code, 3);
  t.equal((await grpc.call("/cosmos.tx.v1beta1.Service/GetTx", Uint8Array.of(0xff))).code, 13);
  const large = await grpc.call("/cosmos.tx.v1beta1.Service/TxDecode", new Uint8Array(1_000_001));
  t.equal(large.code, 8);
});
