/**
 * Noise into every decoder of gRPC, grpc-web and REST: 10,000 requests each, random bytes and
 * mutations of real ones. Every answer is a status that says what was wrong with the request; none
 * is internal, and afterwards everything still works.
 */
import { MsgSend } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import t from "tap";
import { ReflectionSession } from "../../../src/api/grpc/reflection.ts";
import { GrpcServer } from "../../../src/api/grpc/server.ts";
import { GrpcError, toGrpcError } from "../../../src/api/grpc-error.ts";
import { answerGrpcWeb } from "../../../src/api/grpc-web.ts";
import { messageFromJson, messageFromParams } from "../../../src/api/request-json.ts";
import { concat } from "../../../src/encoding/bytes.ts";
import { decodeTotal } from "../../../src/encoding/wire.ts";
import { ServerReflectionRequest } from "../../../src/gen/grpc/reflection/v1/reflection.ts";
import type { Codec } from "../../../src/modules/module.ts";
import { sampleRequest } from "../../support/api-samples.ts";
import { alice, any, bob, signTx } from "../../support/app-chain.ts";
import { RawGrpcClient } from "../../support/grpc-client.ts";
import { prng } from "../../support/prng.ts";
import { RestApp } from "../../support/rest-app.ts";

const requests = 10_000;
const seed = Number(process.env.SEED ?? 20);
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

type Random = () => number;
const below = (random: Random, limit: number): number => Math.floor(random() * limit);
const pick = <T>(random: Random, list: readonly T[]): T => list[below(random, list.length)] as T;
const noise = (random: Random): Uint8Array =>
  Uint8Array.from({ length: below(random, 40) }, () => below(random, 256));

/** A few bytes changed, cut off, doubled, or put in between. */
function mutate(random: Random, bytes: Uint8Array): Uint8Array {
  const at = below(random, bytes.length + 1);
  switch (below(random, 5)) {
    case 0:
      return noise(random);
    case 1:
      return bytes.subarray(0, at);
    case 2:
      return concat(bytes.subarray(0, at), noise(random), bytes.subarray(at));
    case 3:
      return concat(bytes, bytes);
    default: {
      const changed = bytes.slice();
      for (let i = below(random, 4); i >= 0 && changed.length > 0; i--) {
        changed[below(random, changed.length)] = below(random, 256);
      }
      return changed;
    }
  }
}

/** Statuses that blame the request; 13 is what gRPC says of bytes that are no message. */
const blaming = new Set([0, 2, 3, 5, 6, 9, 12, 13, 16]);
const isBug = ({ code, message }: { code: number; message: string }): boolean =>
  !blaming.has(code) || /internal error|Cannot read|undefined|not a function/.test(message);

const samples = () =>
  app.router.routes.map((route) => ({
    route,
    bytes: route.request.encode(sampleRequest(route, tx).message).finish(),
  }));

t.test(`gRPC: ${requests} requests`, async (t) => {
  const random = prng(seed);
  const all = samples();
  const seen = new Map<number, number>();
  for (let i = 0; i < requests; i++) {
    const { route, bytes } = pick(random, all);
    const request = mutate(random, bytes);
    try {
      await route.callBytes(request, { height: 0n });
      seen.set(0, (seen.get(0) ?? 0) + 1);
    } catch (thrown) {
      const error = toGrpcError(thrown);
      seen.set(error.code, (seen.get(error.code) ?? 0) + 1);
      const sent = Buffer.from(request).toString("hex");
      if (isBug(error))
        t.fail(`seed ${seed}: ${route.path} ${sent}: ${error.code} ${error.message}`);
    }
  }
  for (const code of [0, 3, 5, 13]) t.ok((seen.get(code) ?? 0) > 0, `status ${code}`);
});

t.test("gRPC over the wire: noise gets a status, and the connection goes on", async (t) => {
  const random = prng(seed + 1);
  const server = new GrpcServer(app.router, { maxReceiveBytes: 100_000, maxSendBytes: 1_000_000 });
  const client = new RawGrpcClient(await server.start({ host: "127.0.0.1", port: 0 }));
  const all = samples();
  for (let i = 0; i < 500; i++) {
    const { route, bytes } = pick(random, all);
    const { code, details } = await client.call(route.path, mutate(random, bytes));
    if (isBug({ code, message: details })) t.fail(`seed ${seed + 1}: ${route.path}: ${details}`);
  }
  const params = await client.call("/cosmos.bank.v1beta1.Query/Params", new Uint8Array());
  t.equal(params.code, 0);
  client.close();
  await server.stop();
});

t.test(`grpc-web: ${requests} bodies`, async (t) => {
  const random = prng(seed + 2);
  const all = samples();
  const types = ["application/grpc-web", "application/grpc-web-text", "application/grpc-web+proto"];
  for (let i = 0; i < requests; i++) {
    const { route, bytes } = pick(random, all);
    const header = Uint8Array.of(0, 0, 0, bytes.length >> 8, bytes.length & 255);
    const body = mutate(random, concat(header, bytes));
    const contentType = pick(random, types);
    const answer = await answerGrpcWeb(route, { contentType, body, height: undefined });
    const isText = contentType.includes("text");
    const text = isText
      ? Buffer.from(Buffer.from(answer.body).toString(), "base64").toString("latin1")
      : Buffer.from(answer.body).toString("latin1");
    const code = Number(/grpc-status:(\d+)/.exec(text)?.[1] ?? 99);
    if (!blaming.has(code)) t.fail(`seed ${seed + 2}: ${route.path}: ${text}`);
  }
});

t.test(`reflection: ${requests} requests`, async (t) => {
  const random = prng(seed + 3);
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
  for (let i = 0; i < requests; i++) {
    const bytes = mutate(random, pick(random, questions));
    const request = decodeTotal(ServerReflectionRequest, bytes, { maxBytes: 1000, maxDepth: 8 });
    if (!request) continue;
    try {
      session.answer(request);
      answered += 1;
    } catch (error) {
      if (!(error instanceof GrpcError)) t.fail(`seed ${seed + 3}: ${String(error)}`);
    }
  }
  t.ok(answered > requests / 10, `${answered} answered`);
});

const jsonValues: readonly unknown[] = [
  ...[null, true, -1, 1.5, 1e300, "", "0", "x", "AAAA", "9".repeat(30), [], {}, [[]], "\u0000"],
  { "@type": "/cosmos.bank.v1beta1.MsgSend", amount: [{ denom: 1 }] },
  { "@type": 5 },
  { "@type": "/no.Such" },
  { seconds: "1" },
  "2020-01-01T00:00:00Z",
  "__proto__",
];

/** JSON with the names of the message, and values that may not belong there. */
function strangeJson(random: Random, shape: unknown, depth = 0): unknown {
  if (depth > 4 || random() < 0.3) return pick(random, jsonValues);
  if (Array.isArray(shape)) return [strangeJson(random, {}, depth + 1)];
  const names = typeof shape === "object" && shape !== null ? Object.keys(shape) : [];
  const entries = [...names, "pagination", "tx", "body", "messages", "__proto__"]
    .filter(() => random() < 0.5)
    .map((name) => {
      const inner = (shape as Record<string, unknown> | null)?.[name];
      return [name, strangeJson(random, inner ?? {}, depth + 1)];
    });
  return Object.fromEntries(entries);
}

t.test(`REST: ${requests} bodies and ${requests} query strings`, async (t) => {
  const random = prng(seed + 4);
  const { routes, backend } = app.router;
  let [read, refused] = [0, 0];
  const attempt = (what: string, run: () => unknown): void => {
    try {
      run();
      read += 1;
    } catch (thrown) {
      refused += 1;
      const isTyped = thrown instanceof GrpcError && thrown.code === 3;
      if (!isTyped) t.fail(`seed ${seed + 4}: ${what}: ${String(thrown)}`);
    }
  };
  for (let i = 0; i < requests; i++) {
    const { path, request } = pick(random, routes);
    const json = strangeJson(random, request.fromJSON({}));
    attempt(`${path} ${JSON.stringify(json)}`, () =>
      messageFromJson(request, json, (url) => backend.anyType(url)),
    );
    const names = [...Object.keys(request.fromJSON({}) as object), "pagination.key", "a.b", ""];
    const params = Array.from(
      { length: below(random, 4) },
      () => [pick(random, names), String(pick(random, jsonValues))] as const,
    );
    attempt(`${path} ${JSON.stringify(params)}`, () => messageFromParams(request, params));
  }
  t.ok(read > requests / 10 && refused > requests / 10, `${read} read, ${refused} refused`);
});

t.test("REST over the wire: noise gets a JSON refusal, never a 500", async (t) => {
  const random = prng(seed + 5);
  const posts = app.router.routes.flatMap(({ http }) =>
    http.filter(({ method }) => method === "POST").map(({ path }) => path),
  );
  for (let i = 0; i < 300; i++) {
    const path = pick(random, posts);
    const text = JSON.stringify(strangeJson(random, { tx_bytes: "", tx: {}, mode: 0 }));
    const body = Buffer.from(mutate(random, Buffer.from(text))).toString("latin1");
    const { status, body: answer } = await app.post(path, body);
    if (![200, 400, 404, 409, 500].includes(status)) t.fail(`seed ${seed + 5}: ${status} ${text}`);
    if (status === 500) t.match(answer, { code: 2 }, `seed ${seed + 5}: ${path} ${text}`);
  }
  t.equal((await app.get("/cosmos/bank/v1beta1/params")).status, 200);
});
