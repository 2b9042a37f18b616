/**
 * REST and gRPC where CometBFT makes the blocks: they read and broadcast through its RPC. The RPC
 * is a fake with the answers of CometBFT 0.38.26 (test/vectors/comet/external.json); with the real
 * one it is `npm run test:comet`. Texts of refusals that were not recorded are those of cometbft
 * v0.38 mempool/errors.go, rpc/core/tx.go and rpc/core/env.go.
 */
import { GetTxRequest, GetTxResponse } from "cosmjs-types/cosmos/tx/v1beta1/service";
import t from "tap";
import { GrpcServer } from "../../../src/api/grpc/server.ts";
import { RestServer } from "../../../src/api/rest.ts";
import { Router } from "../../../src/api/router.ts";
import { fromBase64, fromHex, toBase64, toUpperHex } from "../../../src/encoding/bytes.ts";
import { cometBackend } from "../../../src/node/external/comet-backend.ts";
import { CometClient } from "../../../src/node/external/comet-client.ts";
import { readBlock, readTx } from "../../../src/node/external/comet-json.ts";
import { type Fields, readFields, readList } from "../../../src/types/json/fields.ts";
import { readValidator, validatorSetOf } from "../../../src/types/json/light-block.ts";
import { AppChain, chainId } from "../../support/app-chain.ts";
import { type Answer, answerOf, FakeComet, recorded, refusal } from "../../support/fake-comet.ts";
import { RawGrpcClient } from "../../support/grpc-client.ts";
import { byteStrings, Noise } from "../../support/noise.ts";

const comet = new FakeComet();
const port = await comet.listen();
const { app } = await startApp();
const client = new CometClient(
  { host: "127.0.0.1", port },
  { timeoutMs: 700, maxAnswerBytes: 100_000 },
);
const router = new Router(cometBackend(app, client, { minimumGasPrices: "1ngonka" }));
const rest = new RestServer(router, {
  ...{ maxBodyBytes: 1_000_000, maxConnections: 100, maxGrpcMessageBytes: undefined },
  ...{ origins: "any", page: "none" },
});
const url = `http://127.0.0.1:${await rest.start({ host: "127.0.0.1", port: 0 })}`;
const grpc = new GrpcServer(router, { maxReceiveBytes: 100_000, maxSendBytes: 1_000_000 });
const grpcClient = new RawGrpcClient(await grpc.start({ host: "127.0.0.1", port: 0 }));
t.teardown(async () => {
  grpcClient.close();
  await Promise.all([rest.stop(), grpc.stop(), comet.close()]);
});

/** Five blocks: those of CometBFT are at least as many. */
async function startApp(): Promise<AppChain> {
  const chain = await AppChain.start();
  for (let height = 0; height < 5; height++) await chain.block();
  return chain;
}

interface Heard {
  readonly status: number;
  readonly body: Fields;
}

async function ask(path: string, body?: object): Promise<Heard> {
  const init = body && { method: "POST", body: JSON.stringify(body) };
  const response = await fetch(url + path, init);
  return { status: response.status, body: (await response.json()) as Fields };
}

/** While the test runs, CometBFT answers this method so. */
async function answering<T>(method: string, answer: Answer, run: () => Promise<T>): Promise<T> {
  comet.instead.set(method, () => answer);
  try {
    return await run();
  } finally {
    comet.instead.delete(method);
  }
}

/** What stands at a path of names. */
const at = (value: unknown, path: string): unknown =>
  path.split(".").reduce((inner: unknown, name) => readFields(inner)?.[name], value);
const resultOf = (name: string): Fields => readFields(recorded[name]?.body.result) ?? {};
const txs = "/cosmos/tx/v1beta1/txs";
const base = "/cosmos/base/tendermint/v1beta1";
const broadcast = (tx = "AQ==") => ask(txs, { tx_bytes: tx, mode: "BROADCAST_MODE_SYNC" });
const hash = "DD584493CE815CC2F78602AF953CF2B893F00280919DB43CBE0D9ABF8139F4CA";

t.test("the node is CometBFT's, the application is this program", async (t) => {
  const { body } = await ask(`${base}/node_info`);
  t.match(body, {
    default_node_info: { network: chainId, version: "0.38.26", moniker: "vm" },
    application_version: { app_name: "gonkad" },
  });
  t.same((await ask(`${base}/syncing`)).body, { syncing: false });
  const status = await ask("/cosmos/base/node/v1beta1/status");
  t.match(status.body, { height: "5", earliest_store_height: "1" });
});

t.test("broadcasts go to CometBFT's mempool, with its answer", async (t) => {
  const tx = recorded.accepted?.params.tx as string;
  const sent = await broadcast(tx);
  t.match(sent, { status: 200, body: { tx_response: { code: 0, txhash: hash, raw_log: "" } } });
  t.same(comet.calls.at(-1), { method: "broadcast_tx_sync", params: { tx } });
  const cases: readonly [Answer, object][] = [
    [answerOf("wrong sequence"), { code: 32, codespace: "sdk", raw_log: /expected 1, got 0/ }],
    [answerOf("malformed"), { code: 2, codespace: "sdk", raw_log: /tx parse error/ }],
    [refusal("tx already exists in cache"), { code: 19, codespace: "sdk" }],
    [
      refusal("mempool is full: number of txs 5 (max: 5), total txs bytes 9 (max: 9)"),
      { code: 20 },
    ],
    [refusal("Tx too large. Max size is 1048576, but got 1048577"), { code: 21 }],
    [answerOf("too long"), { code: 21, raw_log: /request body too large/ }],
    [answerOf("accepted").replace('"code":0', '"code":4294967295'), { code: 4_294_967_295 }],
  ];
  for (const [answer, expected] of cases) {
    const { status, body } = await answering("broadcast_tx_sync", answer, () => broadcast());
    t.equal(status, 200);
    t.match(body.tx_response, expected);
  }
  const asynchronous = await ask(txs, { tx_bytes: "AQ==", mode: "BROADCAST_MODE_ASYNC" });
  t.match(asynchronous.body, { tx_response: { code: 0, txhash: /^[0-9A-F]{64}$/ } });
});

t.test("a transaction, over REST and gRPC alike", async (t) => {
  const { status, body } = await ask(`${txs}/${hash}`);
  t.equal(status, 200);
  const theirs = resultOf("tx");
  const said = { height: theirs.height, txhash: hash, code: 0, timestamp: "2026-11-23T02:48:59Z" };
  t.match(body.tx_response, said);
  for (const field of ["gas_used", "gas_wanted", "events"]) {
    t.same(at(body, `tx_response.${field}`), at(theirs, `tx_result.${field}`), field);
  }
  const request = GetTxRequest.encode({ hash }).finish();
  const reply = await grpcClient.call("/cosmos.tx.v1beta1.Service/GetTx", request);
  const decoded = GetTxResponse.decode(reply.response).txResponse;
  t.match(decoded, { height: BigInt(String(theirs.height)), txhash: hash, code: 0 });
  const failed = await answering("tx", answerOf("failed tx"), () => ask(`${txs}/${hash}`));
  t.match(failed.body.tx_response, { code: 5, raw_log: /insufficient funds/, data: "" });
  const none = await answering("tx", answerOf("no such tx"), () => ask(`${txs}/${hash}`));
  t.match(none, { status: 404, body: { code: 5, message: /tx not found/ } });
  const off = refusal("transaction indexing is disabled");
  const noIndex = await answering("tx", off, () => ask(`${txs}/${hash}`));
  t.match(noIndex, { status: 500, body: { code: 13, message: /indexing is disabled/ } });
});

t.test("searches: pages, order, what is past the end, what cannot be parsed", async (t) => {
  const query = "message.action='/cosmos.bank.v1beta1.MsgSend'";
  const search = (rest: string) => ask(`${txs}?query=${encodeURIComponent(query)}&${rest}`);
  const first = await search("limit=1&page=1");
  t.match(first, { status: 200, body: { total: "1", tx_responses: [{ txhash: hash }] } });
  const asked = { query, prove: false, per_page: "1", order_by: "desc", page: "1" };
  await search("limit=1&page=1&order_by=ORDER_BY_DESC");
  t.same(comet.calls.filter(({ method }) => method === "tx_search").at(-1)?.params, asked);
  const past = await search("limit=1&page=9");
  t.match(past, { status: 200, body: { total: "1", tx_responses: [] } });
  const none = await ask(`${txs}?query=${encodeURIComponent("tx.height=999999")}&limit=1`);
  t.match(none, { status: 200, body: { total: "0", tx_responses: [] } });
  const bad = await ask(`${txs}?query=%3D&limit=1`);
  t.match(bad, { status: 400, body: { code: 3, message: "offset 0: got = operator, wanted tag" } });
});

t.test("blocks with CometBFT's ids and hashes; heights that it has not", async (t) => {
  const { status, body } = await ask(`${base}/blocks/3`);
  t.equal(status, 200);
  const theirs = resultOf("block 3");
  t.equal(toUpperHex(fromBase64(String(at(body, "block_id.hash")))), at(theirs, "block_id.hash"));
  t.same(at(body, "block.data"), at(theirs, "block.data"));
  const appHash = fromHex(String(at(theirs, "block.header.app_hash")).toLowerCase());
  t.equal(at(body, "block.header.app_hash"), toBase64(appHash));
  t.match(await ask(`${base}/blocks/1000000`), { status: 400, body: { code: 3 } });
  const pruned = refusal("height 2 is not available, lowest height is 4");
  const gone = await answering("block", pruned, () => ask(`${base}/blocks/2`));
  t.match(gone, { status: 404, body: { code: 5 } });
  const withTxs = await ask(`${txs}/block/3`);
  t.match(withTxs.body, { pagination: { total: "1" }, txs: [{ body: { memo: "" } }] });
});

t.test("validators: all pages, and no set that cannot be one", async (t) => {
  const one = await ask(`${base}/validatorsets/1`);
  t.match(one.body, { pagination: { total: "1" }, validators: [{ voting_power: "1000000" }] });
  const [entry] = readList(resultOf("validators").validators) ?? [];
  const page = (count: number, total: number) =>
    JSON.stringify({ result: { validators: Array(count).fill(entry), total: String(total) } });
  const cases: readonly [string, string][] = [
    ["the same one twice", page(2, 2)],
    ["an empty page", page(0, 5)],
    ["no end", page(1, 1_000_000)],
    ["an address of another key", page(1, 1).replace(/"address":"../, '"address":"00')],
    ["a power below zero", page(1, 1).replace('"1000000"', '"-1"')],
    ["power beyond all bounds", page(1, 1).replace('"1000000"', '"9223372036854775807"')],
  ];
  for (const [what, answer] of cases) {
    const heard = await answering("validators", answer, () => ask(`${base}/validatorsets/1`));
    t.match(heard, { status: 500, body: { code: 13, message: /cannot be read/ } }, what);
  }
});

/** One question for every method of CometBFT's that is called. */
const questions: Readonly<Record<string, () => Promise<Heard>>> = {
  status: () => ask(`${base}/node_info`),
  header: () => ask("/cosmos/base/node/v1beta1/status"),
  tx: () => ask(`${txs}/${hash}`),
  tx_search: () => ask(`${txs}?query=a.b%3D1`),
  block: () => ask(`${base}/blocks/3`),
  validators: () => ask(`${base}/validatorsets/1`),
  broadcast_tx_sync: () => broadcast(),
};
const isTyped = ({ body }: Heard): boolean =>
  Number.isInteger(body.code) && typeof body.message === "string";

t.test(
  "what is no answer is told as one: 503 without JSON-RPC, 500 when it cannot be read",
  async (t) => {
    const noRpc = [
      "",
      "<html>",
      "null",
      "[]",
      "5",
      "{}",
      '{"result":null}',
      '{"error":"x"}',
      '{"re',
    ];
    for (const [method, question] of Object.entries(questions)) {
      for (const answer of noRpc) {
        const heard = await answering(method, answer, question);
        t.match(heard, { status: 503, body: { code: 14 } }, `${method}: ${answer}`);
      }
      if (method === "status") continue; // Whatever it says of itself is passed on.
      const unread = await answering(method, '{"result":{"txs":5,"code":"x"}}', question);
      t.match(unread, { status: 500, body: { code: 13, message: /cannot be read/ } }, method);
      const refused = await answering(method, '{"error":{"code":-1,"data":{"a":1}}}', question);
      t.ok(refused.status === 200 || isTyped(refused), `${method}: an error without a text`);
    }
  },
);

t.test("silence, a cut, too much, and nobody there: 503, and then it goes on", async (t) => {
  const silent = (): void => undefined;
  const cuts: readonly [string, Answer][] = [
    ["silence", silent],
    ["half a body, then silence", (response) => void response.write('{"result":')],
    [
      "a cut",
      (response) => {
        response.writeHead(200, { "content-length": "100" });
        response.write("{", () => response.destroy());
      },
    ],
    ["more than the limit", `{"result":{"x":"${"x".repeat(100_000)}"}}`],
  ];
  for (const [what, answer] of cuts) {
    const heard = await answering("block", answer, () => ask(`${base}/blocks/3`));
    t.match(heard, { status: 503, body: { code: 14, message: /does not answer/ } }, what);
  }
  const closed = new FakeComet();
  const free = await closed.listen();
  await closed.close();
  const limits = { timeoutMs: 700, maxAnswerBytes: 1_000 };
  const nobody = new CometClient({ host: "127.0.0.1", port: free }, limits);
  await t.rejects(nobody.call("status"), { code: 14 });
  t.equal((await ask(`${base}/blocks/3`)).status, 200);
});

t.test(`${byteStrings} damaged answers are read or not, and nothing is thrown`, async (t) => {
  const noise = new Noise(t, 40);
  const readers: readonly [name: string, read: (result: unknown) => unknown][] = [
    ["tx", readTx],
    ["failed tx", readTx],
    ["block 3", (result) => readBlock(readFields(result) ?? {})],
    [
      "validators",
      (result) => {
        const members = readList(readFields(result)?.validators)?.map(readValidator) ?? [];
        return validatorSetOf(members.filter((member) => member !== undefined));
      },
    ],
  ];
  for (const [name, read] of readers) {
    t.ok(read(resultOf(name)), `${name} as it came`);
    let readable = 0;
    for (let i = 0; i < byteStrings; i++) {
      const damaged = noise.json(resultOf(name), 0.02);
      try {
        if (read(damaged) !== undefined) readable++;
      } catch (error) {
        t.fail(`SEED=${noise.seed}: ${error}: ${JSON.stringify(damaged)}`);
      }
    }
    t.ok(readable > 20 && readable < byteStrings, `${name}: ${readable} can be read`);
  }
});
