/**
 * The engine that src/native picks: addon and twin give the same answers, refusals carry codes,
 * a job can be watched and stopped, and the event loop stays free. Without the addon its cases are
 * reported as skipped, with the reason; the twin's always run.
 */
import { readFileSync } from "node:fs";
import t from "tap";
import { fromHex, toHex } from "../../../src/encoding/bytes.ts";
import { loadAddon } from "../../../src/native/addon.ts";
import { EngineError, type SprintEngine } from "../../../src/native/engine.ts";
import {
  backendNames,
  measurePeak,
  openEngine,
  selfTestBackends,
} from "../../../src/native/open-engine.ts";

interface Vectors {
  readonly sets: {
    readonly P: { chain_id: string; beacon1: string; beacon2: string; pubkey: string };
  };
  readonly hits: readonly {
    readonly c: number;
    readonly root: string;
    readonly hits: readonly { readonly nonce: string; readonly digest: string }[];
  }[];
  readonly nonces: readonly {
    readonly profile: string;
    readonly nonce: string;
    readonly digest: string;
    readonly hit: boolean;
    readonly trace: readonly string[];
  }[];
}
const vectorsUrl = new URL("../../../native/test/vectors/isp1-vectors.json", import.meta.url);
const vectors = JSON.parse(readFileSync(vectorsUrl, "utf8")) as Vectors;
const { chain_id: chainId, ...hex } = vectors.sets.P;
const beacon1 = fromHex(hex.beacon1);
const beacon2 = fromHex(hex.beacon2);
const hostKey = fromHex(hex.pubkey);
const c = 44314;

const loaded = loadAddon();
const withAddon = "missing" in loaded ? { skip: loaded.missing } : {};
const open = (backend: string, profile: "T" | "C" = "T") =>
  openEngine({ chainId, profile, beacon1, backend, threads: 2 });
const codeOf = async (run: () => unknown): Promise<unknown> => {
  try {
    await run();
  } catch (error) {
    return error instanceof EngineError ? error.code : error;
  }
  return "no error";
};

async function checkVectors(t: Tap, engine: SprintEngine): Promise<void> {
  const golden = vectors.hits[0]!;
  const mined = await engine.mine({ beacon2, hostKey, first: 0n, count: 16n, c });
  const expected = golden.hits.filter(({ nonce }) => BigInt(nonce) < 16n);
  const got = mined.hits.map(({ nonce, digest }) => ({ nonce: `${nonce}`, digest: toHex(digest) }));
  t.same(got, expected, `${engine.backend}: hits`);
  for (const v of vectors.nonces.filter(({ profile }) => profile === "T")) {
    const traced = await engine.trace({ beacon2, hostKey, nonce: BigInt(v.nonce), c });
    t.same(traced.trace.map(toHex), v.trace, `${engine.backend}: trace of ${v.nonce}`);
    t.equal(toHex(traced.digest), v.digest, `${engine.backend}: digest of ${v.nonce}`);
    t.equal(traced.hit, v.hit, `${engine.backend}: hit of ${v.nonce}`);
  }
}
type Tap = typeof t;

t.test("the twin passes the golden nonces and says what it is", async (t) => {
  const engine = await open("typescript");
  t.equal(engine.implementation, "typescript");
  await checkVectors(t as Tap, engine);
});

t.test("every compiled backend passes the golden nonces", withAddon, async (t) => {
  const compiled = (await backendNames()).filter((name) => name !== "typescript");
  t.ok(compiled.includes("scalar"), "scalar is always there");
  for (const backend of compiled) {
    const engine = await open(backend);
    t.equal(engine.implementation, "native");
    t.equal(engine.backend, backend);
    await checkVectors(t as Tap, engine);
  }
  const golden = vectors.hits[0]!;
  const engine = await open("auto");
  const whole = await engine.mine({ beacon2, hostKey, first: 0n, count: 64n, c });
  t.equal(toHex(whole.root), golden.root, "the commitment of nonces 0 to 63");
  for (const { backend, failed } of await selfTestBackends("C")) t.equal(failed, "", backend);
});

t.test("the peak of a backend is measured, and of no other name", withAddon, async (t) => {
  const measure = (backend: string) => measurePeak({ backend, threads: 1, milliseconds: 20 });
  t.ok((await measure("scalar")) > 100_000_000n, "scalar");
  t.equal(await codeOf(() => measure("abacus")), "UNKNOWN_BACKEND");
});

t.test("addon and twin agree on random nonces, outputs and verdicts", withAddon, async (t) => {
  const seed = Math.floor(Math.random() * 2 ** 32);
  t.comment(`seed ${seed}`);
  const nonces = Array.from({ length: 6 }, (_, i) => BigInt(seed) * 4294967311n + BigInt(i * i));
  const items = nonces.map((nonce) => ({ hostKey, nonce: BigInt.asUintN(64, nonce) }));
  const [native, twin] = [await open("auto"), await open("typescript")];
  const computed = await native.compute({ beacon2, items });
  t.same(computed, await twin.compute({ beacon2, items }), "digests and outputs");
  const claims = items.map((item, i) => ({ ...item, digest: computed[i]!.digest, c: i * 20000 }));
  claims[0] = { ...claims[0]!, digest: claims[1]!.digest };
  const verdicts = await native.verify({ beacon2, claims });
  t.same(verdicts, await twin.verify({ beacon2, claims }), "verdicts");
  t.equal(verdicts.verdicts[0], "digest-differs");
});

for (const backend of ["auto", "typescript"]) {
  t.test(`refusals of ${backend} carry codes`, async (t) => {
    const engine = await open(backend);
    const range = { beacon2, hostKey, first: 0n, count: 1n, c };
    const refused = async (change: object, what: string) =>
      t.equal(await codeOf(() => engine.mine({ ...range, ...change })), "BAD_ARGUMENT", what);
    await refused({ beacon2: beacon2.subarray(1) }, "a short beacon");
    await refused({ hostKey: beacon2 }, "a short host key");
    await refused({ c: 2 ** 20 + 1 }, "a threshold above 2^20");
    await refused({ c: 0.5 }, "a threshold that is no integer");
    await refused({ first: -1n }, "a negative nonce");
    await refused({ first: 2n ** 64n - 1n, count: 2n }, "a range beyond u64");
    const claim = { hostKey, nonce: 0n, digest: hostKey, c };
    t.equal(await codeOf(() => engine.verify({ beacon2, claims: [claim] })), "BAD_ARGUMENT");
    t.equal(await codeOf(() => open("abacus")), "UNKNOWN_BACKEND");
    const stopped = AbortSignal.abort();
    t.equal(await codeOf(() => engine.mine(range, { signal: stopped })), "CANCELLED");
    t.same(await engine.mine({ ...range, count: 0n }), await engine.mine({ ...range, count: 0n }));
  });
}

t.test(
  "a long job tells of progress, stops on abort, and frees its engine",
  withAddon,
  async (t) => {
    const engine = await open("auto", "T");
    const controller = new AbortController();
    let heard = 0;
    const onProgress = (_: bigint, total: bigint) => {
      heard++;
      t.equal(total, 10_000_000n);
      if (heard === 2) controller.abort();
    };
    const options = { signal: controller.signal, onProgress };
    const request = { beacon2, hostKey, first: 0n, count: 10_000_000n, c };
    t.equal(await codeOf(() => engine.mine(request, options)), "CANCELLED");
    t.equal(heard, 2);
    t.equal((await engine.mine({ ...request, count: 16n })).hits.length, 4, "the next call works");
  },
);

t.test("while a job runs the event loop goes on turning", withAddon, async (t) => {
  const engine = await openEngine({ chainId, profile: "T", beacon1, threads: 1 });
  let [turns, settled] = [0, false];
  const mined = engine.mine({ beacon2, hostKey, first: 0n, count: 1500n, c });
  mined.finally(() => {
    settled = true;
  });
  while (!settled) {
    await new Promise((turn) => setImmediate(turn));
    turns++;
  }
  await mined;
  t.ok(turns > 50, `${turns} turns`); // A call that waited for its job would leave two or three.
});
