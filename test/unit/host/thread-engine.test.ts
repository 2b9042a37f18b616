/** The Sprint thread: real nonces of profile T, found and recomputed beside the main thread. */
import t from "tap";
import { toHex } from "../../../src/encoding/bytes.ts";
import { ThreadEngine } from "../../../src/host/engine/thread-engine.ts";
import type { MiningBatch } from "../../../src/host/expected.ts";
import { attestationTag, isHit } from "../../../src/sprint/digest.ts";
import { computeNonce, prepareSprint } from "../../../src/sprint/nonce.ts";
import { sprintOf, sprintVectors } from "../../support/sprint-vectors.ts";

const sprint = sprintOf(sprintVectors, "P", "T");
const threadFile = new URL("../../support/sprint-thread.mjs", import.meta.url);
const vector = sprintVectors.hits[0]!;
const { hostKey, ...network } = sprint;
const leaf = (nonce: bigint) => ({ hostKey, nonce, c: vector.c });
const verifierKey = new Uint8Array(33).fill(4);

t.test("mines a stretch: the known hits, each once, and every nonce searched", async (t) => {
  const engine = new ThreadEngine(threadFile);
  t.teardown(() => engine.close());
  const batches: MiningBatch[] = [];
  await new Promise<void>((resolve, reject) => {
    const onBatch = (batch: MiningBatch) => {
      batches.push(batch);
      if (batch.next === 15n) resolve();
    };
    engine.mine({ sprint, c: vector.c, from: 5n, end: 15n }, { onBatch, onError: reject });
  });
  const found = batches.flatMap(({ hits }) => hits);
  const expected = vector.hits.filter(({ nonce }) => Number(nonce) >= 5 && Number(nonce) < 15);
  t.same(
    found.map(({ nonce, digest }) => ({ nonce: String(nonce), digest: toHex(digest) })),
    expected,
  );
});

t.test("a stop ends the search after the present nonce, with what was found", async (t) => {
  const engine = new ThreadEngine(threadFile);
  t.teardown(() => engine.close());
  const batches: MiningBatch[] = [];
  const onError = (error: Error) => t.fail(error.message);
  const job = { sprint, c: vector.c, from: 0n, end: 1n << 64n };
  const mining = engine.mine(job, { onBatch: (batch) => void batches.push(batch), onError });
  await new Promise((resolve) => setTimeout(resolve, 300));
  await mining.stop();
  const { next } = batches.at(-1)!;
  const expected = vector.hits.filter(({ nonce }) => BigInt(nonce) < next && Number(nonce) < 64);
  const found = batches.flatMap(({ hits }) => hits).filter(({ nonce }) => nonce < 64n);
  t.same(
    found.map(({ nonce }) => String(nonce)),
    expected.map(({ nonce }) => nonce),
  );
  const count = batches.length;
  await mining.stop();
  t.equal(batches.length, count, "nothing comes after the end");
});

t.test("recomputes leaves of any hosts with tags, on kept and on fresh weights", async (t) => {
  const engine = new ThreadEngine(threadFile);
  t.teardown(() => engine.close());
  const otherKey = new Uint8Array(33).fill(2);
  const leaves = [leaf(58n), leaf(1n), { hostKey: otherKey, nonce: 58n, c: 0 }];
  const job = { network, verifierKey, leaves };
  const kept = await engine.recompute({ ...job, by: "fastest" });
  const fresh = await engine.recompute({ ...job, by: "reference" });
  t.same(fresh, kept);
  for (const [at, { hostKey, nonce, c }] of leaves.entries()) {
    const { target, ...prepared } = prepareSprint({ ...network, hostKey });
    const { digest, output } = computeNonce({ target, ...prepared }, nonce);
    const tag = attestationTag({ verifierKey, digest, output });
    t.same(kept[at], { nonce, digest, isHit: isHit({ digest, output, target, c }), tag });
  }
  t.same([kept[0]!.isHit, kept[1]!.isHit], [true, false]);
});

t.test("an error in the thread reaches who asked, and the thread goes on", async (t) => {
  const engine = new ThreadEngine(threadFile);
  t.teardown(() => engine.close());
  const job = { network, verifierKey, by: "fastest" } as const;
  await t.rejects(engine.recompute({ ...job, leaves: [leaf(-1n)] }), /nonce -1 does not fit u64/);
  const broken = { ...sprint, beacon1: new Uint8Array(3) };
  await t.rejects(
    engine.recompute({ ...job, network: broken, leaves: [] }),
    /beacon 1 has 3 bytes/,
  );
  const error = await new Promise<Error>((resolve) => {
    const listener = { onBatch: () => {}, onError: resolve };
    engine.mine({ sprint: broken, c: 0, from: 0n, end: 1n }, listener);
  });
  t.match(error.message, /beacon 1 has 3 bytes/);
  t.same(await engine.recompute({ ...job, leaves: [] }), []);
});

t.test("closing fails what is under way; a later job starts a new thread", async (t) => {
  const engine = new ThreadEngine(threadFile);
  t.teardown(() => engine.close());
  const job = { network, verifierKey, by: "fastest" } as const;
  const cut = engine.recompute({ ...job, leaves: [1n, 2n, 3n, 4n].map(leaf) });
  await Promise.all([t.rejects(cut, /the engine is closed/), engine.close()]);
  t.equal((await engine.recompute({ ...job, leaves: [leaf(1n)] })).length, 1);
});
