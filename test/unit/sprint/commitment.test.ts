/** Commitments, openings and sampling against spec/sprint.md, clauses 6 to 9. */
import { readFileSync } from "node:fs";
import { blake3 } from "@noble/hashes/blake3.js";
import t from "tap";
import { sha256 } from "../../../src/crypto/hash.ts";
import { concat, fromHex, toHex, u32le, u64le, utf8 } from "../../../src/encoding/bytes.ts";
import { attestationTag } from "../../../src/sprint/digest.ts";
import {
  commitmentOf,
  type Hit,
  maxHits,
  type Opening,
  openedPositions,
  openLeaves,
  verifyOpening,
} from "../../../src/sprint/hits.ts";
import { openedRoot, siblingRanges } from "../../../src/sprint/multiproof.ts";
import { sampleAllSlots, sampleIndices } from "../../../src/sprint/sampling.ts";
import { prng } from "../../support/prng.ts";

const vectorFile = new URL("../../vectors/sprint-openings.json", import.meta.url);
const { openings } = JSON.parse(readFileSync(vectorFile, "utf8")) as {
  openings: {
    count: number;
    indices: number[];
    root: string;
    positions: number[];
    proof: string[];
  }[];
};

/** The hits of the vector file: nonce 7i² + 1, digest SHA-256 of the nonce. */
const hitsOf = (count: number): Hit[] =>
  Array.from({ length: count }, (_, i) => {
    const nonce = BigInt(7 * i * i + 1);
    return { nonce, digest: sha256(u64le(nonce)) };
  });

const openingOf = (hits: Hit[], indices: number[]): Opening => ({
  ...commitmentOf(hits),
  ...openLeaves(hits, indices),
  indices,
});

t.test("vectors: root, shown leaves and minimal proof (clauses 6 and 7)", async (t) => {
  for (const { count, indices, root, positions, proof } of openings) {
    const hits = hitsOf(count);
    const opening = openingOf(hits, indices);
    const found = {
      root: toHex(opening.root),
      positions: openedPositions(count, indices),
      proof: opening.proof.map(toHex),
    };
    t.same(found, { root, positions, proof }, `${count} leaves, ${indices}`);
    t.same(
      opening.leaves,
      positions.map((position) => hits[position]),
    );
    t.equal(verifyOpening(opening), undefined);
  }
});

t.test(
  "every opening of every small tree verifies, and its last leaf only as the last",
  async (t) => {
    const wrong: string[] = [];
    for (let count = 1; count <= 9; count++) {
      for (let mask = 1; mask < 1 << count; mask++) {
        const indices = [...Array(count).keys()].filter((i) => (mask >> i) & 1);
        const opening = openingOf(hitsOf(count), indices);
        if (verifyOpening(opening) !== undefined) wrong.push(`${count}: ${indices}`);
        const padded = verifyOpening({ ...opening, count: count + 1 });
        // Elsewhere a padded count may pass: a sample of the missing leaf is what finds it.
        if (indices.includes(count - 1) && padded === undefined)
          wrong.push(`${count}+1: ${indices}`);
      }
    }
    t.same(wrong, []);
  },
);

t.test("no hits: the empty tree, nothing to open (clause 6)", async (t) => {
  const { root, count } = commitmentOf([]);
  t.equal(toHex(root), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  t.equal(count, 0);
  t.same(openLeaves([], []), { leaves: [], proof: [] });
  t.equal(verifyOpening({ root, count, indices: [], leaves: [], proof: [] }), undefined);
  t.equal(
    verifyOpening({ root, count, indices: [0], leaves: [], proof: [] }),
    "index 0 is outside of 0..-1",
  );
});

t.test("a list of hits must increase strictly (clause 6)", async (t) => {
  const [a, b] = hitsOf(2) as [Hit, Hit];
  t.throws(() => commitmentOf([b, a]), { message: "nonce 1 follows 8" });
  t.throws(() => commitmentOf([a, a]), { message: "nonce 1 follows 1" });
  t.throws(() => commitmentOf([{ ...a, nonce: 1n << 64n }]), RangeError);
  t.throws(() => commitmentOf([{ ...a, digest: new Uint8Array(31) }]), RangeError);
  t.throws(() => openLeaves([a, b], [2]), RangeError);
});

t.test("duplicates and concatenated lists become visible (clause 7)", async (t) => {
  const hits = hitsOf(8);
  const list = [...hits.slice(0, 4), ...hits.slice(0, 4)];
  // The cheat's own tree, which commitmentOf refuses to build.
  const renumbered = list.map((hit, i) => ({ nonce: BigInt(i), digest: hit.digest }));
  const { proof } = openLeaves(renumbered, [3]);
  const opening = { root: sha256(utf8("any")), count: 8, indices: [3], proof };
  t.equal(verifyOpening({ ...opening, leaves: list.slice(3, 5) }), "nonce 1 follows 64");
});

t.test("a foreign opening is refused with the reason (clause 7)", async (t) => {
  const opening = openingOf(hitsOf(16), [3, 9]);
  const { leaves, proof } = opening;
  const other = { nonce: leaves[0]!.nonce, digest: sha256(utf8("other")) };
  const cases: [change: Partial<Opening>, reason: RegExp][] = [
    [{ count: -1 }, /^count -1$/],
    [{ count: 1.5 }, /^count 1.5$/],
    [{ count: Number.NaN }, /^count NaN$/],
    [{ count: maxHits + 1 }, /^count 4294967296$/],
    [{ indices: [16] }, /^index 16 is outside of 0..15$/],
    [{ indices: [-1] }, /^index -1 is outside/],
    [{ indices: [0.5] }, /^index 0.5 is outside/],
    [{ indices: [] }, /^4 leaves opened, 0 asked for$/],
    [{ indices: [], leaves: [] }, /^nothing to prove$/],
    [{ leaves: leaves.slice(1) }, /^3 leaves opened, 4 asked for$/],
    [{ leaves: [...leaves, ...leaves] }, /^8 leaves opened, 4 asked for$/],
    [{ leaves: [...leaves].reverse() }, /follows/],
    [{ leaves: [other, ...leaves.slice(1)] }, /^root [0-9a-f]{64} is not the committed$/],
    [{ leaves: [{ ...other, digest: new Uint8Array(0) }, ...leaves.slice(1)] }, /^a digest of 0/],
    [{ leaves: [{ ...other, nonce: -5n }, ...leaves.slice(1)] }, /^nonce -5 does not fit u64$/],
    [{ proof: proof.slice(1) }, /^the proof has not the hashes/],
    [{ proof: [...proof, proof[0]!] }, /^the proof has not the hashes/],
    [{ proof: [new Uint8Array(33), ...proof.slice(1)] }, /^the proof has not the hashes/],
    [{ proof: [...proof].reverse() }, /is not the committed$/],
    [{ root: new Uint8Array(0) }, /is not the committed$/],
    [{ indices: [3, 8] }, /^\d leaves opened|is not the committed$|has not the hashes/],
  ];
  for (const [change, reason] of cases) {
    t.match(verifyOpening({ ...opening, ...change }), reason, Object.keys(change).join());
  }
  t.equal(verifyOpening({ ...opening, indices: [9, 3, 3] }), undefined, "order and repetition");
});

t.test("no changed bit of an opening survives", async (t) => {
  const seed = 20261;
  const rng = prng(seed);
  for (let run = 0; run < 300; run++) {
    const count = 1 + Math.floor(rng() * 200);
    const indices = Array.from({ length: 1 + Math.floor(rng() * 6) }, () =>
      Math.floor(rng() * count),
    );
    const opening = openingOf(hitsOf(count), indices);
    t.equal(verifyOpening(opening), undefined, `seed ${seed}, run ${run}`);
    const places = [...opening.proof, ...opening.leaves.map(({ digest }) => digest)];
    const target = places[Math.floor(rng() * places.length)]!;
    const changed = target.slice();
    changed[Math.floor(rng() * 32)]! ^= 1 << Math.floor(rng() * 8);
    const swap = (bytes: Uint8Array) => (bytes === target ? changed : bytes);
    const forged = {
      ...opening,
      proof: opening.proof.map(swap),
      leaves: opening.leaves.map((leaf) => ({ ...leaf, digest: swap(leaf.digest) })),
    };
    t.match(verifyOpening(forged), /is not the committed$/, `seed ${seed}, run ${run}`);
  }
});

t.test("a proof of the largest tree is small, and its checking is bounded", async (t) => {
  const positions = openedPositions(maxHits, [0, 12_345_678, maxHits - 1]);
  const ranges = siblingRanges(maxHits, positions);
  t.ok(ranges.length <= 3 * 32);
  const leaves = positions.map((position) => ({ position, hash: new Uint8Array(32) }));
  const proof = ranges.map(() => new Uint8Array(32));
  t.equal(openedRoot({ count: maxHits, leaves, proof })?.length, 32);
  t.equal(openedRoot({ count: maxHits, leaves, proof: proof.slice(1) }), undefined);
  t.equal(openedRoot({ count: 0, leaves: [], proof: [] }), undefined);
});

t.test("samples follow beacon 3, host key, slot and number (clause 8)", async (t) => {
  const beacon3 = new Uint8Array(32).fill(3);
  const hostKey = fromHex("02ed755feb061332d36a52357491a0a19b4e1f452a96c68a5b1cabba32ae61d170");
  const drawn = (slot: number, j: number, count: bigint): number => {
    const message = concat(utf8("isp1 sample v1"), hostKey, u32le(slot), u32le(j));
    const hash = blake3(message, { key: beacon3 }).subarray(0, 8).reverse();
    return Number(BigInt(`0x${toHex(hash)}`) % count);
  };
  const request = { beacon3, hostKey, samples: 16, count: 1000 };
  for (const verifierSlot of [0, 1, 7]) {
    const expected = [...Array(16).keys()].map((j) => drawn(verifierSlot, j, 1000n));
    const found = sampleIndices({ ...request, verifierSlot });
    t.same(
      found,
      [...new Set(expected)].sort((a, b) => a - b),
    );
  }
  const all = [0, 1, 2].flatMap((verifierSlot) => sampleIndices({ ...request, verifierSlot }));
  t.same(
    sampleAllSlots({ ...request, slots: 3 }),
    [...new Set(all)].sort((a, b) => a - b),
  );
  t.same(sampleIndices({ ...request, verifierSlot: 0, count: 1 }), [0], "a repetition counts once");
  t.same(sampleIndices({ ...request, verifierSlot: 0, count: 0 }), []);
  t.throws(() => sampleIndices({ ...request, verifierSlot: 0, beacon3: hostKey }), RangeError);
  t.throws(() => sampleIndices({ ...request, verifierSlot: 0, hostKey: beacon3 }), RangeError);
});

t.test("an attestation tag binds verifier, leaf and output (clause 9)", async (t) => {
  const tagged = {
    verifierKey: new Uint8Array(33).fill(2),
    digest: new Uint8Array(32).fill(3),
    output: new Int8Array(4096).fill(-1),
  };
  const material = concat(tagged.verifierKey, tagged.digest, new Uint8Array(4096).fill(255));
  const tag = toHex(attestationTag(tagged));
  t.equal(tag, toHex(blake3(material, { context: utf8("isp1 attestation v1") })));
  t.not(toHex(attestationTag({ ...tagged, verifierKey: new Uint8Array(33) })), tag);
  t.not(toHex(attestationTag({ ...tagged, digest: new Uint8Array(32) })), tag);
  t.not(toHex(attestationTag({ ...tagged, output: new Int8Array(4096) })), tag);
});
