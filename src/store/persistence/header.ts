/** What a header says about versions, and how opening tidies up after a run that was cut short. */
import type { Db } from "../db.ts";
import { chunkKey, encodeHeader, type Header, headerKey, logKey } from "./format.ts";
import { removeChunks } from "./housekeeping.ts";

/** Above every version. */
const keyNumberMax = 2 ** 53;
const removedAtOnce = 1_000;

export function nextVersion({ version, initialVersion }: Header): number {
  return version === 0 ? initialVersion : version + 1;
}

export function emptyHeader(initialVersion: bigint): Header {
  if (initialVersion < 1n || initialVersion > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw new Error(`the initial version ${initialVersion} is not from 1 to 2^53-1`);
  }
  const first = Number(initialVersion);
  return {
    initialVersion: first,
    version: 0,
    oldestLog: first,
    snapshots: [],
    unfinished: undefined,
  };
}

/** Removes the chunks of a snapshot that the last run did not finish. */
export async function dropUnfinished(db: Db, header: Header): Promise<Header> {
  if (!header.unfinished) return header;
  const cleaned = { ...header, unfinished: undefined };
  const write = { key: headerKey, value: encodeHeader(cleaned) };
  await db.batch([...removeChunks(header.unfinished), write], { sync: true });
  return cleaned;
}

/**
 * Removes logs and chunks below no header: what an import of a snapshot left that was cut short, or
 * a removal of the state. Other records of the database stay.
 */
export async function dropHeadless(db: Db): Promise<void> {
  let keys: Uint8Array[] = [];
  const remove = async (): Promise<void> => {
    const ops = keys.map((key) => ({ key, value: undefined }));
    keys = [];
    await db.batch(ops, { sync: false });
  };
  for (const range of [
    { start: logKey(0), end: logKey(keyNumberMax) },
    { start: chunkKey(0, 0), end: chunkKey(keyNumberMax, 0) },
  ]) {
    for await (const [key] of db.iterate(range)) {
      keys.push(key);
      if (keys.length >= removedAtOnce) await remove();
    }
  }
  if (keys.length > 0) await remove();
}
