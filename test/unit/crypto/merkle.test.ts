/**
 * RFC 6962 trees. Literals of cometbft v0.38.25 crypto/merkle: rfc6962_test.go, tree_test.go,
 * proof_test.go.
 */
import t from "tap";
import { sha256 } from "../../../src/crypto/hash.ts";
import {
  innerHash,
  leafHash,
  type MerkleProof,
  merkleProofs,
  merkleRoot,
  splitPoint,
  verifyMerkleProof,
} from "../../../src/crypto/merkle.ts";
import { concat, equalBytes, toHex, utf8 } from "../../../src/encoding/bytes.ts";
import { prng } from "../../support/prng.ts";

const emptyRoot = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
const emptyLeaf = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d";
const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

t.test("TestRFC6962Hasher", (t) => {
  t.equal(toHex(merkleRoot([])), emptyRoot);
  t.equal(toHex(leafHash(bytes())), emptyLeaf);
  t.equal(
    toHex(leafHash(utf8("L123456"))),
    "395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56",
  );
  t.equal(
    toHex(innerHash(utf8("N123"), utf8("N456"))),
    "aa217fe888e47007fa15edab33c2b492a722cb106c64667fc2b044444de66bbb",
  );
  t.end();
});

t.test("TestRFC6962HasherCollisions: a leaf never hashes like an inner node", (t) => {
  const [a, b] = [leafHash(utf8("Hello")), leafHash(utf8("World"))];
  t.not(toHex(leafHash(concat(a, b))), toHex(innerHash(a, b)));
  t.not(toHex(innerHash(a, b)), toHex(innerHash(b, a)));
  t.end();
});

t.test("TestHashFromByteSlices", (t) => {
  const cases: [Uint8Array[], string][] = [
    [[], emptyRoot],
    [[bytes(1, 2, 3)], "054edec1d0211f624fed0cbca9d4f9400b0e491c43742af2c5b0abebf0c990d8"],
    [[bytes()], emptyLeaf],
    [
      [bytes(1, 2, 3), bytes(4, 5, 6)],
      "82e6cfce00453804379b53962939eaa7906b39904be0813fcadd31b100773c4b",
    ],
    [
      [bytes(1, 2), bytes(3, 4), bytes(5, 6), bytes(7, 8), bytes(9, 10)],
      "f326493eceab4f2d9ffbc78c59432a0a005d6ea98392045c74df5d14a113be18",
    ],
  ];
  for (const [leaves, want] of cases) {
    t.equal(toHex(merkleRoot(leaves)), want);
    t.equal(toHex(merkleProofs(leaves).root), want);
  }
  t.end();
});

t.test("Test_getSplitPoint", (t) => {
  const cases = [
    [2, 1],
    [3, 2],
    [4, 2],
    [5, 4],
    [10, 8],
    [20, 16],
    [100, 64],
    [255, 128],
    [256, 128],
    [257, 256],
  ] as const;
  for (const [size, want] of cases) t.equal(splitPoint(size), want, `${size}`);
  t.end();
});

t.test(
  "proofs of trees of 1 to 40 leaves and of 100: whole they verify, injured they do not",
  (t) => {
    const seed = 3;
    t.comment(`seed ${seed}`);
    const random = prng(seed);
    const randomBytes = (length: number): Uint8Array =>
      Uint8Array.from({ length }, () => Math.floor(random() * 256));
    const flip = (value: Uint8Array): Uint8Array => {
      const copy = Uint8Array.from(value);
      const at = Math.floor(random() * copy.length);
      copy[at] = (copy[at] ?? 0) ^ (1 << Math.floor(random() * 8));
      return copy;
    };
    for (const size of [...Array.from({ length: 40 }, (_, i) => i + 1), 100]) {
      const leaves = Array.from({ length: size }, () => randomBytes(32));
      const { root, proofs } = merkleProofs(leaves);
      if (!equalBytes(root, merkleRoot(leaves))) t.fail(`roots of ${size} leaves differ`);
      for (const [i, leaf] of leaves.entries()) {
        const proof = proofs[i];
        if (!proof || !verifyMerkleProof(root, leaf, proof)) t.fail(`proof ${i} of ${size}`);
        else
          for (const [what, accepted] of injuries(root, leaf, proof)) {
            if (accepted) t.fail(`${what}: proof ${i} of ${size}`);
          }
      }
    }
    /** Each injury with whether it is accepted all the same. */
    function injuries(root: Uint8Array, leaf: Uint8Array, proof: MerkleProof): [string, boolean][] {
      const { aunts } = proof;
      const verify = (change: Partial<MerkleProof>): boolean =>
        verifyMerkleProof(root, leaf, { ...proof, ...change });
      const shown: [string, boolean][] = [
        ["trail too long", verify({ aunts: [...aunts, randomBytes(32)] })],
        ["leaf mutated", verifyMerkleProof(root, flip(leaf), proof)],
        ["root mutated", verifyMerkleProof(flip(root), leaf, proof)],
        ["leaf hash mutated", verify({ leafHash: flip(proof.leafHash) })],
        ["index outside", verify({ index: proof.total })],
        ["negative index", verify({ index: -1n })],
        ["negative total", verify({ total: -1n })],
        ["huge total", verify({ total: (1n << 62n) + proof.total })],
      ];
      if (aunts.length === 0) return shown;
      return [
        ...shown,
        ["trail too short", verify({ aunts: aunts.slice(0, -1) })],
        ["aunt mutated", verify({ aunts: [flip(aunts[0] ?? root), ...aunts.slice(1)] })],
        ["aunt too short", verify({ aunts: [randomBytes(31), ...aunts.slice(1)] })],
      ];
    }
    t.pass("all trees");
    t.end();
  },
);

t.test("TestProofValidateBasic and the forged proof of TestVsa2022_100", (t) => {
  const leaf = utf8("foo");
  const root = sha256(utf8("root"));
  const proof: MerkleProof = { total: 1n, index: 0n, leafHash: leafHash(leaf), aunts: [] };
  t.equal(verifyMerkleProof(leafHash(leaf), leaf, proof), true);
  t.equal(verifyMerkleProof(root, leaf, proof), false);
  t.equal(verifyMerkleProof(root, leaf, { ...proof, total: 0n }), false);
  const aunts = Array.from({ length: 101 }, () => new Uint8Array(32));
  t.equal(verifyMerkleProof(root, leaf, { ...proof, total: 2n, aunts }), false, "101 aunts");
  // The regression: a proof with a leaf hash of its own and no aunts, for a two-leaf tree.
  const forged = { total: 2n, index: 0n, leafHash: root, aunts: [] };
  t.equal(verifyMerkleProof(root, leaf, forged), false);
  t.equal(verifyMerkleProof(new Uint8Array(0), leaf, { ...proof, total: 3n, aunts: [] }), false);
  t.end();
});
