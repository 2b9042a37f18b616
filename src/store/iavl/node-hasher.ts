/**
 * Hashes of nodes, many at a time, in the memory of the tree: by the addon where it is built and
 * agrees with node:crypto on a sample, else by node:crypto. docs/adr/088.
 */
import { equalBytes } from "../../encoding/bytes.ts";
import { loadAddon } from "../../native/addon.ts";
import {
  cellWords,
  hashBytes,
  hashedBit,
  hashWord,
  heightMask,
  setVersionAt,
  versionAt,
} from "./cell.ts";
import { latin1Buffer } from "./latin1-buffer.ts";
import { Preimage } from "./preimage.ts";

export interface HashBatch {
  readonly cells: Uint32Array;
  /** Cell numbers of leaves. */
  readonly leaves: Uint32Array;
  /** The records of the leaves, as Records.raw() gives them, each at a multiple of eight. */
  readonly records: Uint8Array;
  /** Cell numbers of inner nodes, children before parents; other children are hashed already. */
  readonly inner: Uint32Array;
}

export type NodeHasher = (batch: HashBatch) => void;

/** With node:crypto: the reference. */
export function hashNodesInScript({ cells, leaves, records, inner }: HashBatch): void {
  const preimage = new Preimage();
  const bytes = latin1Buffer(cells.buffer);
  const finish = (at: number): void => {
    bytes.latin1Write(preimage.digest(), (at + hashWord) * 4, hashBytes);
    cells[at + 5] = (cells[at + 5] as number) | hashedBit;
  };
  const words = new Uint32Array(records.buffer, records.byteOffset, records.length / 4);
  let next = 0;
  for (const id of leaves) {
    const at = id * cellWords;
    const middle = next + 8 + (words[next / 4] as number);
    const end = middle + (words[next / 4 + 1] as number);
    preimage.begin(0, 1, versionAt(cells, at));
    preimage.leaf(records.subarray(next + 8, middle), records.subarray(middle, end));
    finish(at);
    next = end + (-end & 7);
  }
  for (const id of inner) {
    const at = id * cellWords;
    const height = (cells[at + 5] as number) & heightMask;
    preimage.begin(height, cells[at + 4] as number, versionAt(cells, at));
    preimage.child(cells, (cells[at] as number) * cellWords + hashWord);
    preimage.child(cells, (cells[at + 1] as number) * cellWords + hashWord);
    finish(at);
  }
}

let chosen: NodeHasher | undefined;

/** The fastest hasher that can be relied on; a process chooses once. */
export function nodeHasher(): NodeHasher {
  chosen ??= choose();
  return chosen;
}

function choose(): NodeHasher {
  const loaded = loadAddon();
  if ("missing" in loaded || !isLittleEndian) return hashNodesInScript;
  const { hashNodes } = loaded.addon;
  // An addon of an older build lacks the call.
  return hashNodes && agrees(hashNodes) ? hashNodes : hashNodesInScript;
}

const isLittleEndian = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;

/** Two leaves and three inner nodes above them, with lengths and versions of every size. */
function agrees(hashNodes: NodeHasher): boolean {
  const versions = [0, 1, 300, 2 ** 40 + 1, 2 ** 52, 2 ** 53 - 1];
  const sample = (): HashBatch => {
    const cells = new Uint32Array(versions.length * cellWords);
    for (const [id, version] of versions.entries()) {
      setVersionAt(cells, id * cellWords, version, Math.max(id - 2, 0));
      cells.set([1, Math.max(id - 1, 0)], id * cellWords);
      cells[id * cellWords + 4] = id < 3 ? 1 : 2 ** (id * 6) - 1;
    }
    const records = new Uint8Array(408).fill(7);
    new Uint32Array(records.buffer).set([1, 3]);
    new Uint32Array(records.buffer).set([139, 245], 4);
    return { cells, leaves: Uint32Array.of(1, 2), records, inner: Uint32Array.of(3, 4, 5) };
  };
  const [native, script] = [sample(), sample()];
  hashNodes(native);
  hashNodesInScript(script);
  return equalBytes(new Uint8Array(native.cells.buffer), new Uint8Array(script.cells.buffer));
}
