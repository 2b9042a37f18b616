/** The hashes of nodes, of which the addon makes thousands at a time, against node:crypto's. */
import t from "tap";
import { toHex } from "../../../src/encoding/bytes.ts";
import { loadAddon } from "../../../src/native/addon.ts";
import {
  hashNodesInScript,
  type NodeHasher,
  nodeHasher,
} from "../../../src/store/iavl/node-hasher.ts";
import { type NodeId, Nodes, probeOf } from "../../../src/store/iavl/nodes.ts";
import { Xorshift } from "../../support/xorshift.ts";

const loaded = loadAddon();
const hashNodes = "missing" in loaded ? undefined : loaded.addon.hashNodes;
const skip = hashNodes ? false : "the addon is not built, or an older one is";

/** A tree of so many leaves with records, versions and a shape that the seed chooses. */
function plant(hashNodes: NodeHasher, seed: number, leaves: number): string {
  const random = new Xorshift(seed * 2654435761);
  const nodes = new Nodes(hashNodes);
  const version = () => random.below(2) * random.below(2 ** 21) * 2 ** 32 + random.below(2 ** 32);
  const ids: NodeId[] = Array.from({ length: leaves }, () => {
    const key = random.bytes(1 + random.below(random.below(20) === 0 ? 500 : 40));
    return nodes.addLeaf(probeOf(key), random.bytes(random.below(200)), version());
  });
  let [first] = ids as [NodeId];
  while (ids.length > 1) {
    const [left] = ids.splice(random.below(ids.length), 1) as [NodeId];
    const at = random.below(ids.length);
    const right = ids[at] as NodeId;
    first = nodes.addInner({ left, right, first, version: version() });
    ids[at] = first;
    if (random.below(50) === 0) nodes.hash(first);
  }
  return toHex(nodes.hash(first));
}

t.test("the addon hashes as node:crypto does", { skip }, async (t) => {
  t.equal(nodeHasher(), hashNodes);
  for (let seed = 1; seed <= 200; seed++) {
    const leaves = 1 + (seed % 40);
    const script = plant(hashNodesInScript, seed, leaves);
    t.equal(plant(nodeHasher(), seed, leaves), script, `seed ${seed}`);
  }
});

t.test("a batch that is hashed in pieces", { skip }, async (t) => {
  t.equal(plant(nodeHasher(), 1, 40_000), plant(hashNodesInScript, 1, 40_000));
});

t.test("node hashes of a leaf and of two, written down", async (t) => {
  // Leaf: SHA-256 of 00 02 04 03 "key" 20 and the SHA-256 of "value"; inner: spec/store.md, 2.3.
  for (const hashNodes of new Set([hashNodesInScript, nodeHasher()])) {
    const nodes = new Nodes(hashNodes);
    const leaf = nodes.addLeaf(probeOf(Buffer.from("key")), Buffer.from("value"), 2);
    t.equal(
      toHex(nodes.hash(leaf)),
      "356454ab80d0a686e0844cb3300da0f5751f4768c8124457d4d703232c0c7afe",
    );
    const other = nodes.addLeaf(probeOf(Buffer.from("other")), Buffer.from(""), 3);
    const inner = nodes.addInner({ left: leaf, right: other, first: other, version: 3 });
    t.equal(
      toHex(nodes.hash(inner)),
      "708dab461ea7131ae5129cf962c8d9b8eea31cb3ba4c1540017a766f75930d44",
    );
  }
});

t.test("the addon refuses what points out of its memory", { skip }, async (t) => {
  const cells = new Uint32Array(48);
  const none = new Uint32Array(0);
  const records = new Uint8Array(0);
  const refused = (batch: Partial<Parameters<NodeHasher>[0]>) =>
    t.throws(() => hashNodes?.({ cells, leaves: none, records, inner: none, ...batch }));
  refused({ inner: Uint32Array.of(3) });
  refused({ leaves: Uint32Array.of(3), records: new Uint8Array(8) });
  refused({ leaves: Uint32Array.of(1) });
  refused({ leaves: Uint32Array.of(1), records: Uint8Array.of(9, 0, 0, 0, 0, 0, 0, 0) });
  cells.set([1, 3, 0, 0, 2, 1], 32);
  refused({ inner: Uint32Array.of(2) });
  t.same(cells.subarray(40), new Uint32Array(8), "nothing was written");
});
