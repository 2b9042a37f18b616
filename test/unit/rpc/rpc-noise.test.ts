/**
 * Noise into what clients of the RPC send: bodies, requests, paths with parameters, and raw bytes
 * on the port. Every answer is a JSON-RPC error that says what is wrong, or a result. The websocket
 * and the query language have theirs beside their tests; spec/decoders.md lists them all.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { connect } from "node:net";
import { Readable } from "node:stream";
import t from "tap";
import { utf8 } from "../../../src/encoding/bytes.ts";
import { offeredMethods } from "../../../src/rpc/calls.ts";
import { answerHttp } from "../../../src/rpc/http.ts";
import { byteStrings, Noise } from "../../support/noise.ts";
import { type Reply, type RpcChain, startRpcChain } from "../../support/rpc-chain.ts";

let rpc: RpcChain;
t.before(async () => {
  rpc = await startRpcChain();
  for (let height = 1; height <= 3; height++) await rpc.chain.advance();
});
t.teardown(() => rpc.stop());

interface Heard {
  readonly status: number;
  readonly text: string;
}

/** What the server answers, without a socket between. */
async function ask(url: string, body: string | Uint8Array = ""): Promise<Heard> {
  const fields = { url, method: body.length > 0 ? "POST" : "GET", headers: {} };
  const request = Object.assign(Readable.from(body.length > 0 ? [Buffer.from(body)] : []), fields);
  let [status, text] = [0, ""];
  const response = {
    headersSent: false,
    setHeader: () => undefined,
    writeHead: (code: number) => {
      status = code;
    },
    end: (said: string) => {
      text = said;
    },
    destroy: () => undefined,
  };
  const { context } = rpc.server;
  await answerHttp(context, request as IncomingMessage, response as unknown as ServerResponse);
  return { status, text };
}

/** Bugs show as texts of the language, not of this program. */
const bug = /Cannot (read|convert|mix)|of undefined|not a function|not iterable|is not defined/;
const codes = new Set([-32700, -32600, -32601, -32602, -32603]);

/** What is wrong with an answer; undefined when it is one. */
function fault({ status, text }: Heard): string | undefined {
  if (text === "" || text.startsWith("<html>")) return status === 200 ? undefined : `${status}`;
  if (text === "404 page not found\n" || text === "Bad Request\n") return undefined;
  const answer = JSON.parse(text) as Reply | Reply[];
  const answers = Array.isArray(answer) ? answer : [answer];
  for (const { error, result } of answers) {
    if (!error && result === undefined) return "neither a result nor an error";
    if (error && (!codes.has(error.code) || bug.test(error.data ?? ""))) return text;
  }
  const mayFail = answers.some(({ error }) => error);
  return status === 200 || (status === 500 && mayFail) ? undefined : `${status} ${text}`;
}

const request = (method: string, params: unknown) => ({ jsonrpc: "2.0", id: 1, method, params });

t.test(`${byteStrings} bodies`, async (t) => {
  const noise = new Noise(t, 19);
  const samples = [
    request("block", { height: "2" }),
    request("abci_query", ["/a", "6b", "0", false]),
    [request("health", {}), request("tx", { hash: "AAAA" })],
    request("broadcast_evidence", { evidence: { type: "x", value: {} } }),
  ].map((each) => utf8(JSON.stringify(each)));
  for (const sample of samples) t.match(await ask("/", sample), { text: /"jsonrpc":"2.0"/ });
  let refused = 0;
  for (const body of noise.strings(samples)) {
    const heard = await ask("/", body);
    const why = fault(heard);
    if (why !== undefined) t.fail(`SEED=${noise.seed}: ${Buffer.from(body)}: ${why}`);
    if (heard.text.includes("-32700")) refused++;
  }
  t.ok(refused > byteStrings / 4 && refused < byteStrings, `${refused} are no request`);
});

const values: readonly unknown[] = [
  ...[null, 0, -1, 1.5, "", "1", "2", "0x", "zz", true, [], {}, [[]], { a: { b: 1 } }, "1e9"],
  ...["AAAA", "a='b'", "tx.height=2", "9".repeat(30), "\u0000", "/store/x/key", "asc"],
];

t.test(`${byteStrings} requests to every method`, async (t) => {
  const noise = new Noise(t, 20);
  const methods = Object.entries(offeredMethods(rpc.server.context));
  const seen = new Set<number | undefined>();
  for (let i = 0; i < byteStrings; i++) {
    const [name, method] = noise.pick(methods);
    const named = method.params.map(([param]) => [param, noise.pick(values)]);
    const positional = Array.from({ length: noise.below(5) }, () => noise.pick(values));
    const params = noise.pick([Object.fromEntries(named), positional, noise.pick(values)]);
    const heard = await ask("/", JSON.stringify(request(noise.pick([name, name, "x"]), params)));
    const why = fault(heard);
    if (why !== undefined) t.fail(`SEED=${noise.seed}: ${name} ${JSON.stringify(params)}: ${why}`);
    seen.add((JSON.parse(heard.text) as Reply).error?.code);
  }
  t.same(seen, new Set([undefined, -32601, -32602, -32603]));
});

t.test(`${byteStrings} paths with parameters`, async (t) => {
  const noise = new Noise(t, 21);
  const methods = Object.entries(offeredMethods(rpc.server.context));
  const spelt = [
    ...values.map(String),
    '"x"',
    "0xabcd",
    "0xA",
    '"tm.event EXISTS"',
    "[",
    "%",
    "%zz",
    "%00",
  ];
  let answered = 0;
  for (let i = 0; i < byteStrings; i++) {
    const [name, method] = noise.pick(methods);
    const query = method.params.map(([param]) => `${param}=${noise.pick(spelt)}`).join("&");
    const path = `/${name}?${query}`;
    const damaged = Buffer.from(noise.damaged(Buffer.from(path))).toString("latin1");
    const heard = await ask(i % 3 === 0 ? `/${damaged}` : path);
    const why = fault(heard);
    if (why !== undefined) t.fail(`SEED=${noise.seed}: ${path}: ${why}`);
    if (heard.status === 200) answered++;
  }
  t.ok(answered > 300 && answered < byteStrings * 0.9, `${answered} answered`);
});

t.test("over the wire: what is no HTTP is refused, and the server goes on", async (t) => {
  const noise = new Noise(t, 22);
  const lines = ["GET // HTTP/1.1", "GET http:// HTTP/1.1", "GET \\ HTTP/1.1", "\0\0\0"];
  const rest = "\r\nHost: x\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n";
  const whole = lines.map((line) => utf8(`${line}${rest}`));
  for (const bytes of [...whole, ...noise.strings(whole, 200)]) {
    await new Promise<void>((resolve) => {
      const socket = connect(rpc.port, "127.0.0.1", () => {
        socket.end(bytes);
      });
      socket.on("data", () => undefined).on("error", () => resolve());
      socket.on("close", () => resolve());
    });
  }
  const deep = `${"[".repeat(400_000)}${"]".repeat(400_000)}`;
  const { json } = await rpc.post(`{"id":1,"method":"block","params":[${deep}]}`);
  t.equal(json.error?.code, -32602);
  t.equal((await rpc.get("/health")).status, 200);
});
