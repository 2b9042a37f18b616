/** The snapshots of a stopped node: list them, make one, go back to one, delete one. */
import { readFileSync } from "node:fs";
import type { Snapshot } from "cosmjs-types/tendermint/abci/types";
import { isOfAppHash } from "../../abci/snapshots/manifest.ts";
import { SnapshotShelf } from "../../abci/snapshots/snapshot-shelf.ts";
import { BlockStore } from "../../blockstore/block-store.ts";
import { StateStore } from "../../execution/state-store.ts";
import { forgetState } from "../../store/rollback.ts";
import { parseGenesis } from "../../types/genesis/genesis.ts";
import { openApp } from "../app/open-app.ts";
import { ConfigError, loadConfig } from "../config.ts";
import { type Databases, openDatabases } from "../databases.ts";
import { homePaths } from "../home.ts";
import { Logger } from "../logger.ts";

/** Oldest first. */
export function listSnapshots(home: string): Promise<readonly Snapshot[]> {
  return withDatabases(home, async ({ app }) => (await SnapshotShelf.open(app)).list());
}

/** Whether there was one. */
export function deleteSnapshot(home: string, height: bigint): Promise<boolean> {
  return withDatabases(home, async ({ app }) => (await SnapshotShelf.open(app)).remove(height));
}

/** Makes one of the last committed height, which it returns. */
export function makeSnapshot(home: string): Promise<bigint> {
  return withDatabases(home, async ({ app }) => snapshotsOf(await open(home, app)).make());
}

/**
 * Replaces the state by a snapshot; the next start executes the blocks after it again. The snapshot
 * must be of the application hash that is given, or else that the stored blocks say.
 */
export function restoreSnapshot(
  home: string,
  height: bigint,
  givenHash: Uint8Array | undefined,
): Promise<void> {
  return withDatabases(home, async (databases) => {
    const shelf = await SnapshotShelf.open(databases.app);
    const snapshot = shelf.find(height);
    if (!snapshot) throw new ConfigError([`there is no snapshot of height ${height}`]);
    const appHash = givenHash ?? storedAppHash(databases, height);
    if (!appHash) {
      throw new ConfigError([`no stored block tells the app hash of ${height}: give --app-hash`]);
    }
    if (!isOfAppHash(snapshot, appHash)) {
      throw new ConfigError([`snapshot ${height} is not of the application hash expected`]);
    }
    await forgetState(databases.app);
    await snapshotsOf(await open(home, databases.app)).takeOwn(snapshot, appHash);
  });
}

/** The hash after a height, which the next header or the state holds. */
function storedAppHash(databases: Databases, height: bigint): Uint8Array | undefined {
  const next = new BlockStore(databases.blocks).loadBlockMeta(height + 1n);
  if (next) return next.header.appHash;
  const state = new StateStore(databases.state).load();
  return state?.lastBlockHeight === height ? state.appHash : undefined;
}

function open(home: string, db: Databases["app"]) {
  const log = new Logger({ module: "snapshots", level: "error", format: "plain" });
  const genesis = () => parseGenesis(readFileSync(homePaths(home).genesis, "utf8"));
  return openApp({ db, genesis, config: loadConfig(home), log });
}

function snapshotsOf({ snapshots }: Awaited<ReturnType<typeof openApp>>) {
  if (snapshots) return snapshots;
  throw new ConfigError(["application: this one has no snapshots"]);
}

async function withDatabases<T>(home: string, use: (all: Databases) => Promise<T>): Promise<T> {
  const databases = await openDatabases(home);
  try {
    return await use(databases);
  } finally {
    await databases.close();
  }
}
