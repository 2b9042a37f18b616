/**
 * Messages, offers and chunks, spec/statesync.md. Restates cometbft v0.38.25 statesync/
 * {messages,snapshots,chunks}_test.go (TestStateSyncVectors, Best, Reject*, Next, Discard).
 */
import t from "tap";
import { fromHex, toHex, utf8 } from "../../../src/encoding/bytes.ts";
import { ChunkQueue } from "../../../src/statesync/chunk-queue.ts";
import { decodeMessage, encodeMessage, type Snapshot } from "../../../src/statesync/messages.ts";
import { SnapshotPool } from "../../../src/statesync/snapshot-pool.ts";
import { prng } from "../../support/prng.ts";

t.test("messages encode as CometBFT's [TestStateSyncVectors]", (t) => {
  const id = { height: 1n, format: 2, index: 3 };
  const snapshot = {
    height: 1n,
    format: 2,
    chunks: 3,
    hash: utf8("chuck hash"),
    metadata: utf8("snapshot metadata"),
  };
  const vectors: readonly [Parameters<typeof encodeMessage>[0], string][] = [
    [{ type: "snapshotsRequest" }, "0a00"],
    [
      { type: "snapshot", snapshot },
      "1225080110021803220a636875636b20686173682a11736e617073686f74206d65746164617461",
    ],
    [{ type: "chunkRequest", id }, "1a06080110021803"],
    [
      { type: "chunk", id, chunk: utf8("it's a chunk") },
      "2214080110021803220c697427732061206368756e6b",
    ],
  ];
  for (const [message, hex] of vectors) {
    t.equal(toHex(encodeMessage(message)), hex, message.type);
    t.same(decodeMessage(fromHex(hex)), message);
  }
  const missing = { type: "chunk", id, chunk: undefined } as const;
  t.same(decodeMessage(encodeMessage(missing)), missing);
  t.end();
});

t.test("foreign bytes are a message or nothing", (t) => {
  const bad: readonly [string, string][] = [
    ["", "nothing"],
    ["0a001a020801", "two messages"],
    ["12020801", "a snapshot without chunks and hash"],
    ["1a021003", "height 0"],
    ["22080801220161 2801".replace(" ", ""), "missing, and there"],
  ];
  for (const [hex, what] of bad) t.equal(decodeMessage(fromHex(hex)), undefined, what);
  for (let seed = 1; seed <= 2_000; seed++) {
    const random = prng(seed);
    const bytes = Uint8Array.from({ length: Math.floor(random() * 60) }, () => random() * 256);
    t.doesNotThrow(() => decodeMessage(bytes), `seed ${seed}`);
  }
  t.end();
});

const snapshotAt = (height: bigint, format = 1, text = "a"): Snapshot => ({
  height,
  format,
  chunks: 3,
  hash: utf8(text),
  metadata: new Uint8Array(0),
});

t.test("the newest snapshot is best, then format, then peers [SnapshotPool_Best]", (t) => {
  const pool = new SnapshotPool();
  t.equal(pool.best(), undefined);
  t.ok(pool.add("p", snapshotAt(1n, 9)));
  t.ok(pool.add("p", snapshotAt(2n, 1, "rare")));
  t.ok(pool.add("q", snapshotAt(2n, 1, "common")));
  t.ok(pool.add("r", snapshotAt(2n, 1, "common")));
  t.notOk(pool.add("r", snapshotAt(2n, 1, "common")), "known");
  t.same(pool.best(), snapshotAt(2n, 1, "common"));
  t.ok(pool.add("p", snapshotAt(2n, 2)));
  t.same(pool.best(), snapshotAt(2n, 2));
  pool.rejectFormat(2);
  t.notOk(pool.add("q", snapshotAt(3n, 2)), "never again");
  t.same(pool.best(), snapshotAt(2n, 1, "common"));
  t.same(pool.peersOf(snapshotAt(2n, 1, "common")), ["q", "r"]);
  pool.reject(snapshotAt(2n, 1, "common"));
  t.notOk(pool.add("s", snapshotAt(2n, 1, "common")));
  pool.rejectPeer("p");
  t.equal(pool.best(), undefined);
  t.notOk(pool.add("p", snapshotAt(9n)));
  for (let height = 1n; height < 30n; height++) pool.add("q", snapshotAt(height));
  t.notOk(pool.add("q", snapshotAt(99n)), "one peer fills no pool");
  pool.removePeer("q");
  t.equal(pool.best(), undefined);
  t.end();
});

t.test("chunks are asked for in a window, of who has least to do", (t) => {
  const queue = new ChunkQueue(6);
  const asked = queue.nextRequests(["a", "b"]);
  t.same(
    asked.map(({ index }) => index),
    [0, 1, 2, 3],
  );
  t.same(new Set(asked.map(({ peerId }) => peerId)), new Set(["a", "b"]));
  t.same(queue.nextRequests(["a", "b"]), []);
  const of = (index: number) => asked.find((each) => each.index === index)?.peerId ?? "";
  const chunk = utf8("x");
  t.notOk(queue.add({ index: 0, chunk, sender: "stranger" }));
  t.ok(queue.add({ index: 1, chunk, sender: of(1) }));
  t.equal(queue.next(), undefined, "0 is not here");
  t.ok(queue.add({ index: 0, chunk, sender: of(0) }));
  t.equal(queue.next()?.index, 0);
  queue.applied(0);
  t.equal(queue.next()?.index, 1);
  t.same(
    queue.nextRequests(["a", "b"]).map(({ index }) => index),
    [4],
  );
  queue.discard(1);
  const [again] = queue.nextRequests(["a", "b"]);
  t.equal(again?.index, 1);
  t.not(again?.peerId, of(1), "of another peer");
  t.end();
});

t.test("what is not answered goes to another peer", (t) => {
  const queue = new ChunkQueue(1);
  const [first] = queue.nextRequests(["a", "b"]);
  for (let tick = 0; tick <= 150; tick++) queue.tick();
  const [second] = queue.nextRequests(["a", "b"]);
  t.not(second?.peerId, first?.peerId);
  queue.fail(0, second?.peerId ?? "");
  t.equal(queue.nextRequests(["a", "b"]).length, 1, "all have failed once: anybody");
  queue.reset();
  queue.discardSender("a");
  t.equal(queue.nextIndex, 0);
  queue.applied(0);
  t.equal(queue.nextIndex, undefined);
  t.end();
});
