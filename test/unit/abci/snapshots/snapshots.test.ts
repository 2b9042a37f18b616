/**
 * Snapshots from one store to another: made while commits go on, taken over only when they are the
 * state that was promised, and nothing left of them after a crash (spec/snapshots.md).
 */
import {
  ResponseApplySnapshotChunk_Result as Applied,
  ResponseOfferSnapshot_Result as Offered,
  type Snapshot,
} from "cosmjs-types/tendermint/abci/types";
import t from "tap";
import { decodeManifest, encodeManifest } from "../../../../src/abci/snapshots/manifest.ts";
import { Snapshots } from "../../../../src/abci/snapshots/snapshots.ts";
import { sha256 } from "../../../../src/crypto/hash.ts";
import { equalBytes, toHex } from "../../../../src/encoding/bytes.ts";
import { MemoryDb } from "../../../../src/store/memory-db.ts";
import { Multistore } from "../../../../src/store/multistore.ts";
import { StoreCorruptError } from "../../../../src/store/persistence/format.ts";
import { readSnapshot } from "../../../../src/store/persistence/snapshot.ts";
import { byteStrings, Noise } from "../../../support/noise.ts";
import { Xorshift } from "../../../support/xorshift.ts";

const names = ["acc", "bank", "gov"];
const seed = Number(process.env.GONKA_TEST_SEED ?? 20_261_122);
t.comment(`seed ${seed} (GONKA_TEST_SEED)`);

interface Side {
  readonly db: MemoryDb;
  readonly store: Multistore;
  readonly snapshots: Snapshots;
  readonly errors: string[];
}

async function open(db = new MemoryDb(), options = { interval: 5n, keepRecent: 2 }): Promise<Side> {
  const errors: string[] = [];
  const log = {
    info: () => undefined,
    error: (message: string, fields: unknown) => {
      errors.push(`${message} ${JSON.stringify(fields)}`);
    },
  };
  const store = await Multistore.open(db, names);
  const snapshots = await Snapshots.open({ db, store, names, options, log });
  return { db, store, snapshots, errors };
}

/** Versions with values of up to half a megabyte, so that a snapshot has several chunks. */
async function run({ store, snapshots }: Side, versions: number, random: Xorshift): Promise<void> {
  for (let i = 0; i < versions; i++) {
    for (let write = 0; write < 6; write++) {
      const target = store.working(names[random.below(2)] ?? "");
      const key = random.bytes(1 + random.below(2));
      if (random.below(5) === 0) target.delete(key);
      else target.set(key, new Uint8Array(random.below(500_000)).fill(random.below(256)));
    }
    await store.commit();
    snapshots.committed(store.version);
  }
}

/** A side with snapshots at 10 and 15, and the application hash of 15. */
async function source(): Promise<{ side: Side; snapshot: Snapshot; appHash: Uint8Array }> {
  const side = await open();
  const random = new Xorshift(seed);
  for (let i = 0; i < 4; i++) {
    await run(side, 5, random);
    await side.snapshots.settled();
  }
  const snapshot = side.snapshots.list()[1]!;
  return { side, snapshot, appHash: side.store.at(snapshot.height)!.appHash };
}

const made = await source();
const chunkOf = (index: number): Uint8Array =>
  made.side.snapshots.load({ height: 15n, format: 1, chunk: index });

async function take(side: Side, index: number, chunk = chunkOf(index), sender = "peer1") {
  let isAdopted = false;
  const answer = await side.snapshots.apply({ index, chunk, sender }, () => {
    isAdopted = true;
  });
  return { ...answer, isAdopted };
}

const offer = (side: Side, snapshot = made.snapshot, appHash = made.appHash) =>
  side.snapshots.offer({ snapshot, appHash });

t.test("the newest snapshots are kept, at multiples of the interval", async (t) => {
  t.same(
    made.side.snapshots.list().map(({ height }) => height),
    [20n, 15n],
  );
  t.ok(made.snapshot.chunks >= 4, `${made.snapshot.chunks} chunks`);
  t.equal(made.snapshot.format, 1);
  t.equal(chunkOf(made.snapshot.chunks).length, 0, "past the last chunk");
  t.equal(made.side.snapshots.load({ height: 10n, format: 1, chunk: 0 }).length, 0, "pruned");
  t.equal(made.side.snapshots.load({ height: 15n, format: 2, chunk: 0 }).length, 0, "format");
  const chunkHashes = decodeManifest(made.snapshot.metadata)!.chunkHashes;
  t.ok(chunkHashes.every((hash, index) => equalBytes(hash, sha256(chunkOf(index)))));
});

t.test("all nodes make the same bytes", async (t) => {
  const again = await source();
  t.same(again.snapshot, made.snapshot);
});

t.test("a new node takes the state over and goes on like everybody else", async (t) => {
  const side = await open();
  t.equal((await offer(side)).result, Offered.ACCEPT);
  for (let index = 0; index < made.snapshot.chunks; index++) {
    const { result, isAdopted } = await take(side, index);
    t.equal(result, Applied.ACCEPT);
    t.equal(isAdopted, index === made.snapshot.chunks - 1);
  }
  t.equal(side.store.version, 15n);
  t.same(side.store.appHash(), made.appHash);
  const reopened = await open(side.db.crash());
  t.same(reopened.store.appHash(), made.appHash, "after a power cut too");
  const straight = await open();
  await run(straight, 15, new Xorshift(seed));
  const adopting = await open();
  await offer(adopting);
  for (let index = 0; index < made.snapshot.chunks; index++) await take(adopting, index);
  for (const one of [straight, adopting, reopened]) await run(one, 7, new Xorshift(5));
  t.same(adopting.store.appHash(), straight.store.appHash());
  t.same(reopened.store.appHash(), straight.store.appHash());
  t.match(await offer(reopened), { result: Offered.ABORT }, "only into an empty application");
});

t.test("a chunk that is not the one promised is asked for again from others", async (t) => {
  const side = await open();
  await offer(side);
  t.match(await take(side, 0), { result: Applied.ACCEPT });
  const bent = chunkOf(1).slice();
  bent[7]! ^= 1;
  const wrong = { result: Applied.RETRY, refetchChunks: [1], rejectSenders: ["mallory"] };
  t.match(await take(side, 1, bent, "mallory"), wrong);
  t.match(side.errors.at(-1), /not the one promised.*"index":1.*mallory/);
  t.match(await take(side, 1, new Uint8Array(), "mallory"), wrong);
  t.match(await take(side, 2), { result: Applied.RETRY, refetchChunks: [1], rejectSenders: [] });
  for (let index = 1; index < made.snapshot.chunks; index++) {
    t.match(await take(side, index), { result: Applied.ACCEPT });
  }
  t.same(side.store.appHash(), made.appHash);
  t.match(await take(side, 0), { result: Applied.ABORT }, "none is being taken any more");
});

t.test("an offer must lead to the trusted application hash", async (t) => {
  const side = await open();
  const { snapshot, appHash } = made;
  const manifest = decodeManifest(snapshot.metadata)!;
  const other = (change: object) => {
    const metadata = encodeManifest({ ...manifest, ...change });
    return { ...snapshot, metadata, hash: sha256(metadata) };
  };
  const [first, ...rest] = manifest.stores;
  const cases: [string, Snapshot, Uint8Array, Offered][] = [
    ["another format", { ...snapshot, format: 2 }, appHash, Offered.REJECT_FORMAT],
    ["another app hash", snapshot, sha256(appHash), Offered.REJECT],
    ["another height", { ...snapshot, height: 14n }, appHash, Offered.REJECT],
    ["another hash", { ...snapshot, hash: sha256(snapshot.hash) }, appHash, Offered.REJECT],
    ["another count", { ...snapshot, chunks: 1 }, appHash, Offered.REJECT],
    ["a store less", other({ stores: rest }), appHash, Offered.REJECT],
    [
      "another root",
      other({ stores: [{ ...first, root: new Uint8Array(32) }, ...rest] }),
      appHash,
      Offered.REJECT,
    ],
  ];
  for (const [name, bent, hash, result] of cases) {
    t.same(await offer(side, bent, hash), { result }, name);
  }
  t.match(await take(side, 0), { result: Applied.ABORT });
});

t.test(
  "chunks that fit their manifest and not the state are dropped without a trace",
  async (t) => {
    const manifest = decodeManifest(made.snapshot.metadata)!;
    const chunks = manifest.chunkHashes.map((_, index) => chunkOf(index).slice());
    chunks.at(-1)![12]! ^= 1;
    const metadata = encodeManifest({ ...manifest, chunkHashes: chunks.map(sha256) });
    const side = await open();
    const snapshot = { ...made.snapshot, metadata, hash: sha256(metadata) };
    t.match(await offer(side, snapshot), { result: Offered.ACCEPT });
    let last = 0;
    for (const [index, chunk] of chunks.entries()) last = (await take(side, index, chunk)).result;
    t.equal(last, Applied.REJECT_SNAPSHOT);
    t.equal(side.store.version, 0n);
    t.equal(side.db.sizeBytes, 0, "nothing is left on the disk");
    t.match(await offer(side), { result: Offered.ACCEPT }, "and the next one may come");
  },
);

t.test(`${byteStrings} chunks: a tree or StoreCorruptError`, async (t) => {
  const noise = new Noise(t, 8);
  const small = await open();
  small.store.working("bank").set(Uint8Array.of(1), Uint8Array.of(2, 3));
  small.store.working("acc").set(Uint8Array.of(4), new Uint8Array(30));
  for (const key of [1, 2, 3])
    small.store.working("gov").set(Uint8Array.of(key), Uint8Array.of(key));
  await small.store.commit();
  const height = await small.snapshots.make();
  const good = small.snapshots.load({ height, format: 1, chunk: 0 });
  t.equal(readSnapshot(Number(height), [good]).size, names.length);
  let read = 0;
  for (const chunk of noise.strings([good])) {
    try {
      for (const tree of readSnapshot(Number(height), [chunk]).values()) tree.workingHash();
      read++;
    } catch (error) {
      if (!(error instanceof StoreCorruptError)) {
        t.fail(`SEED=${noise.seed}: ${toHex(chunk)}: ${error}`);
      }
    }
  }
  t.ok(read > 20 && read < byteStrings * 0.9, `${read} can be read`);
});

t.test("hostile manifests have one encoding, and hostile chunks leave nothing", async (t) => {
  const good = made.snapshot.metadata;
  for (const bytes of new Noise(t, 9).strings([good], 4_000)) {
    const manifest = decodeManifest(bytes);
    if (!manifest) continue;
    if (toHex(encodeManifest(manifest)) !== toHex(bytes)) t.fail(`${toHex(bytes)}: two encodings`);
  }
  const random = new Xorshift(seed);
  const manifest = decodeManifest(good)!;
  for (let run = 0; run < 300; run++) {
    const chunk = run % 3 === 0 ? random.bytes(random.below(200)) : chunkOf(0).slice(0, 3000);
    for (let i = random.below(9); i > 0; i--)
      chunk[random.below(chunk.length || 1)] = random.next();
    const metadata = encodeManifest({ ...manifest, chunkHashes: [sha256(chunk)] });
    const snapshot = { ...made.snapshot, chunks: 1, metadata, hash: sha256(metadata) };
    const side = await open();
    t.match(await offer(side, snapshot), { result: Offered.ACCEPT });
    const { result } = await take(side, 0, chunk);
    if (result !== Applied.REJECT_SNAPSHOT) t.fail(`run ${run}: ${result}`);
    if (side.db.sizeBytes !== 0) t.fail(`run ${run} leaves something`);
  }
});

t.test("a power cut while a snapshot is made or taken leaves a clean state", async (t) => {
  const side = await open(new MemoryDb(), { interval: 0n, keepRecent: 0 });
  await run(side, 6, new Xorshift(seed));
  const state = side.store.openExport(1 << 16);
  state.close();
  const making = side.snapshots.make();
  for (let i = 0; i < 6; i++) await Promise.resolve(); // A few chunks are written, unsynced.
  const after = await open(side.db.crash({ survivingBatches: 2 }));
  await making.catch(() => undefined);
  t.same(after.snapshots.list(), []);
  t.same(after.store.appHash(), side.store.appHash());
  const clean = await open(after.db.crash({ survivingBatches: 99 }));
  t.ok(clean.db.sizeBytes <= after.db.sizeBytes);
  const taking = await open();
  await offer(taking);
  for (const index of [0, 1]) await take(taking, index);
  const again = await open(taking.db.crash({ survivingBatches: 1 }));
  t.equal(again.store.version, 0n);
  t.equal(again.db.sizeBytes, 0, "the chunks that survived are gone");
  t.match(await offer(again), { result: Offered.ACCEPT });
});

t.test(
  "commits go on while a snapshot is made, and it stays the state of its height",
  async (t) => {
    const side = await open(new MemoryDb(), { interval: 0n, keepRecent: 0 });
    const random = new Xorshift(seed);
    await run(side, 10, random);
    const appHash = side.store.appHash();
    const making = side.snapshots.make();
    await run(side, 120, random); // More versions than stay in memory by themselves.
    t.equal(await making, 10n);
    const snapshot = side.snapshots.list()[0]!;
    const other = await open();
    t.match(await other.snapshots.offer({ snapshot, appHash }), { result: Offered.ACCEPT });
    for (let index = 0; index < snapshot.chunks; index++) {
      const chunk = side.snapshots.load({ height: 10n, format: 1, chunk: index });
      t.match(await take(other, index, chunk), { result: Applied.ACCEPT });
    }
    t.same(other.store.appHash(), appHash);
    t.equal(await side.snapshots.remove(10n), true);
    t.equal(await side.snapshots.remove(10n), false);
    t.equal(side.snapshots.load({ height: 10n, format: 1, chunk: 0 }).length, 0);
  },
);
