/**
 * How long the addon's calls hold the event loop: processor time of the main thread between two
 * turns, whatever else the machine runs. `node --import tsx bench/native-turns.ts`, Linux only.
 */
import { readFileSync } from "node:fs";
import { backendNames, openEngine, selfTestBackends } from "../src/native/open-engine.ts";

const beacon1 = new Uint8Array(32).fill(1);
const beacon2 = new Uint8Array(32).fill(2);
const hostKey = new Uint8Array(33).fill(3);
const window = { beacon2, hostKey, c: 0 };
const claimCount = 20_000;

/** Nanoseconds that the main thread, whose id is the process's, has had a processor. */
function mainThreadNs(): number {
  const stat = readFileSync(`/proc/self/task/${process.pid}/schedstat`, "utf8");
  return Number(stat.split(" ")[0]);
}

const turns: Record<string, { turns: number; p99Ms: number; longestMs: number }> = {};

/** Runs a call and counts what every turn of the loop cost until it settles. */
async function watch<T>(name: string, call: () => Promise<T>): Promise<T> {
  const costs: number[] = [];
  let [last, settled] = [mainThreadNs(), false];
  const result = call().finally(() => {
    settled = true;
  });
  while (!settled) {
    await new Promise((turn) => setImmediate(turn));
    const now = mainThreadNs();
    costs.push((now - last) / 1e6);
    last = now;
  }
  costs.sort((a, b) => a - b);
  const at = (share: number) =>
    Number((costs[Math.floor((costs.length - 1) * share)] ?? 0).toFixed(2));
  turns[name] = { turns: costs.length, p99Ms: at(0.99), longestMs: at(1) };
  return result;
}

await watch("a turn with nothing to do", () => new Promise((done) => setTimeout(done, 200)));
await watch("backends", () => backendNames());
await watch("self-test of C", () => selfTestBackends("C"));
const large = await watch("open C", () => openEngine({ chainId: "turns", profile: "C", beacon1 }));
await watch("trace in C", () => large.trace({ ...window, nonce: 5n }));
await watch("close C", () => large.close());
const engine = await watch("open T", () => openEngine({ chainId: "turns", profile: "T", beacon1 }));
const mined = await watch("mine 1,500 nonces", () =>
  engine.mine({ ...window, first: 0n, count: 1_500n }),
);
await watch("compute 500 nonces", () =>
  engine.compute({
    beacon2,
    items: Array.from({ length: 500 }, (_, at) => ({ hostKey, nonce: BigInt(at) })),
  }),
);
const known = mined.hits.map((hit) => ({ ...hit, hostKey, c: 0 }));
const claims = Array.from({ length: claimCount }, (_, at) => known[at % known.length]!);
const stop = new AbortController();
await watch(`verify ${claimCount} claims, stopped on the way`, () => {
  const verified = engine.verify({ beacon2, claims }, { signal: stop.signal });
  setTimeout(() => stop.abort(), 1_500);
  return verified.catch((error: { code?: string }) => error.code);
});
await watch("close T", () => engine.close());
process.stdout.write(`${JSON.stringify(turns, null, 1)}\n`);
