/** Writes held back over all sub-stores at once: of a block, of CheckTx, of a genesis. */
import { Branch } from "../../store/branch.ts";
import { UndoLog } from "../../store/held-back/undo-log.ts";
import type { KvStore, ReadStore } from "../../store/kv.ts";

/** Finds a sub-store by name. */
export type StoreOf<Store extends ReadStore> = (name: string) => Store;

/** A sub-store whose writes can be taken back. */
type Undone = KvStore & { undoLog: UndoLog | undefined };

export class StateLayer {
  readonly #branchOf: StoreOf<Undone>;
  readonly #branches = new Map<string, Undone>();
  /** Takes back what fails, over all sub-stores. */
  readonly undoLog = new UndoLog();
  /** branchOf is asked once for each name. */
  constructor(branchOf: StoreOf<Undone>) {
    this.#branchOf = branchOf;
  }

  /** Over stores that nobody writes to while the layer is in use. */
  static over(storeOf: StoreOf<ReadStore>): StateLayer {
    return new StateLayer((name) => new Branch(storeOf(name)));
  }

  /** The sub-store as this layer sees it. */
  store(name: string): KvStore {
    let branch = this.#branches.get(name);
    if (!branch) {
      branch = this.#branchOf(name);
      branch.undoLog = this.undoLog;
      this.#branches.set(name, branch);
    }
    return branch;
  }

  /** Copies every pair into other stores. For a layer over nothing: genesis. */
  copy(into: StoreOf<KvStore>): void {
    for (const name of [...this.#branches.keys()].sort()) {
      for (const [key, value] of this.store(name).iterate()) into(name).set(key, value);
    }
  }
}

/** A sub-store without a pair. */
export const emptyStore: ReadStore = {
  get: () => undefined,
  has: () => false,
  iterate: () => [],
};
