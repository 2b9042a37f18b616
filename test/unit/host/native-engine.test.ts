/**
 * The host's engine over compiled backends: real nonces of profile T where the addon is built, and
 * everything that can go wrong with stand-ins: backends lost at any call, memory that lies.
 */
import t from "tap";
import { fromHex, toHex } from "../../../src/encoding/bytes.ts";
import { NativeEngine } from "../../../src/host/engine/native-engine.ts";
import { type Backends, NativeSessions } from "../../../src/host/engine/native-sessions.ts";
import { ThreadEngine } from "../../../src/host/engine/thread-engine.ts";
import type { MiningBatch } from "../../../src/host/expected.ts";
import { jsonLog } from "../../../src/host/log.ts";
import {
  EngineError,
  type EngineErrorCode,
  type SprintEngine,
} from "../../../src/native/engine.ts";
import { backendNames, openEngine, twinBackend } from "../../../src/native/open-engine.ts";
import { attestationTag } from "../../../src/sprint/digest.ts";
import { computeNonce, prepareSprint } from "../../../src/sprint/nonce.ts";
import { sprintOf, sprintVectors } from "../../support/sprint-vectors.ts";

const sprint = sprintOf(sprintVectors, "P", "T");
const { hostKey, ...network } = sprint;
const vector = sprintVectors.hits[0]!;
const { c } = vector;
const threadFile = new URL("../../support/sprint-thread.mjs", import.meta.url);
const compiled = (await backendNames()).filter((name) => name !== twinBackend);
const withAddon = compiled.length > 0 ? {} : { skip: "the native engine is not built" };
type Test = typeof t;

/** The engine over these backends, with its log. */
function start(t: Test, backends: Backends, preferred?: string) {
  const lines: Record<string, unknown>[] = [];
  const log = jsonLog((line) => lines.push(JSON.parse(line) as Record<string, unknown>));
  const sessions = new NativeSessions(backends, { preferred, threads: 2, log });
  const twin = new ThreadEngine(threadFile);
  const engine = new NativeEngine(sessions, twin, log);
  t.teardown(() => engine.close());
  const said = (event: string) => lines.filter((line) => line.event === event);
  return { engine, lines, said };
}

/** Searches to the end; rejects with what the listener hears. */
function searched(engine: NativeEngine, from: bigint, end: bigint): Promise<MiningBatch[]> {
  const batches: MiningBatch[] = [];
  return new Promise((resolve, reject) => {
    const onBatch = (batch: MiningBatch) => {
      batches.push(batch);
      if (batch.next === end) resolve(batches);
    };
    engine.mine({ sprint, c, from, end }, { onBatch, onError: reject });
  });
}
const known = (from: number, end: number) =>
  vector.hits.filter(({ nonce }) => Number(nonce) >= from && Number(nonce) < end);
const told = (batches: readonly MiningBatch[]) =>
  batches
    .flatMap(({ hits }) => hits)
    .map(({ nonce, digest }) => ({ nonce: String(nonce), digest: toHex(digest) }));

const real: Backends = { names: compiled, open: openEngine };

t.test("mines the known hits, every nonce searched, by compiled code", withAddon, async (t) => {
  const { engine, said } = start(t as Test, real);
  engine.prepare(network);
  t.same(told(await searched(engine, 5n, 64n)), known(5, 64));
  t.equal(said("weights ready").length, 1, "what was prepared is what is used");
  t.equal(said("weights ready")[0]!.backend, compiled[0]);
  t.ok(engine.batch > 1);
  t.same(told(await searched(engine, 0n, 7n)), known(0, 7), "and again");
});

t.test("a stop ends a long search at once, with what was found", withAddon, async (t) => {
  const { engine } = start(t as Test, real);
  const batches: MiningBatch[] = [];
  const onError = (error: Error) => t.fail(error.message);
  const job = { sprint, c, from: 0n, end: 1n << 64n };
  await new Promise<void>((resolve) => {
    const onBatch = (batch: MiningBatch) => {
      batches.push(batch);
      if (batches.length === 1) void mining.stop().then(resolve);
    };
    const mining = engine.mine(job, { onBatch, onError });
  });
  const count = batches.length;
  const { next } = batches.at(-1)!;
  const below = told(batches).filter(({ nonce }) => Number(nonce) < 64);
  t.same(below, known(0, Number(next < 64n ? next : 64n)));
  t.same(told(await searched(engine, 0n, 3n)), known(0, 3), "the engine goes on");
  t.equal(batches.length, count, "nothing comes after the end");
});

t.test("recomputes leaves of several hosts, by both kinds of code", withAddon, async (t) => {
  const { engine } = start(t as Test, real);
  const verifierKey = new Uint8Array(33).fill(4);
  const other = new Uint8Array(33).fill(2);
  const leaves = [
    { hostKey, nonce: 58n, c },
    { hostKey, nonce: 1n, c },
    { hostKey: other, nonce: 58n, c: 0 },
  ];
  const expected = leaves.map(({ hostKey: key, nonce }) => {
    const { digest, output } = computeNonce(prepareSprint({ ...network, hostKey: key }), nonce);
    return { nonce, digest, tag: attestationTag({ verifierKey, digest, output }) };
  });
  for (const by of ["fastest", "reference"] as const) {
    const answers = await engine.recompute({ network, verifierKey, leaves, by });
    t.same(
      answers.map(({ isHit: _, ...answer }) => answer),
      expected,
      by,
    );
    t.same(
      answers.slice(0, 2).map(({ isHit }) => isHit),
      [true, false],
      by,
    );
  }
  t.same(await engine.recompute({ network, verifierKey, leaves: [], by: "fastest" }), []);
});

t.test(
  "what no chain could have given is refused, and switches nothing off",
  withAddon,
  async (t) => {
    const { engine, said } = start(t as Test, real);
    const verifierKey = new Uint8Array(33);
    const leaf = { hostKey, nonce: 0n, c };
    const recompute = (change: object) =>
      engine.recompute({ network, verifierKey, leaves: [leaf], by: "fastest", ...change });
    const short = { ...network, beacon1: new Uint8Array(3) };
    await t.rejects(recompute({ network: short }), /beacon 1 has 3 bytes/);
    await t.rejects(recompute({ leaves: [{ ...leaf, nonce: -1n }] }), { code: "BAD_ARGUMENT" });
    await t.rejects(recompute({ leaves: [{ ...leaf, hostKey: verifierKey.subarray(1) }] }), {
      code: "BAD_ARGUMENT",
    });
    engine.prepare(short);
    const heard = await new Promise<Error>((resolve) => {
      const listener = { onBatch: () => {}, onError: resolve };
      engine.mine({ sprint: { ...sprint, ...short }, c, from: 0n, end: 1n }, listener);
    });
    t.match(heard.message, /beacon 1 has 3 bytes/);
    t.equal(said("backend lost").length, 0);
    t.equal((await recompute({})).length, 1);
  },
);

/** A backend that knows the vectors by heart, and fails at the calls that the test names. */
function flaky(
  backend: string,
  fails: (call: string, count: number) => EngineErrorCode | undefined,
) {
  const calls: string[] = [];
  const failing = (call: string): void => {
    calls.push(call);
    const code = fails(call, calls.filter((each) => each === call).length);
    if (code) throw new EngineError(code, `${backend} fails ${call}`);
  };
  const open = async ({ beacon1 }: Parameters<Backends["open"]>[0]): Promise<SprintEngine> => {
    failing("open");
    const isKnown = toHex(beacon1) === toHex(network.beacon1);
    const digestOf = (wanted: bigint) => {
      const hit = vector.hits.find(({ nonce }) => isKnown && BigInt(nonce) === wanted);
      return hit ? fromHex(hit.digest) : new Uint8Array(32);
    };
    return {
      ...{ implementation: "native", backend, batch: 4, memoryBytes: 1, log: [] },
      mine: async ({ first, count }) => {
        failing("mine");
        const hits = known(Number(first), Number(first + count)).map(({ nonce, digest }) => {
          return { nonce: BigInt(nonce), digest: fromHex(digest) };
        });
        return { hits, root: new Uint8Array(32) };
      },
      verify: async ({ claims }) => {
        failing("verify");
        const verdicts = claims.map(({ nonce, digest }) =>
          toHex(digest) === toHex(digestOf(nonce)) ? "valid" : "digest-differs",
        );
        return { verdicts, backendFaults: 0 };
      },
      compute: async ({ items }) => {
        failing("compute");
        return items.map(({ nonce }) => {
          return { digest: digestOf(nonce), output: new Int8Array(4096) };
        });
      },
      trace: () => Promise.reject(new Error("nobody asks")),
      close: async () => void calls.push("close"),
    };
  };
  return { backend, open, calls };
}
function join(...all: ReturnType<typeof flaky>[]): Backends {
  const open = (options: Parameters<Backends["open"]>[0]) =>
    all.find(({ backend }) => backend === options.backend)!.open(options);
  return { names: all.map(({ backend }) => backend), open };
}
const sound = () => undefined;

t.test(
  "a backend lost in the middle of a search: the next one goes on where it stood",
  async (t) => {
    const codes = ["GPU_LOST", "OUT_OF_MEMORY", "ENGINE_FAILURE", "NO_BACKEND"] as const;
    for (const code of codes) {
      const gpu = flaky("gpu", (call, count) =>
        call === "mine" && count === 2 ? code : undefined,
      );
      const { engine, said } = start(t as Test, join(gpu, flaky("cpu", sound)));
      t.same(told(await searched(engine, 0n, 12n)), known(0, 12), code);
      t.match(said("backend lost"), [{ backend: "gpu", code, next: "cpu" }], code);
      t.ok(gpu.calls.includes("close"), "what it held is freed");
    }
  },
);

t.test("a backend that cannot even be opened, and one lost while it verifies", async (t) => {
  const unopened = flaky("a", (call) => (call === "open" ? "NO_BACKEND" : undefined));
  const unsteady = flaky("b", (call) => (call === "verify" ? "GPU_LOST" : undefined));
  const { engine, said } = start(t as Test, join(unopened, unsteady, flaky("c", sound)));
  t.same(told(await searched(engine, 0n, 6n)), known(0, 6));
  t.match(said("backend lost"), [{ backend: "a" }, { backend: "b", next: "c" }]);
  const verifierKey = new Uint8Array(33);
  const leaves = [{ hostKey, nonce: 0n, c }];
  const [answer] = await engine.recompute({ network, verifierKey, leaves, by: "fastest" });
  t.equal(toHex(answer!.digest), vector.hits[0]!.digest);
});

t.test("when every compiled backend is lost the twin goes on, and nothing hangs", async (t) => {
  const mine = flaky("a", (call) => (call === "mine" ? "GPU_LOST" : undefined));
  const all = flaky("b", () => "ENGINE_FAILURE");
  const { engine, said } = start(t as Test, join(mine, all));
  t.same(told(await searched(engine, 0n, 3n)), known(0, 3));
  t.match(said("backend lost").at(-1), { backend: "b", next: "the TypeScript twin" });
  const verifierKey = new Uint8Array(33);
  const job = { network, verifierKey, leaves: [{ hostKey, nonce: 0n, c }] };
  for (const by of ["fastest", "reference"] as const) {
    const [answer] = await engine.recompute({ ...job, by });
    t.equal(toHex(answer!.digest), vector.hits[0]!.digest, by);
  }
  engine.prepare(network);
  t.equal(engine.batch, 1);
});

t.test("a reference that cannot be opened: the twin judges", async (t) => {
  const scalar = flaky("scalar", () => "OUT_OF_MEMORY");
  const { engine } = start(t as Test, join(flaky("fast", sound), scalar));
  const verifierKey = new Uint8Array(33);
  const job = { network, verifierKey, leaves: [{ hostKey, nonce: 0n, c }] };
  const [answer] = await engine.recompute({ ...job, by: "reference" });
  t.equal(toHex(answer!.digest), vector.hits[0]!.digest);
  t.equal((await engine.recompute({ ...job, by: "fastest" })).length, 1, "the fast one is kept");
});

t.test("no room for second weights: hits are computed twice on the first", async (t) => {
  const small = flaky("cpu", (call, count) =>
    call === "open" && count > 1 ? "OUT_OF_MEMORY" : undefined,
  );
  const { engine, said } = start(t as Test, join(small));
  t.same(told(await searched(engine, 0n, 8n)), known(0, 8));
  t.ok(small.calls.includes("verify"));
  t.equal(said("backend lost").length, 0);
  t.equal(said("no second weights: hits are computed twice on the same").length, 1);
});

t.test(
  "a hit that comes out both ways ends the search; the next begins on fresh weights",
  async (t) => {
    const good = flaky("cpu", sound);
    let lies = true;
    const lying: Backends = {
      names: ["cpu"],
      open: async (options) => {
        const engine = await good.open(options);
        return {
          ...engine,
          mine: async (...args) => {
            const { hits, root } = await engine.mine(...args);
            if (!lies) return { hits, root };
            const [hit, ...rest] = hits;
            return { hits: [{ ...hit!, digest: new Uint8Array(32) }, ...rest], root };
          },
        };
      },
    };
    const { engine } = start(t as Test, lying);
    await t.rejects(searched(engine, 0n, 4n), /nonce 0 came out both ways/);
    const opened = good.calls.filter((call) => call === "open").length;
    lies = false;
    t.same(told(await searched(engine, 0n, 4n)), known(0, 4));
    t.ok(good.calls.filter((call) => call === "open").length > opened, "fresh weights");
  },
);

t.test("a preferred backend comes first, the faster ones after it", async (t) => {
  const lost = flaky("slow", (call) => (call === "mine" ? "GPU_LOST" : undefined));
  const { engine, said } = start(t as Test, join(flaky("fast", sound), lost), "slow");
  t.same(told(await searched(engine, 0n, 3n)), known(0, 3));
  t.match(said("backend lost"), [{ backend: "slow", next: "fast" }]);
});

t.test("another network's weights replace the first ones", async (t) => {
  const cpu = flaky("cpu", sound);
  const { engine, said } = start(t as Test, join(cpu));
  await searched(engine, 0n, 3n);
  const next = { ...network, beacon1: new Uint8Array(32).fill(9) };
  const job = { verifierKey: new Uint8Array(33), leaves: [{ hostKey, nonce: 0n, c }] };
  const [answer] = await engine.recompute({ ...job, network: next, by: "fastest" });
  t.not(toHex(answer!.digest), vector.hits[0]!.digest);
  t.equal(said("weights ready").length, 2);
  t.equal(cpu.calls.filter((call) => call === "close").length, 2, "the first and its witness");
});

t.test("closing stops a search and frees everything", withAddon, async (t) => {
  const { engine } = start(t as Test, real);
  const batches: MiningBatch[] = [];
  const listener = {
    onBatch: (batch: MiningBatch) => void batches.push(batch),
    onError: (error: Error) => t.fail(error.message),
  };
  const mining = engine.mine({ sprint, c, from: 0n, end: 1n << 64n }, listener);
  await new Promise((resolve) => setTimeout(resolve, 50));
  await engine.close();
  await mining.stop();
  const count = batches.length;
  await new Promise((resolve) => setTimeout(resolve, 50));
  t.equal(batches.length, count);
});
