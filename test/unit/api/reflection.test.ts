/**
 * gRPC reflection as clients use it: buf lists and calls every service with nothing but the address
 * of the node. The binary is that of the development dependency.
 */
import { execFile } from "node:child_process";
import path from "node:path";
import t from "tap";
import { reflectionServices } from "../../../src/api/grpc/reflection.ts";
import { GrpcServer } from "../../../src/api/grpc/server.ts";
import { concat, lengthPrefixed, utf8 } from "../../../src/encoding/bytes.ts";
import { uvarint } from "../../../src/encoding/varint.ts";
import {
  ServerReflectionRequest,
  ServerReflectionResponse,
} from "../../../src/gen/grpc/reflection/v1/reflection.ts";
import { alice } from "../../support/app-chain.ts";
import { RawGrpcClient } from "../../support/grpc-client.ts";
import { RestApp } from "../../support/rest-app.ts";

const buf = path.resolve("node_modules/.bin/buf");
let app: RestApp;
let server: GrpcServer;
let client: RawGrpcClient;
let port: number;

t.before(async () => {
  app = await RestApp.start();
  await app.block();
  server = new GrpcServer(app.router, { maxReceiveBytes: 1_000_000, maxSendBytes: 10_000_000 });
  port = await server.start({ host: "127.0.0.1", port: 0 });
  client = new RawGrpcClient(port);
});
t.teardown(async () => {
  client.close();
  await server.stop();
  await app.stop();
});

/** buf curl: its output, or what it complained of. */
function curl(...args: readonly string[]): Promise<{ out: string; problem: string }> {
  const plain = ["curl", "--protocol", "grpc", "--http2-prior-knowledge"];
  return new Promise((resolve) => {
    const options = { env: { ...process.env, BUF_CACHE_DIR: t.testdir() } };
    execFile(buf, [...plain, ...args], options, (_, out, problem) => resolve({ out, problem }));
  });
}
const url = (method: string) => `http://127.0.0.1:${port}/${method}`;

t.test("buf lists every service and every method", async (t) => {
  const services = (await curl("--list-services", `http://127.0.0.1:${port}`)).out.trim();
  t.same(services.split("\n"), [...app.router.serviceNames, ...reflectionServices].sort());
  const { out, problem } = await curl("--list-methods", `http://127.0.0.1:${port}`);
  t.equal(problem, "");
  const listed = new Set(out.trim().split("\n"));
  for (const { path: method } of app.router.routes) t.ok(listed.has(method.slice(1)), method);
});

t.test("buf calls methods that it knows from reflection alone, v1 and v1alpha", async (t) => {
  for (const protocol of ["grpc-v1", "grpc-v1alpha"]) {
    const { out, problem } = await curl(
      ...["--reflect-protocol", protocol, "-d", JSON.stringify({ address: alice.address })],
      url("cosmos.auth.v1beta1.Query/Account"),
    );
    t.equal(problem, "");
    t.match(JSON.parse(out), { account: { "@type": "/cosmos.auth.v1beta1.BaseAccount" } });
  }
  const own = await curl("-d", "{}", url("gonka.pow.v1.Query/CurrentEpoch"));
  t.match(JSON.parse(own.out), {});
  const refused = await curl("-d", '{"hash":"00"}', url("cosmos.tx.v1beta1.Service/GetTx"));
  t.match(refused.problem, /not_found[\s\S]*tx not found: 00/);
});

/** Asks on one stream. */
async function ask(...requests: readonly Partial<ServerReflectionRequest>[]) {
  const encoded = requests.map((request) =>
    ServerReflectionRequest.encode(ServerReflectionRequest.fromPartial(request)).finish(),
  );
  const { code, answers } = await client.stream(
    `/${reflectionServices[0]}/ServerReflectionInfo`,
    encoded,
  );
  return { code, answers: answers.map((bytes) => ServerReflectionResponse.decode(bytes)) };
}

t.test("files, symbols, extensions: each with what it imports, or not found", async (t) => {
  const { answers } = await ask(
    { fileByFilename: "cosmos/bank/v1beta1/query.proto" },
    { fileContainingSymbol: "cosmos.bank.v1beta1.QueryBalanceRequest" },
    { fileContainingSymbol: "cosmos.bank.v1beta1.Query.Balance" },
    {
      fileContainingExtension: {
        containingType: "google.protobuf.MethodOptions",
        extensionNumber: 72_295_728,
      },
    },
    { allExtensionNumbersOfType: "google.protobuf.MessageOptions" },
    { fileByFilename: "nothing.proto" },
    { fileContainingSymbol: "no.Such" },
    { fileContainingExtension: { containingType: "no.Such", extensionNumber: 1 } },
    { allExtensionNumbersOfType: "no.Such" },
  );
  const files = answers.map((answer) => answer.fileDescriptorResponse?.fileDescriptorProto.length);
  t.ok((files[0] ?? 0) > 5, "with imports");
  t.same(files.slice(1, 4), [1, 1, 1], "imports come once in a stream");
  const numbers = answers[4]?.allExtensionNumbersResponse?.extensionNumber ?? [];
  for (const number of [64001, 93001, 11110000, 11110001])
    t.ok(numbers.includes(number), `${number}`);
  for (const answer of answers.slice(5)) t.equal(answer.errorResponse?.errorCode, 5);
  t.equal(answers[0]?.originalRequest?.fileByFilename, "cosmos/bank/v1beta1/query.proto");
});

t.test("a request that asks nothing ends the stream", async (t) => {
  t.equal((await ask({})).code, 3);
  const path = `/${reflectionServices[1]}/ServerReflectionInfo`;
  t.ok((await client.stream(path, [Uint8Array.of(0xff)])).code > 0);
});

t.test("descriptors say what the tables say: REST paths, signers, amino names", async (t) => {
  const { descriptors } = app.router;
  const text = (symbol: string) =>
    Buffer.from(descriptors.fileBytes(descriptors.fileOfSymbol(symbol) ?? "") ?? []).toString(
      "latin1",
    );
  t.match(text("cosmos.bank.v1beta1.Query"), "/cosmos/bank/v1beta1/supply/by_denom");
  t.match(text("cosmos.bank.v1beta1.MsgSend"), "cosmos-sdk/MsgSend");
  // Option 11110000, a text: the bytes that a dynamic client finds the signer by.
  const signer = concat(uvarint(11_110_000 * 8 + 2), lengthPrefixed(utf8("from_address")));
  t.match(text("cosmos.bank.v1beta1.MsgSend"), Buffer.from(signer).toString("latin1"));
  t.match(text("cosmos.bank.v1beta1.MsgSend"), "cosmos/msg/v1/msg.proto");
  t.match(text("cosmos.bank.v1beta1.Query"), "google/api/annotations.proto");
});

t.test(
  "cosmos.base.reflection: interfaces, implementations, descriptors of the chain",
  async (t) => {
    const base = "/cosmos/base/reflection/v1beta1";
    const { body } = await app.get(`${base}/interfaces`);
    const names = (body as unknown as { interface_names: string[] }).interface_names;
    for (const name of ["cosmos.base.v1beta1.Msg", "cosmos.crypto.PubKey"])
      t.ok(names.includes(name));
    const found = await app.get(`${base}/interfaces/cosmos.base.v1beta1.Msg/implementations`);
    const types = (found.body as unknown as { implementation_message_names: string[] })
      .implementation_message_names;
    t.ok(types.includes("/cosmos.bank.v1beta1.MsgSend"));
    t.same(types, [...types].sort());
    t.match((await app.get(`${base}/app_descriptor/chain`)).body, {
      chain: { id: "gonka-test-1" },
    });
    t.match((await app.get(`${base}/app_descriptor/configuration`)).body, {
      config: { bech32_account_address_prefix: "gonka" },
    });
    t.match((await app.get(`${base}/app_descriptor/authn`)).body, {
      authn: { sign_modes: [{ name: "SIGN_MODE_DIRECT", number: 1 }, { number: 127 }] },
    });
    for (const name of ["codec", "query_services", "tx_descriptor"]) {
      t.equal((await app.get(`${base}/app_descriptor/${name}`)).status, 200, name);
    }
  },
);
