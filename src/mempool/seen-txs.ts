/** Hashes of transactions seen lately, so that one is checked and gossiped once. */

/** A set of at most `capacity` keys that forgets the least recently pushed. */
export class SeenTxs {
  readonly #capacity: number;
  readonly #keys = new Set<string>();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** True when the key is new; a known key becomes the most recent. */
  push(key: string): boolean {
    const isNew = !this.#keys.delete(key);
    this.#keys.add(key);
    if (this.#keys.size > this.#capacity) {
      const [oldest] = this.#keys;
      if (oldest !== undefined) this.#keys.delete(oldest);
    }
    return isNew;
  }

  remove(key: string): void {
    this.#keys.delete(key);
  }

  has(key: string): boolean {
    return this.#keys.has(key);
  }

  clear(): void {
    this.#keys.clear();
  }
}
