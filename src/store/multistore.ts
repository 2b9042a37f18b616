/**
 * The state of the application: named IAVL+ trees that are committed together. One batch per
 * version, fsynced: after a crash at any moment, either all of a version is there or none of it.
 */
import { Branch } from "./branch.ts";
import { appHashOf, hashBeforeFirstCommit, type StoreInfo, sortedNames } from "./commit-info.ts";
import type { Db, DbOp } from "./db.ts";
import { Tree, TreeView } from "./iavl/tree.ts";
import type { ReadStore } from "./kv.ts";
import {
  encodeHeader,
  encodeLog,
  type Header,
  headerKey,
  type LogOp,
  logKey,
} from "./persistence/format.ts";
import { dropHeadless, dropUnfinished, emptyHeader, nextVersion } from "./persistence/header.ts";
import { oldestRestorable, readHeader, readLog, restore } from "./persistence/history.ts";
import { isSnapshotDue, prune, SnapshotWriter } from "./persistence/housekeeping.ts";
import { type SnapshotSource, snapshotChunks } from "./persistence/snapshot.ts";
import { proveStore } from "./proofs/store-proof.ts";
import type { ImportedState, StateExport } from "./state-import.ts";

/** Versions that stay in memory; older kept ones are read back from the disk when asked for. */
const memoryVersions = 100;

export interface MultistoreOptions {
  /** The version of the first commit, 1 unless the genesis says otherwise. */
  readonly initialVersion?: bigint;
  /** Committed versions that at() can answer for, the last one included; at least 1. */
  readonly keepVersions?: number | "all" | undefined;
  /**
   * Operations after which the next snapshot is begun, 16384 unless set: fewer make opening faster,
   * which replays what came after the last snapshot, and cost more writing.
   */
  readonly snapshotOps?: number;
}

/** A committed version, for reading. It stays valid until the version is pruned. */
export interface Committed {
  readonly version: bigint;
  readonly appHash: Uint8Array;
  /** Throws on a name that the version does not have. */
  store(name: string): ReadStore;
  /** What a store has under a key, provable against the application hash of this version. */
  prove(name: string, key: Uint8Array): StoreProof;
}

/** Encoded ICS-23 commitment proofs. */
export interface StoreProof {
  /** That the store's tree has this value under the key, or none. */
  readonly key: Uint8Array;
  /** That the store's root hash is in the application hash. */
  readonly store: Uint8Array;
}

/** One sub-store: the tree, the writes held back over it, and what was done to it so far. */
interface SubStore {
  readonly name: string;
  tree: Tree;
  working: Branch;
  log: LogOp[];
}

export class Multistore {
  readonly #db: Db;
  readonly #stores: readonly SubStore[];
  readonly #byName: ReadonlyMap<string, SubStore>;
  readonly #keepVersions: number;
  readonly #snapshotOps: number;
  #header: Header;
  #appHash: Uint8Array;
  #snapshot: SnapshotWriter | undefined;
  #opsSinceSnapshot: number;
  #isCommitting = false;
  /** Versions whose nodes are being read elsewhere. */
  readonly #pinned = new Set<number>();
  readonly #knownInfos = new Map<number, readonly StoreInfo[]>();
  /** The last version that was read back from the disk. */
  #reread: { readonly version: number; readonly trees: ReadonlyMap<string, Tree> } | undefined;

  private constructor(
    db: Db,
    parts: {
      readonly header: Header;
      readonly trees: ReadonlyMap<string, Tree>;
      readonly names: readonly string[];
      readonly appHash: Uint8Array;
      readonly opsSinceSnapshot: number;
      readonly keepVersions: number;
      readonly snapshotOps: number;
    },
  ) {
    this.#db = db;
    this.#header = parts.header;
    this.#appHash = parts.appHash;
    this.#opsSinceSnapshot = parts.opsSinceSnapshot;
    this.#keepVersions = parts.keepVersions;
    this.#snapshotOps = parts.snapshotOps;
    this.#stores = parts.names.map((name) => {
      const tree = parts.trees.get(name) ?? new Tree(nextVersion(parts.header));
      return { name, tree, working: new Branch(tree), log: [] };
    });
    this.#byName = new Map(this.#stores.map((store) => [store.name, store]));
  }

  /**
   * Opens the last committed version. Names that it does not have are added empty; one that is
   * not among the names is an error, since its state would silently leave the application hash.
   * Throws StoreCorruptError.
   */
  static async open(
    db: Db,
    names: readonly string[],
    { initialVersion = 1n, keepVersions = 100, snapshotOps = 16_384 }: MultistoreOptions = {},
  ): Promise<Multistore> {
    const sorted = sortedNames(names);
    const keep = keepVersions === "all" ? Number.MAX_SAFE_INTEGER : keepVersions;
    if (keep < 1) throw new Error(`keepVersions is ${keep}, but the last version is always kept`);
    const settings = { names: sorted, keepVersions: keep, snapshotOps };
    const stored = readHeader(db);
    if (!stored) {
      await dropHeadless(db);
      const header = emptyHeader(initialVersion);
      const state = { trees: new Map(), appHash: hashBeforeFirstCommit, opsSinceSnapshot: 0 };
      return new Multistore(db, { ...settings, ...state, header });
    }
    const header = await dropUnfinished(db, stored);
    const { version } = header;
    const logs = readLog(db, version);
    const missing = logs.find(({ name }) => !sorted.includes(name));
    if (missing) throw new Error(`version ${version} has a store ${missing.name}: name it too`);
    const oldestInMemory = version - Math.min(keep, memoryVersions) + 1;
    const keepFrom = Math.max(oldestInMemory, oldestRestorable(header));
    const restored = restore(db, header, { version, keepFrom });
    return new Multistore(db, { ...settings, ...restored, header, appHash: appHashOf(logs) });
  }

  /** The last committed version; 0 before the first commit. */
  get version(): bigint {
    return BigInt(this.#header.version);
  }

  /** The hash of the last committed version; SHA-256 of nothing before the first commit. */
  appHash(): Uint8Array {
    return this.#appHash;
  }

  /** Sets the version of the first commit. Only before it, and before anything was hashed. */
  setInitialVersion(version: bigint): void {
    if (this.#header.version > 0) throw new Error("a version is already committed");
    this.#header = emptyHeader(version);
    for (const { tree } of this.#stores) tree.restartAt(nextVersion(this.#header));
  }

  /**
   * The store with the writes of the version in progress. They are held back and reach the tree
   * in key order when the hash is asked for, so their own order does not matter.
   */
  working(name: string): Branch {
    return this.#subStore(name).working;
  }

  /** The hash that the version in progress would be committed with. Applies the writes so far. */
  workingHash(): Uint8Array {
    return appHashOf(this.#infos());
  }

  /** Drops the writes since the last commit, so that the block can be executed again. */
  discard(): void {
    this.#assertIdle();
    for (const store of this.#stores) {
      store.working.discard();
      store.tree.rollback();
      store.log = [];
    }
  }

  /**
   * Commits the version in progress. When the promise resolves, it is on disk. When it rejects
   * (DbError), open the database again to learn which version it holds.
   */
  async commit(): Promise<{ version: bigint; appHash: Uint8Array }> {
    this.#assertIdle();
    const infos = this.#infos();
    const version = nextVersion(this.#header);
    const ops = this.#stores.reduce((sum, { log }) => sum + log.length, 0);
    const log = encodeLog(infos.map((info) => ({ ...info, ops: this.#subStore(info.name).log })));
    const upkeep = this.#upkeep(version, log.length);
    this.#isCommitting = true;
    const writes: DbOp[] = [
      { key: logKey(version), value: log },
      ...upkeep.ops,
      { key: headerKey, value: encodeHeader(upkeep.header) },
    ];
    await this.#db.batch(writes, { sync: true });
    this.#isCommitting = false;
    this.#header = upkeep.header;
    this.#appHash = appHashOf(infos);
    this.#opsSinceSnapshot += ops;
    this.#seal();
    return { version: this.version, appHash: this.#appHash };
  }

  /**
   * A committed version, or undefined when it was pruned or is yet to come. One that is no longer
   * in memory is read back from the disk, which takes as long as opening the store.
   */
  at(version: bigint): Committed | undefined {
    const number = Number(version);
    if (number < this.#keepFrom(this.#header.version) || number > this.#header.version) {
      return undefined;
    }
    const trees = this.#treesAt(number);
    const infos = (): readonly StoreInfo[] => this.#infosAt(number);
    const store = (name: string): TreeView => {
      const tree = trees.get(name);
      if (tree?.rootAt(number) === undefined) {
        throw new Error(`version ${version} has no store ${name}`);
      }
      return new TreeView(tree, number);
    };
    const prove = (name: string, key: Uint8Array): StoreProof => {
      return { key: store(name).prove(key), store: proveStore(infos(), name) };
    };
    return {
      version,
      store,
      prove,
      get appHash() {
        return appHashOf(infos());
      },
    };
  }

  /** The root hashes that a kept version was committed with; the last ones asked for are kept. */
  #infosAt(version: number): readonly StoreInfo[] {
    let infos = this.#knownInfos.get(version);
    if (!infos) {
      infos = readLog(this.#db, version).map(({ name, root }) => ({ name, root: root.slice() }));
      if (this.#knownInfos.size >= memoryVersions) this.#knownInfos.clear();
      this.#knownInfos.set(version, infos);
    }
    return infos;
  }

  /**
   * The last committed version as chunks, made as they are taken, while commits go on. Its nodes
   * stay in memory until it is closed. One at a time.
   */
  openExport(chunkBytes: number): StateExport {
    const { version, initialVersion } = this.#header;
    if (version === 0 || this.#pinned.size > 0) throw new Error("there is nothing to export now");
    this.#pinned.add(version);
    return {
      manifest: { version, initialVersion, stores: this.#infosAt(version) },
      chunks: snapshotChunks(this.#sources(), chunkBytes),
      close: () => this.#pinned.delete(version),
    };
  }

  /** Goes over to the state of a finished import into the database of this store. */
  adopt({ header, trees, stores }: ImportedState): void {
    this.#assertIdle();
    if (this.#header.version > 0) throw new Error("a version is already committed");
    this.#header = header;
    this.#appHash = appHashOf(stores);
    for (const store of this.#stores) {
      store.tree = trees.get(store.name) ?? new Tree(nextVersion(header));
      store.working = new Branch(store.tree);
      store.log = [];
    }
  }

  /** Flushes the writes into the trees and returns the root hashes, sorted by name. */
  #infos(): StoreInfo[] {
    this.#assertIdle();
    return this.#stores.map(({ name, tree, working, log }) => {
      working.flush({
        set: (key, value) => {
          tree.set(key, value);
          log.push({ key, value });
        },
        delete: (key) => {
          if (tree.remove(key)) log.push({ key, value: undefined });
        },
      });
      return { name, root: tree.workingHash() };
    });
  }

  /** The header of the version about to be written, and what goes with it. */
  #upkeep(version: number, logBytes: number): { header: Header; ops: DbOp[] } {
    const next: Header = { ...this.#header, version, unfinished: undefined };
    const writer = this.#snapshot;
    if (!writer) return prune(next, this.#keepFrom(version));
    const chunks = writer.take(logBytes);
    if (!writer.isDone) return { header: { ...next, unfinished: writer.progress }, ops: chunks };
    const finished = { ...next, snapshots: [...next.snapshots, writer.progress] };
    const pruned = prune(finished, this.#keepFrom(version));
    return { header: pruned.header, ops: [...chunks, ...pruned.ops] };
  }

  /** After the batch: the working version becomes the committed one in memory too. */
  #seal(): void {
    const { version } = this.#header;
    for (const store of this.#stores) {
      store.tree.seal();
      store.working.accept();
      store.log = [];
    }
    if (this.#snapshot?.isDone) this.#snapshot = undefined;
    this.#startSnapshotWhenDue();
    const oldest = Math.max(this.#keepFrom(version), version - memoryVersions + 1);
    const needed = Math.min(oldest, this.#snapshot?.version ?? version, ...this.#pinned);
    for (const { tree } of this.#stores) tree.releaseBelow(needed);
    if (this.#reread && this.#reread.version < this.#keepFrom(version)) this.#reread = undefined;
  }

  #startSnapshotWhenDue(): void {
    const { version, snapshots, initialVersion } = this.#header;
    const versions = version - (snapshots.at(-1)?.version ?? initialVersion);
    const leaves = this.#stores.reduce((sum, { tree }) => sum + tree.size, 0);
    const since = { ops: this.#opsSinceSnapshot, versions, leaves };
    if (this.#snapshot || !isSnapshotDue(since, this.#snapshotOps)) return;
    this.#opsSinceSnapshot = 0;
    this.#snapshot = new SnapshotWriter(version, this.#sources());
  }

  #sources(): SnapshotSource[] {
    return this.#stores.map(({ name, tree }) => {
      return { name, nodes: tree.nodes, root: tree.committedRoot };
    });
  }

  #treesAt(version: number): ReadonlyMap<string, Tree> {
    const inMemory = this.#stores.filter(({ tree }) => tree.rootAt(version) !== undefined);
    if (inMemory.length > 0) return new Map(inMemory.map(({ name, tree }) => [name, tree]));
    if (this.#reread?.version !== version) {
      const { trees } = restore(this.#db, this.#header, { version, keepFrom: version });
      this.#reread = { version, trees };
    }
    return this.#reread.trees;
  }

  /** The oldest version to keep when this one is the last. */
  #keepFrom(version: number): number {
    return Math.max(version - this.#keepVersions + 1, oldestRestorable(this.#header));
  }

  #subStore(name: string): SubStore {
    const store = this.#byName.get(name);
    if (!store) throw new Error(`no store ${name}`);
    return store;
  }

  #assertIdle(): void {
    if (this.#isCommitting) throw new Error("the store is being committed");
  }
}
