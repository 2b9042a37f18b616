/** The ABCI socket server: framing, flush, order, limits, failures. spec/abci.md, "Socket". */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { DeepPartial } from "cosmjs-types/helpers";
import { Request } from "cosmjs-types/tendermint/abci/types";
import t, { type Test } from "tap";
import { parseSocketAddress } from "../../../src/abci-server/address.ts";
import { decodeRequest, ProtocolError } from "../../../src/abci-server/dispatch.ts";
import { FrameError, FrameReader, frame } from "../../../src/abci-server/frames.ts";
import { SocketServer } from "../../../src/abci-server/server.ts";
import { utf8 } from "../../../src/encoding/bytes.ts";
import { uvarint } from "../../../src/encoding/varint.ts";
import { KvStore } from "../../../src/kvstore/application.ts";
import { MemoryDb } from "../../../src/store/memory-db.ts";
import { AbciClient } from "../../support/abci-client.ts";
import { byteStrings } from "../../support/noise.ts";
import { prng } from "../../support/prng.ts";

const host = "127.0.0.1";
const log = { debug: () => undefined, info: () => undefined, error: () => undefined };

async function serve(t: Test, app?: KvStore) {
  const failures: unknown[] = [];
  const fatal = (error: unknown) => void failures.push(error);
  const server = new SocketServer({ app: app ?? (await KvStore.open(new MemoryDb())), log, fatal });
  const port = await server.start({ host, port: 0 });
  t.teardown(() => server.stop());
  const client = await AbciClient.connect({ host, port });
  t.teardown(() => client.end());
  return { server, port, client, failures };
}

t.test("answers wait for Flush and come in order, Flush included", async (t) => {
  const { client } = await serve(t);
  client.send({ echo: { message: "a" } }, { echo: { message: "b" } });
  await new Promise((resolve) => setTimeout(resolve, 50));
  t.same(client.responses, [], "nothing before the Flush");
  client.send({ flush: {} }, { echo: { message: "c" } }, { flush: {} });
  const answers = await client.received(5);
  t.same(
    answers.map((answer) => answer.echo?.message ?? (answer.flush ? "flush" : "?")),
    ["a", "b", "flush", "c", "flush"],
  );
});

t.test("a message may come byte by byte, and many in one piece", async (t) => {
  const { client } = await serve(t);
  const bytes = [{ echo: { message: "x".repeat(300) } }, { flush: {} }].flatMap((request) => [
    ...frame(Request.encode(Request.fromPartial(request)).finish()),
  ]);
  for (const byte of bytes) {
    client.socket.write(Uint8Array.of(byte));
    await new Promise((resolve) => setImmediate(resolve));
  }
  t.equal((await client.received(2))[0]?.echo?.message.length, 300);
  const many = Array.from({ length: 2000 }, (_, n) => ({ echo: { message: String(n) } }));
  client.send(...many, { flush: {} });
  const answers = (await client.received(2003)).slice(2, -1);
  t.ok(answers.every(({ echo }, n) => echo?.message === String(n)));
});

t.test("every call of the protocol reaches the application", async (t) => {
  const { client } = await serve(t);
  const block = { txs: [utf8("k=v")], height: 1n };
  const names = async (request: DeepPartial<Request>) =>
    Object.entries(await client.call(request))
      .filter(([, value]) => value !== undefined)
      .map(([name]) => name);
  const calls: DeepPartial<Request>[] = [
    { echo: { message: "" } },
    { info: {} },
    { initChain: {} },
    { checkTx: { tx: utf8("k=v"), type: 0 } },
    { prepareProposal: block },
    { processProposal: block },
    { extendVote: {} },
    { verifyVoteExtension: {} },
    { finalizeBlock: block },
    { commit: {} },
    { query: { data: utf8("k") } },
    { listSnapshots: {} },
    { offerSnapshot: {} },
    { loadSnapshotChunk: {} },
    { applySnapshotChunk: {} },
  ];
  for (const call of calls) t.same(await names(call), Object.keys(call));
  t.equal(calls.length, 15, "and flush, which each of them was followed by");
});

t.test("no call runs while another connection's Commit is on its way to the disk", async (t) => {
  class SlowStore extends MemoryDb {
    release: () => void = () => undefined;
    override async batch(...args: Parameters<MemoryDb["batch"]>) {
      await new Promise<void>((resolve) => {
        this.release = resolve;
      });
      return super.batch(...args);
    }
  }
  const db = new SlowStore();
  const { client, port } = await serve(t, await KvStore.open(db));
  await client.call({
    finalizeBlock: { height: 1n },
  });
  const other = await AbciClient.connect({ host, port });
  t.teardown(() => other.end());
  client.send({ commit: {} }, { flush: {} });
  await new Promise((resolve) => setTimeout(resolve, 30));
  other.send({ info: {} }, { flush: {} });
  await new Promise((resolve) => setTimeout(resolve, 30));
  t.same(other.responses, [], "Info waits");
  db.release();
  t.equal((await other.received(2))[0]?.info?.lastBlockHeight, 1n);
});

t.test("what is no request gets an exception and its connection ends", async (t) => {
  const { client, port, failures } = await serve(t);
  const hostile: [string, Uint8Array, RegExp][] = [
    ["no call in it", frame(new Uint8Array()), /unknown request from client/],
    ["no protobuf", frame(Uint8Array.of(0xff, 0xff, 0xff)), /error reading message/],
    ["too long", uvarint(2n ** 40n), /1099511627776 bytes, at most \d+ allowed/],
    ["no varint", new Uint8Array(11).fill(0xff), /no varint/],
  ];
  for (const [name, bytes, expected] of hostile) {
    const bad = await AbciClient.connect({ host, port });
    bad.socket.write(bytes);
    const answers = await bad.closed();
    t.match(answers[0]?.exception?.error, expected, name);
  }
  t.same(failures, [], "the application is not to blame");
  t.equal((await client.call({ echo: { message: "still" } })).echo?.message, "still");
});

t.test("a failure of the application stops everything", async (t) => {
  class Broken extends MemoryDb {
    override async batch(): Promise<void> {
      throw new Error("the disk is full");
    }
  }
  const { client, port, failures } = await serve(t, await KvStore.open(new Broken()));
  const other = await AbciClient.connect({ host, port });
  t.teardown(() => other.end());
  await client.call({
    finalizeBlock: { height: 1n },
  });
  client.send({ commit: {} });
  const answers = await client.closed();
  t.equal(answers.at(-1)?.exception?.error, "the disk is full");
  t.match(failures, [{ message: "the disk is full" }], "told once");
  other.send({ info: {} }, { flush: {} });
  t.match((await other.closed())[0]?.exception?.error, /the application has failed/);
  t.equal(failures.length, 1);
});

t.test("it listens on a unix socket, also where a killed one left its file", async (t) => {
  const file = path.join(mkdtempSync(path.join(tmpdir(), "abci-")), "app.sock");
  for (let start = 0; start < 2; start++) {
    const parts = { app: await KvStore.open(new MemoryDb()), log, fatal: () => undefined };
    const server = new SocketServer(parts);
    t.equal(await server.start({ path: file }), 0);
    const client = await AbciClient.connect({ path: file });
    t.equal((await client.call({ echo: { message: "u" } })).echo?.message, "u");
    client.end();
    await server.stop();
  }
});

t.test("addresses", async (t) => {
  t.same(parseSocketAddress("tcp://127.0.0.1:26658"), { host: "127.0.0.1", port: 26658 });
  t.same(parseSocketAddress("0.0.0.0:1"), { host: "0.0.0.0", port: 1 });
  t.same(parseSocketAddress("tcp://[::1]:26658"), { host: "::1", port: 26658 });
  t.same(parseSocketAddress("unix:///tmp/app.sock"), { path: "/tmp/app.sock" });
  for (const bad of ["", "tcp://", "unix://", "tcp://a", "tcp://a:70000", "http://a:1"]) {
    t.equal(parseSocketAddress(bad), undefined, bad);
  }
});

t.test(`${byteStrings} random byte strings are read or refused`, async (t) => {
  const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
  t.comment(`SEED=${seed}`);
  const random = prng(seed);
  const below = (limit: number) => Math.floor(random() * limit);
  const valid = Request.encode(
    Request.fromPartial({ finalizeBlock: { txs: [utf8("a=b")], height: 5n } }),
  ).finish();
  let [read, refused] = [0, 0];
  for (let round = 0; round < byteStrings; round++) {
    const bytes =
      round % 2 === 0 ? Uint8Array.from({ length: below(200) }, () => below(256)) : valid.slice();
    for (let flips = below(4); flips > 0 && bytes.length > 0; flips--) {
      bytes[below(bytes.length)] = below(256);
    }
    try {
      decodeRequest(bytes);
      read++;
    } catch (error) {
      if (!(error instanceof ProtocolError)) throw error;
      refused++;
    }
    const reader = new FrameReader(1000);
    reader.push(bytes);
    try {
      for (let message = reader.next(); message; message = reader.next()) read++;
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      refused++;
    }
  }
  t.ok(read > 1000 && refused > 1000, `${read} read, ${refused} refused`);
});
