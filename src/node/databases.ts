/** The databases of a node: opened together, closed together. */
import { mkdirSync } from "node:fs";
import path from "node:path";
import type { Db } from "../store/db.ts";
import { HeldDb, HeldWrites } from "../store/held-writes.ts";
import { openLevelDb } from "../store/leveldb.ts";
import { homePaths } from "./home.ts";

export interface Databases {
  readonly app: Db;
  readonly blocks: Db;
  readonly state: Db;
  readonly index: Db;
  readonly evidence: Db;
  /** Those whose writes can be held: blocks, then the state after them, then what follows both. */
  readonly writes: HeldWrites;
  close(): Promise<void>;
}

/** The only one that a node with an external engine has. */
export async function openAppDatabase(home: string): Promise<Db> {
  const { appDb } = homePaths(home);
  mkdirSync(path.dirname(appDb), { recursive: true });
  return openLevelDb(appDb);
}

/** Opens all of them; throws when another process holds one. */
export async function openDatabases(home: string): Promise<Databases> {
  const paths = homePaths(home);
  mkdirSync(path.dirname(paths.appDb), { recursive: true });
  const opened: Db[] = [];
  const open = async (file: string): Promise<HeldDb> => {
    const db = new HeldDb(await openLevelDb(file));
    opened.push(db);
    return db;
  };
  const close = async (): Promise<void> => {
    for (const db of opened.reverse()) await db.close();
  };
  try {
    const app = await open(paths.appDb);
    const blocks = await open(paths.blockDb);
    const state = await open(paths.stateDb);
    const index = await open(paths.indexDb);
    const evidence = await open(paths.evidenceDb);
    const writes = new HeldWrites([blocks, state, app, index]);
    return { app, blocks, state, index, evidence, writes, close };
  } catch (error) {
    await close();
    throw error;
  }
}
