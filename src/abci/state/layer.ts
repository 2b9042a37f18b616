/** Writes held back over all sub-stores at once: a block, a transaction, a message. */
import type { KvStore, ReadStore } from "../../store/kv.ts";
import { Overlay } from "./overlay.ts";

/** Finds a sub-store by name. */
export type StoreOf<Store extends ReadStore> = (name: string) => Store;

export class StateLayer {
  readonly #base: StoreOf<ReadStore>;
  readonly #below: StateLayer | undefined;
  readonly #overlays = new Map<string, Overlay>();
  constructor(base: StoreOf<ReadStore>, below?: StateLayer) {
    this.#base = base;
    this.#below = below;
  }

  /** The sub-store as this layer sees it. */
  store(name: string): Overlay {
    let overlay = this.#overlays.get(name);
    if (!overlay) {
      overlay = this.#below?.store(name).child() ?? Overlay.over(this.#base(name));
      this.#overlays.set(name, overlay);
    }
    return overlay;
  }

  /** A layer over this one. */
  child(): StateLayer {
    return new StateLayer(this.#base, this);
  }

  /** Hands the writes to the layer below, and holds none afterwards. */
  merge(): void {
    for (const overlay of this.#overlays.values()) overlay.merge();
  }

  /** Applies the writes, by name and then by key, and holds none afterwards. */
  flush(into: StoreOf<KvStore>): void {
    for (const name of [...this.#overlays.keys()].sort()) this.store(name).flush(into(name));
  }

  /** Copies every pair into other stores. For a layer over nothing: genesis. */
  copy(into: StoreOf<KvStore>): void {
    for (const name of [...this.#overlays.keys()].sort()) {
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
