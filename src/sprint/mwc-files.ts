/** The files of a model on disk, as MWC-1 reads them: in the order of the registry. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { equalBytes, toHex } from "../encoding/bytes.ts";
import { type RowSource, rowsOf } from "./mwc/rows.ts";

/** One file of the registry entry, and where it lies here. */
export interface ModelFile {
  readonly path: string;
  readonly lengthBytes: number;
  readonly sha256: Uint8Array;
}

const chunkBytes = 1024 * 1024;

/** The model's rows. Reading throws an Error when a file is missing or has another length. */
export function modelFileRows(files: readonly ModelFile[]): RowSource {
  return () => rowsOf(chunksOf(files));
}

async function* chunksOf(files: readonly ModelFile[]): AsyncIterable<Uint8Array> {
  for (const { path, lengthBytes } of files) {
    let read = 0;
    const stream = createReadStream(path, { highWaterMark: chunkBytes });
    for await (const chunk of stream as AsyncIterable<Uint8Array>) {
      read += chunk.length;
      yield chunk;
    }
    if (read !== lengthBytes) throw new Error(`${path} has ${read} bytes, not ${lengthBytes}`);
  }
}

/** undefined when every file is the registered one; else which is not, and why. */
export async function checkModelFiles(files: readonly ModelFile[]): Promise<string | undefined> {
  for (const { path, lengthBytes, sha256 } of files) {
    const hash = createHash("sha256");
    try {
      for await (const chunk of chunksOf([{ path, lengthBytes, sha256 }])) hash.update(chunk);
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
    const found = hash.digest();
    if (!equalBytes(found, sha256)) return `${path} has SHA-256 ${toHex(found)}`;
  }
  return undefined;
}
