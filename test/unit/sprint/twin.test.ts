/**
 * The TypeScript twin against the known answers of ISP-1 (test/vectors/isp1.json), and against
 * slow, obvious arithmetic. Clause numbers are those of spec/sprint.md.
 */
import { existsSync } from "node:fs";
import t from "tap";
import { equalBytes, fromHex, toHex } from "../../../src/encoding/bytes.ts";
import { streamBytes } from "../../../src/sprint/chacha8.ts";
import { isHit, isHitScore, maxThreshold, scoreOutput } from "../../../src/sprint/digest.ts";
import { commitmentOf } from "../../../src/sprint/hits.ts";
import {
  isqrt,
  normalize,
  normFactor,
  requantize,
} from "../../../src/sprint/kernels/arithmetic.ts";
import { denseProduct } from "../../../src/sprint/kernels/gemm.ts";
import { computeNonce, maxNonce, prepareSprint, traceNonce } from "../../../src/sprint/nonce.ts";
import { profileNamed, profiles } from "../../../src/sprint/profiles.ts";
import { deriveKeys } from "../../../src/sprint/seeds.ts";
import { Weights } from "../../../src/sprint/weights.ts";
import {
  readSprintVectors,
  type SprintVectors,
  sprintOf,
  sprintVectors,
} from "../../support/sprint-vectors.ts";

const shared = new URL("../../../../shared/design/isp1-vectors.json", import.meta.url);
const vectors = sprintVectors;

const bytesOf = (values: Int8Array): Uint8Array => new Uint8Array(values.buffer);
const unpack = (runs: [number, number][]): number[] =>
  runs.flatMap(([value, repeat]) => new Array<number>(repeat).fill(value));

t.test(
  "the vectors are those published with the definition",
  { skip: existsSync(shared) ? false : "published file not beside this checkout" },
  async (t) => {
    const { sets, keys, stream, norm, isqrt, hits, nonces, mwc } = readSprintVectors(shared);
    const published = { sets, keys, stream, norm, isqrt, hits, nonces, mwc };
    for (const [name, facts] of Object.entries(published)) {
      t.same(vectors[name as keyof SprintVectors], facts, name);
    }
  },
);

t.test("vectors: seeds (clause 2)", async (t) => {
  for (const { set, profile, k_w, k_t, k_x } of vectors.keys) {
    const keys = deriveKeys(sprintOf(vectors, set, profile));
    t.same([keys.weights, keys.target, keys.input].map(toHex), [k_w, k_t, k_x]);
  }
});

t.test("vectors: stream (clause 1)", async (t) => {
  for (const { key, offset, len, bytes, ...words } of vectors.stream) {
    t.equal(toHex(streamBytes({ key: fromHex(key), ...words }, offset, len)), bytes);
  }
});

t.test("vectors: norm and square root (clause 4)", async (t) => {
  for (const { name, d, row_rle, ss, m, out_rle } of vectors.norm) {
    const out = new Int8Array(d);
    normalize(Int32Array.from(unpack(row_rle)), out);
    t.equal(normFactor(d, ss), m, name);
    t.same([...out], unpack(out_rle), name);
  }
  for (const { n, isqrt: root } of vectors.isqrt) t.equal(isqrt(Number(n)), Number(root));
});

t.test("vectors: nonces with their traces (clauses 4 and 5)", async (t) => {
  for (const { set, profile, nonce, c, ...expected } of vectors.nonces) {
    const sprint = prepareSprint(sprintOf(vectors, set, profile));
    const { digest, output, trace } = traceNonce(sprint, BigInt(nonce));
    const { dot, v2, t2 } = scoreOutput({ digest, output, target: sprint.target });
    const found = {
      digest: toHex(digest),
      hit: isHit({ digest, output, target: sprint.target, c }),
      dot: String(dot),
      v2: String(v2),
      t2: String(t2),
      trace: trace.map(toHex),
    };
    t.same(found, expected, `${profile} ${nonce}`);
  }
});

t.test("vectors: hits and commitment (clauses 5 and 6)", async (t) => {
  for (const { set, profile, from, to, c, hits, count, root } of vectors.hits) {
    const sprint = prepareSprint(sprintOf(vectors, set, profile));
    const found = [];
    for (let nonce = BigInt(from); nonce <= BigInt(to); nonce++) {
      const result = computeNonce(sprint, nonce);
      const isFound = isHit({ ...result, target: sprint.target, c });
      if (isFound) found.push({ nonce, digest: result.digest });
    }
    const shown = found.map(({ nonce, digest }) => ({
      nonce: String(nonce),
      digest: toHex(digest),
    }));
    t.same(shown, hits);
    const commitment = commitmentOf(found);
    t.same([toHex(commitment.root), commitment.count], [root, count]);
  }
});

t.test("the stream is the same from whatever offset it is read", async (t) => {
  const id = { key: new Uint8Array(32).fill(7), n0: 1, n1: 2, n2: 3 };
  const whole = streamBytes(id, 0, 5000);
  for (const [offset, length] of [
    [0, 1],
    [1023, 2],
    [1024, 1024],
    [1500, 3000],
    [4999, 1],
    [17, 0],
  ] as const) {
    t.same(streamBytes(id, offset, length), whole.slice(offset, offset + length));
  }
});

t.test("the dense product is exact at the extremes (clause 7 of the self-test)", async (t) => {
  const [tokens, inputs, outputs] = [4, 1024, 2];
  const cases: [x: number, w: number][] = [
    [127, 127],
    [127, -128],
    [-127, -128],
  ];
  for (const [x, w] of cases) {
    const out = new Int8Array(tokens * outputs);
    const operands = {
      x: new Int8Array(tokens * inputs).fill(x),
      w: new Int8Array(outputs * inputs).fill(w),
    };
    denseProduct({ ...operands, tokens, inputs, outputs, shift: 18 }, out);
    t.same([...out], new Array(8).fill(requantize(x * w * inputs, 18)), `${x} · ${w}`);
  }
});

t.test("the dense product equals the definition on pseudo-random operands", async (t) => {
  const key = new Uint8Array(32).fill(9);
  const signed = (n0: number, length: number): Int8Array =>
    new Int8Array(streamBytes({ key, n0, n1: 0, n2: 0 }, 0, length).buffer);
  for (const [tokens, inputs, outputs, shift] of [
    [4, 1, 2, 1],
    [8, 129, 6, 8],
    [16, 256, 10, 10],
  ] as const) {
    const [x, w] = [signed(1, tokens * inputs), signed(2, outputs * inputs)];
    const out = new Int8Array(tokens * outputs);
    denseProduct({ x, w, tokens, inputs, outputs, shift }, out);
    const expected = Array.from(out, (_, at) => {
      const [s, n] = [Math.floor(at / outputs), at % outputs];
      let sum = 0n;
      for (let k = 0; k < inputs; k++) sum += BigInt(x[s * inputs + k]! * w[n * inputs + k]!);
      const rounded = (sum + (1n << BigInt(shift - 1))) >> BigInt(shift);
      return Number(rounded > 127n ? 127n : rounded < -127n ? -127n : rounded);
    });
    t.same([...out], expected, `${tokens}x${inputs}x${outputs}`);
  }
});

t.test("the square root is exact around every square", async (t) => {
  for (const root of [0, 1, 2, 3, 1 << 15, (1 << 22) - 1, 67_108_863]) {
    t.equal(isqrt(root * root), root);
    t.equal(isqrt(root * root + 2 * root), root);
    if (root > 0) t.equal(isqrt(root * root - 1), root - 1);
  }
});

t.test("the hit rule decides ties by integers: dot²·2^40 >= c²·V2·T2 (clause 5)", async (t) => {
  const [v2, t2] = [1n << 33n, 1n << 21n];
  const tie = 1n << 27n; // tie² = v2·t2: a cosine of exactly 1.
  t.ok(isHitScore({ dot: tie, v2, t2 }, maxThreshold), "equality is a hit");
  t.notOk(isHitScore({ dot: tie - 1n, v2, t2 }, maxThreshold));
  t.notOk(isHitScore({ dot: -tie, v2, t2 }, maxThreshold), "the opposite direction is none");
  t.notOk(isHitScore({ dot: 0n, v2, t2 }, 0), "a right angle is none at any threshold");
  t.ok(isHitScore({ dot: 1n, v2, t2 }, 0));
});

t.test("nonces are u64, and both halves count", async (t) => {
  const sprint = prepareSprint(sprintOf(sprintVectors, "P", "T"));
  t.throws(() => computeNonce(sprint, -1n), RangeError);
  t.throws(() => computeNonce(sprint, maxNonce + 1n), RangeError);
  const digests = [1n, 1n << 32n, maxNonce].map((n) => toHex(computeNonce(sprint, n).digest));
  t.equal(new Set(digests).size, 3);
});

t.test("hosts share weights and target, and differ in everything else", async (t) => {
  const id = sprintOf(sprintVectors, "P", "T");
  const mine = prepareSprint(id);
  const hostKey = Uint8Array.from(id.hostKey, (byte, at) => (at === 32 ? byte ^ 1 : byte));
  const other = prepareSprint({ ...id, hostKey }, mine.weights);
  t.ok(other.weights === mine.weights);
  t.same(other.target, mine.target);
  const [theirs, ours] = [computeNonce(other, 0n), computeNonce(mine, 0n)];
  t.notOk(equalBytes(bytesOf(theirs.output), bytesOf(ours.output)));
});

t.test("large profiles expand a tensor whenever it is used; the bytes are the same", async (t) => {
  const key = new Uint8Array(32).fill(3);
  const large = { ...profiles.T, layers: 400 }; // Above the limit of what is kept.
  const twice = (weights: Weights) => [weights.layer(1, 4), weights.layer(1, 4)] as const;
  const [kept, keptAgain] = twice(new Weights(profiles.T, key));
  const [expanded, expandedAgain] = twice(new Weights(large, key));
  t.ok(kept === keptAgain);
  t.ok(expanded !== expandedAgain);
  t.ok(equalBytes(bytesOf(expanded), bytesOf(kept)));
});

t.test("a seed needs inputs of the right length", async (t) => {
  const id = sprintOf(sprintVectors, "P", "T");
  const short = new Uint8Array(31);
  t.throws(() => deriveKeys({ ...id, beacon1: short }), /beacon 1 has 31 bytes, not 32/);
  t.throws(() => deriveKeys({ ...id, beacon2: short }), /beacon 2 has 31 bytes, not 32/);
  t.throws(() => deriveKeys({ ...id, hostKey: short }), /host key has 31 bytes, not 33/);
  t.equal(profileNamed("T"), profiles.T);
  t.equal(profileNamed("X"), undefined);
});
