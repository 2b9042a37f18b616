/**
 * The websocket's life: spec/rpc.md §4. Behaviour from cometbft v0.38 rpc/jsonrpc/server/
 * ws_handler.go, rpc/core/events.go, types/event_bus.go and the events in tendermint-rs
 * kvstore_fixtures/v0_38 (subscribe_newblock, subscribe_txs, subscribe_malformed).
 */
import t from "tap";
import { WebSocket } from "ws";
import { toBase64, utf8 } from "../../../src/encoding/bytes.ts";
import { byteStrings } from "../../support/noise.ts";
import { prng } from "../../support/prng.ts";
import { type Reply, type RpcChain, startRpcChain } from "../../support/rpc-chain.ts";
import { until } from "../../support/until.ts";

let rpc: RpcChain;
t.beforeEach(async () => {
  rpc = await startRpcChain();
});
t.afterEach(() => rpc.stop());

/** A client that keeps what it hears. */
class Client {
  readonly heard: Reply[] = [];
  readonly socket: WebSocket;
  #next = 0;
  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on("message", (data) => this.heard.push(JSON.parse(String(data)) as Reply));
  }

  static async open(): Promise<Client> {
    const socket = new WebSocket(`ws://127.0.0.1:${rpc.port}/websocket`);
    const client = new Client(socket);
    await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
    return client;
  }

  /** Sends a frame and takes the next answer to it, events apart. */
  async ask(method: string, params?: unknown, id = `ask ${this.#next++}`): Promise<Reply> {
    this.socket.send(JSON.stringify({ jsonrpc: "2.0", id, method, params }));
    await until(() => this.answers(id).length > 0);
    return this.answers(id)[0]!;
  }

  answers(id: string): Reply[] {
    return this.heard.filter((reply) => reply.id === id);
  }

  async subscribe(query: string, id?: string): Promise<Reply> {
    return this.ask("subscribe", { query }, id);
  }

  close(): Promise<void> {
    this.socket.close();
    return until(() => this.socket.readyState === WebSocket.CLOSED);
  }
}

interface Event {
  readonly query: string;
  readonly data: { readonly type: string; readonly value: object };
  readonly events: Record<string, string[]>;
}
const eventsOf = (client: Client, id: string): Event[] =>
  client
    .answers(id)
    .slice(1)
    .map(({ result }) => result as unknown as Event);

t.test("subscribe answers {} first, then events come under the same id, in order", async (t) => {
  const client = await Client.open();
  t.same(await client.subscribe("tm.event = 'NewBlock'", "blocks"), {
    jsonrpc: "2.0",
    id: "blocks",
    result: {},
  });
  await client.subscribe("tm.event='Tx'", "txs");
  await client.subscribe("tm.event EXISTS", "all");
  await rpc.chain.advance([utf8("tx0=value"), utf8("tx1=value")]);
  await until(() => eventsOf(client, "all").length === 5);
  t.same(
    eventsOf(client, "all").map(({ data }) => data.type.replace("tendermint/event/", "")),
    ["NewBlock", "NewBlockHeader", "NewBlockEvents", "Tx", "Tx"],
  );
  const [block] = eventsOf(client, "blocks");
  t.equal(block?.query, "tm.event = 'NewBlock'", "as the client wrote it");
  t.same(block?.events, { "tm.event": ["NewBlock"] });
  t.match(block?.data.value, {
    block: { header: { height: "1" } },
    block_id: { parts: { total: 1 } },
    result_finalize_block: { app_hash: "BAAAAAAAAAA=", validator_updates: [] },
  });
  const [first, second] = eventsOf(client, "txs");
  const text = (key: string, value: string, index: boolean) => ({ key, value, index });
  const attributes = (creator: string, key: string) => [
    text("creator", creator, true),
    text("key", key, true),
    text("index_key", "index is working", true),
    text("noindex_key", "index is working", false),
  ];
  t.same(first?.data.value, {
    TxResult: {
      height: "1",
      tx: "dHgwPXZhbHVl",
      result: {
        events: [
          { type: "app", attributes: attributes("Cosmoshi Netowoko", "tx0") },
          { type: "app", attributes: attributes("Cosmoshi", "value") },
        ],
      },
    },
  });
  t.same(first?.events, {
    "app.creator": ["Cosmoshi Netowoko", "Cosmoshi"],
    "app.index_key": ["index is working", "index is working"],
    "app.key": ["tx0", "value"],
    "app.noindex_key": ["index is working", "index is working"],
    "tm.event": ["Tx"],
    "tx.hash": ["FCB86F71C4EFF43E13C51FA12791F6DD1DDB8600A51131BE2289614D6882F6BE"],
    "tx.height": ["1"],
  });
  t.match(second?.data.value, { TxResult: { index: 1 } });
  await client.close();
});

t.test("all methods work here; what is found was indexed before it was announced", async (t) => {
  const client = await Client.open();
  await client.subscribe("tm.event='Tx'", "txs");
  t.same((await client.ask("health")).result, {});
  t.same((await client.ask("nothing")).error, { code: -32601, message: "Method not found" });
  t.match((await client.ask("block", { height: 1 })).error, {
    code: -32603,
    data: /^error converting json params to arguments: /,
  });
  const tx = toBase64(utf8("k=v"));
  const commit = client.ask("broadcast_tx_commit", [tx], "commit");
  const later = client.ask("health", {}, "later");
  await until(() => rpc.chain.mempool.size === 1);
  t.same(client.answers("later"), [], "frames are answered in order");
  await rpc.chain.advance();
  t.match((await commit).result, { height: "1" });
  t.same((await later).result, {});
  const found = await client.ask("tx_search", { query: "app.key = 'k'" });
  t.match(found.result, { total_count: "1" });
  await client.close();
});

t.test("subscriptions: malformed, twice, limits, unsubscribe", async (t) => {
  const client = await Client.open();
  const operators =
    "<= operator, >= operator, < operator, > operator, = operator, CONTAINS operator or EXISTS operator";
  t.same((await client.subscribe("malformed query")).error, {
    code: -32603,
    message: "Internal error",
    data: `failed to parse query: offset 10: got tag, wanted ${operators}`,
  });
  t.same((await client.subscribe("tm.event='Tx'")).result, {});
  t.equal((await client.subscribe("tm.event = 'Tx'")).error?.data, "already subscribed");
  for (let n = 0; n < 4; n++) await client.subscribe(`a.b = ${n}`);
  t.equal(
    (await client.subscribe("a.b = 5")).error?.data,
    "max_subscriptions_per_client 5 reached",
  );
  const long = `a.b = '${"x".repeat(600)}'`;
  const other = await Client.open();
  t.equal((await other.subscribe(long)).error?.data, "maximum query length exceeded");
  const missing = "subscription not found";
  t.equal((await other.ask("unsubscribe", { query: "a.b = 1" })).error?.data, missing);
  t.equal((await other.ask("unsubscribe_all")).error?.data, missing);
  t.same((await client.ask("unsubscribe", { query: "tm.event='Tx'" })).result, {});
  t.same((await client.ask("unsubscribe_all")).result, {});
  t.equal((await client.ask("unsubscribe_all")).error?.data, missing);
  await client.close();
  await other.close();
});

t.test("a hundred clients may subscribe; one that leaves makes room", async (t) => {
  const clients = await Promise.all(Array.from({ length: 101 }, () => Client.open()));
  const last = clients.pop()!;
  for (const client of clients) await client.subscribe("tm.event='Tx'");
  const refused = await last.subscribe("tm.event='Tx'");
  t.equal(refused.error?.data, "max_subscription_clients 100 reached");
  const commit = await last.ask("broadcast_tx_commit", { tx: toBase64(utf8("k=v")) });
  t.equal(commit.error?.data, "max_subscription_clients 100 reached");
  t.equal(rpc.chain.mempool.size, 0, "and was not broadcast");
  await clients[0]!.close();
  let second: Reply = {};
  await until(async () => {
    second = await last.subscribe("tm.event='Tx'");
    return second.error === undefined;
  });
  t.same(second.result, {});
  await Promise.all([last, ...clients].map((client) => client.close()));
});

t.test("a client that does not read loses its subscription, not the node", async (t) => {
  const slow = await Client.open();
  await slow.subscribe("tm.event='Big'", "big");
  slow.socket.pause();
  const { events } = rpc.server.context;
  const values = new Map([["tm.event", ["Big"]]]);
  const event = { data: () => ({ type: "big", value: "x".repeat(1_000_000) }), values };
  for (let sent = 0; sent < 64; sent++) {
    events.publish(event);
    await new Promise(setImmediate); // Where the frame is written.
  }
  slow.socket.resume();
  await until(() => slow.answers("big").some(({ error }) => error));
  t.same(slow.answers("big").at(-1)?.error, {
    code: -32000,
    message: "Server error",
    data: "subscription was canceled (reason: internal subscription event buffer is out of capacity)",
  });
  t.same((await slow.subscribe("tm.event='Tx'", "again")).result, {}, "it may try again");
  await slow.close();
});

t.test(
  `${byteStrings} frames of noise: an error each, or silence; then it still works`,
  async (t) => {
    const seed = Number(process.env.SEED ?? 4);
    t.comment(`SEED=${seed}`);
    const random = prng(seed);
    const client = await Client.open();
    const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
    const pieces = [
      "{",
      "}",
      "[",
      "]",
      '"id"',
      ":",
      "1",
      '"method"',
      '"block"',
      ",",
      "null",
      "\\u",
    ];
    const whole = ['{"id":1,"method":"subscribe"}', '[{"id":1,"method":"health"}]', '{"id":{}}'];
    for (let frame = 0; frame < byteStrings; frame++) {
      const noise = Array.from({ length: Math.floor(random() * 8) }, () => pick(pieces)).join("");
      const text = random() < 0.1 ? pick(whole) : noise;
      client.socket.send(random() < 0.5 ? text : Buffer.from(text));
    }
    t.same((await client.ask("health", {}, "end")).result, {});
    t.ok(client.heard.length > 5_000);
    const codes = new Set(client.heard.map(({ error }) => error?.code));
    for (const code of codes) {
      t.ok([undefined, -32700, -32601, -32603].includes(code), `seed ${seed}: ${code}`);
    }
    await client.close();
    t.same((await rpc.get("/health")).json.result, {});
  },
);

t.test("a frame over the limit closes its own connection only", async (t) => {
  const [large, other] = [await Client.open(), await Client.open()];
  large.socket.on("error", () => undefined);
  large.socket.send("x".repeat(1_200_000));
  await until(() => large.socket.readyState === WebSocket.CLOSED);
  t.same((await other.ask("health")).result, {});
  await other.close();
});

t.test("the node's stop closes the sockets", async (t) => {
  const client = await Client.open();
  client.socket.on("error", () => undefined);
  await client.subscribe("tm.event='Tx'");
  await rpc.stop();
  await until(() => client.socket.readyState === WebSocket.CLOSED);
  t.pass("closed");
});
