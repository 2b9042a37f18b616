/**
 * A model as MWC-1 sees it (spec/sprint.md, clause 12): the bytes of its files one after the other,
 * zero-padded once at the end to rows of 4096 bytes. Models are larger than memory, so everything
 * here is a stream.
 */
import { concat, u64le } from "../../encoding/bytes.ts";
import { StreamingTree } from "../multiproof.ts";

/** Bytes of a row. */
export const rowBytes = 4096;
/** The most rows a model may have: 16 TiB. */
export const maxRows = 0xffffffff;

/** Starts the model from its first row whenever it is called; a row is overwritten by the next. */
export type RowSource = () => AsyncIterable<Uint8Array>;

/** Cuts a stream of chunks of any size into rows; the last one is padded with zeros. */
export async function* rowsOf(chunks: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const row = new Uint8Array(rowBytes);
  let filled = 0;
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.length; ) {
      const part = chunk.subarray(at, at + rowBytes - filled);
      row.set(part, filled);
      at += part.length;
      filled += part.length;
      if (filled < rowBytes) break;
      yield row;
      filled = 0;
    }
  }
  if (filled > 0) yield row.fill(0, filled);
}

/** model_root and n_rows. Throws a RangeError when the model has no bytes, or too many. */
export async function modelRoot(source: RowSource): Promise<{ root: Uint8Array; rows: number }> {
  const tree = new StreamingTree();
  let rows = 0;
  for await (const row of source()) tree.add(rowLeaf(rows++, row));
  const root = tree.root();
  if (!root || rows > maxRows) throw new RangeError(`a model of ${rows} rows`);
  return { root, rows };
}

/** The leaf of a row: LE64(i) ‖ row. */
export function rowLeaf(index: number, row: Uint8Array): Uint8Array {
  return concat(u64le(BigInt(index)), row);
}
