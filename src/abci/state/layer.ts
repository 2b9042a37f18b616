/** Writes held back over all sub-stores at once: a block, a transaction, a message. */
import { Branch } from "../../store/branch.ts";
import type { KvStore, ReadStore } from "../../store/kv.ts";

/** Finds a sub-store by name. */
export type StoreOf<Store extends ReadStore> = (name: string) => Store;

export class StateLayer {
  readonly #parent: StoreOf<ReadStore>;
  readonly #branches = new Map<string, Branch>();
  constructor(parent: StoreOf<ReadStore>) {
    this.#parent = parent;
  }

  /** The sub-store as this layer sees it. */
  store(name: string): Branch {
    let branch = this.#branches.get(name);
    if (!branch) {
      branch = new Branch(this.#parent(name));
      this.#branches.set(name, branch);
    }
    return branch;
  }

  /** A layer over this one. */
  child(): StateLayer {
    return new StateLayer((name) => this.store(name));
  }

  /** Applies the writes, by name and then by key, and holds none afterwards. */
  flush(into: StoreOf<KvStore>): void {
    for (const name of [...this.#branches.keys()].sort())
      this.#branches.get(name)?.flush(into(name));
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
