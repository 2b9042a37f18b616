/**
 * Noise into every decoder of gRPC, grpc-web and REST: random requests and mutations of real ones.
 * Every answer is a status that says what was wrong with the request; none is internal, and
 * afterwards everything still works.
 */

import { connect } from "node:net";
import { MsgSend } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import t from "tap";
import { ReflectionSession } from "../../../src/api/grpc/reflection.ts";
import { GrpcServer } from "../../../src/api/grpc/server.ts";
import { GrpcError, toGrpcError } from "../../../src/api/grpc-error.ts";
import { answerGrpcWeb } from "../../../src/api/grpc-web.ts";
import { messageFromJson, messageFromParams } from "../../../src/api/request-json.ts";
import { concat, fromHex, utf8 } from "../../../src/encoding/bytes.ts";
import { decodeTotal } from "../../../src/encoding/wire.ts";
import { ServerReflectionRequest } from "../../../src/gen/grpc/reflection/v1/reflection.ts";
import type { Codec } from "../../../src/modules/module.ts";
import { sampleRequest } from "../../support/api-samples.ts";
import { alice, any, bob, signTx } from "../../support/app-chain.ts";
import { RawGrpcClient } from "../../support/grpc-client.ts";
import { byteStrings, Noise } from "../../support/noise.ts";
import { RestApp } from "../../support/rest-app.ts";

let app: RestApp;
let tx: Uint8Array;

t.before(async () => {
  app = await RestApp.start();
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
  await app.block([tx]);
});
t.teardown(() => app.stop());

/** Statuses that blame the request; 13 is what gRPC says of bytes that are no message. */
const blaming = new Set([0, 2, 3, 5, 6, 9, 12, 13, 16]);
const isBug = ({ code, message }: { code: number; message: string }): boolean =>
  !blaming.has(code) || /internal error|Cannot read|undefined|not a function/.test(message);

const samples = () =>
  app.router.routes.map((route) => ({
    route,
    bytes: route.request.encode(sampleRequest(route, tx).message).finish(),
  }));

t.test(`gRPC: ${byteStrings} requests`, async (t) => {
  const noise = new Noise(t, 20);
  const all = samples();
  const seen = new Map<number, number>();
  for (let i = 0; i < byteStrings; i++) {
    const { route, bytes } = noise.pick(all);
    const request = noise.like([bytes]);
    try {
      await route.callBytes(request, { height: 0n });
      seen.set(0, (seen.get(0) ?? 0) + 1);
    } catch (thrown) {
      const error = toGrpcError(thrown);
      seen.set(error.code, (seen.get(error.code) ?? 0) + 1);
      const sent = Buffer.from(request).toString("hex");
      if (isBug(error)) {
        t.fail(`SEED=${noise.seed}: ${route.path} ${sent}: ${error.code} ${error.message}`);
      }
    }
  }
  for (const code of [0, 3, 5, 13]) t.ok((seen.get(code) ?? 0) > 0, `status ${code}`);
});

t.test(`gRPC over the wire: ${byteStrings} requests on one connection`, async (t) => {
  const noise = new Noise(t, 21);
  const server = new GrpcServer(app.router, { maxReceiveBytes: 100_000, maxSendBytes: 1_000_000 });
  const port = await server.start({ host: "127.0.0.1", port: 0 });
  const client = new RawGrpcClient(port);
  const all = samples();
  const one = async () => {
    const { route, bytes } = noise.pick(all);
    const { code, details } = await client.call(route.path, noise.like([bytes]));
    if (isBug({ code, message: details })) {
      t.fail(`SEED=${noise.seed}: ${route.path}: ${code} ${details}`);
    }
  };
  const together = 50;
  for (let i = 0; i < byteStrings; i += together) {
    await Promise.all(Array.from({ length: together }, one));
  }
  for (let i = 0; i < 50; i++) await sendRaw(port, concat(preface, noise.bytes(200)));
  const half = concat(Uint8Array.of(0x0a, 3), fromHex("eda080")); // A surrogate without its other.
  const halved = await client.call("/cosmos.tx.v1beta1.Service/GetTx", half);
  t.match(halved, { code: 3, details: "tx hash \u{fffd} is not hex" });
  const params = await client.call("/cosmos.bank.v1beta1.Query/Params", new Uint8Array());
  t.equal(params.code, 0);
  client.close();
  await server.stop();
});

/** What every HTTP/2 connection begins with (RFC 9113 §3.4), and empty settings. */
const preface = concat(utf8("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), fromHex("000000040000000000"));

/** Resolves when the other side has said something, or hung up. */
function sendRaw(port: number, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => socket.write(bytes));
    socket.on("data", () => socket.destroy()).on("error", () => resolve());
    socket.on("close", () => resolve());
  });
}

t.test(`grpc-web: ${byteStrings} bodies`, async (t) => {
  const noise = new Noise(t, 22);
  const all = samples();
  const types = ["application/grpc-web", "application/grpc-web-text", "application/grpc-web+proto"];
  for (let i = 0; i < byteStrings; i++) {
    const { route, bytes } = noise.pick(all);
    const header = Uint8Array.of(0, 0, 0, bytes.length >> 8, bytes.length & 255);
    const body = noise.like([concat(header, bytes)]);
    const contentType = noise.pick(types);
    const answer = await answerGrpcWeb(route, { contentType, body, height: undefined });
    const isText = contentType.includes("text");
    const text = isText
      ? Buffer.from(Buffer.from(answer.body).toString(), "base64").toString("latin1")
      : Buffer.from(answer.body).toString("latin1");
    const code = Number(/grpc-status:(\d+)/.exec(text)?.[1] ?? 99);
    if (!blaming.has(code)) t.fail(`SEED=${noise.seed}: ${route.path}: ${text}`);
  }
});

t.test(`reflection: ${byteStrings} requests`, async (t) => {
  const noise = new Noise(t, 23);
  const session = new ReflectionSession(app.router.descriptors, app.router.serviceNames);
  const questions = [
    { fileContainingSymbol: "cosmos.bank.v1beta1.Query" },
    { fileByFilename: "cosmos/tx/v1beta1/tx.proto" },
    { allExtensionNumbersOfType: "google.protobuf.FieldOptions" },
    { listServices: "" },
  ].map((each) =>
    ServerReflectionRequest.encode(ServerReflectionRequest.fromPartial(each)).finish(),
  );
  let answered = 0;
  for (const bytes of noise.strings(questions)) {
    const request = decodeTotal(ServerReflectionRequest, bytes, { maxBytes: 1000, maxDepth: 8 });
    if (!request) continue;
    try {
      session.answer(request);
      answered += 1;
    } catch (error) {
      if (!(error instanceof GrpcError)) t.fail(`SEED=${noise.seed}: ${String(error)}`);
    }
  }
  t.ok(answered > byteStrings / 10, `${answered} answered`);
});

const plain = (_: string, value: unknown): unknown =>
  typeof value === "bigint" || value instanceof Uint8Array ? String(value) : value;
/** JSON with the names of the message and a few that may not belong there. */
const shapeOf = (request: Codec<object>): object => ({
  ...(JSON.parse(JSON.stringify(request.fromJSON({}), plain)) as object),
  ...{ pagination: { key: "", limit: "1" }, tx: { body: { messages: [] } }, ["__proto__"]: {} },
});

t.test(`REST: ${byteStrings} bodies and ${byteStrings} query strings`, async (t) => {
  const noise = new Noise(t, 24);
  const { routes, backend } = app.router;
  let [read, refused] = [0, 0];
  const attempt = (what: string, run: () => unknown): void => {
    try {
      run();
      read += 1;
    } catch (thrown) {
      refused += 1;
      const isTyped = thrown instanceof GrpcError && thrown.code === 3;
      if (!isTyped) t.fail(`SEED=${noise.seed}: ${what}: ${String(thrown)}`);
    }
  };
  for (let i = 0; i < byteStrings; i++) {
    const { path, request } = noise.pick(routes);
    const json = noise.json(shapeOf(request), 0.3);
    attempt(`${path} ${JSON.stringify(json)}`, () =>
      messageFromJson(request, json, (url) => backend.anyType(url)),
    );
    const names = [...Object.keys(request.fromJSON({}) as object), "pagination.key", "a.b", ""];
    const params = Array.from(
      { length: noise.below(4) },
      () => [noise.pick(names), String(noise.json("", 1))] as const,
    );
    attempt(`${path} ${JSON.stringify(params)}`, () => messageFromParams(request, params));
  }
  t.ok(read > byteStrings / 10 && refused > byteStrings / 10, `${read} read, ${refused} refused`);
});

t.test(`REST over the wire: ${byteStrings} requests get JSON, never an untyped 500`, async (t) => {
  const noise = new Noise(t, 25);
  const rules = app.router.routes.flatMap(({ http, request }) =>
    http.map(({ method, path }) => ({ method, path, request })),
  );
  const statuses = new Set<number>();
  const one = async () => {
    const { method, path, request } = noise.pick(rules);
    const filled = path.replace(/\{[^}]+\}/g, () => String(noise.pick(pathValues)));
    const bytes = Buffer.from(noise.like([Buffer.from(filled)])).toString("latin1");
    const url = noise.below(4) === 0 ? `/${encodeURI(bytes)}` : filled;
    const text = JSON.stringify(noise.json(shapeOf(request), 0.2)) ?? "";
    const isDamaged = noise.below(2) === 0;
    const body = isDamaged
      ? Buffer.from(noise.damaged(Buffer.from(text))).toString("latin1")
      : text;
    const query =
      noise.below(2) === 0 ? "" : `?${encodeURI(noise.text([...pathValues, "=", "&"]))}`;
    const answer = method === "POST" ? app.post(url, body) : app.get(url + query);
    const { status, body: said } = await answer;
    statuses.add(status);
    const { code, message } = said as { code?: number; message?: string };
    const isRefusal = code !== undefined && message !== undefined;
    const isTyped = status === 200 || (isRefusal && !isBug({ code, message }));
    if (!isTyped || ![200, 400, 404, 409, 500, 501].includes(status)) {
      t.fail(`SEED=${noise.seed}: ${method} ${url}${query} ${body}: ${status} ${message}`);
    }
  };
  const together = 20;
  for (let i = 0; i < byteStrings; i += together) {
    await Promise.all(Array.from({ length: together }, one));
  }
  for (const status of [200, 400, 404, 501]) t.ok(statuses.has(status), `status ${status}`);
  t.equal((await app.get("/cosmos/bank/v1beta1/params")).status, 200);
});

const pathValues = [
  "1",
  "-1",
  "0",
  alice.address,
  "ngonka",
  "x",
  "%00",
  "%2F",
  "9".repeat(30),
  "é",
];
