/** Gas: what a transaction may cost, counted as it runs. Costs of cosmos-sdk store/types/gas.go. */
import { sdkErrors } from "../../modules/errors.ts";
import type { GasMeter } from "../../modules/module.ts";
import type { KeyRange, KvStore } from "../../store/kv.ts";

/** "No limit" as clients see it: gas_wanted of a simulation. */
export const maxGas = (1n << 64n) - 1n;

/** A meter as stores charge it: whole numbers, since bigint in every access costs too much. */
export interface StoreMeter {
  charge(amount: number, descriptor: string): void;
}

/** Below this, sums of plain numbers are exact. */
const exactLimit = 2 ** 52;

/**
 * Counts up to a limit; passing it is a refusal, and what was consumed stays counted. Small
 * charges are summed as a number, which is exact until it is folded into the bigint.
 */
export class TxGasMeter implements GasMeter, StoreMeter {
  readonly limit: bigint;
  #folded = 0n;
  #small = 0;
  /** What #small may reach before somebody has to look closer. */
  #smallLimit: number;
  constructor(limit: bigint) {
    this.limit = limit;
    this.#smallLimit = smallLimit(limit);
  }

  get consumed(): bigint {
    return this.#folded + BigInt(this.#small);
  }

  consume(amount: bigint, descriptor: string): void {
    this.#fold(amount, descriptor);
  }

  /** As consume; amount is a whole number below 2^52. */
  charge(amount: number, descriptor: string): void {
    this.#small += amount;
    if (this.#small > this.#smallLimit) this.#fold(0n, descriptor);
  }

  #fold(amount: bigint, descriptor: string): void {
    this.#folded += BigInt(this.#small) + amount;
    this.#small = 0;
    const left = this.limit - this.#folded;
    this.#smallLimit = smallLimit(left);
    if (left >= 0n) return;
    const counts = `gasWanted: ${this.limit}, gasUsed: ${this.#folded}`;
    throw sdkErrors.outOfGas(`out of gas in location: ${descriptor}; ${counts}`);
  }
}

/** Negative when the limit is passed already: then every further charge looks closer. */
function smallLimit(left: bigint): number {
  return left > BigInt(exactLimit) ? exactLimit : Number(left);
}

/** Where nothing is charged: begin and end of a block, genesis, queries. */
export const freeGas: GasMeter & StoreMeter = {
  limit: maxGas,
  consumed: 0n,
  consume: () => undefined,
  charge: () => undefined,
};

const costs = {
  has: 1000,
  delete: 1000,
  read: 1000,
  readPerByte: 3,
  write: 2000,
  writePerByte: 30,
  next: 30,
} as const;

/** A store that charges a meter for every access. */
export class MeteredStore implements KvStore {
  readonly #store: KvStore;
  readonly #gas: StoreMeter;
  constructor(store: KvStore, gas: StoreMeter) {
    this.#store = store;
    this.#gas = gas;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    this.#gas.charge(costs.read, "ReadFlat");
    const value = this.#store.get(key);
    this.#gas.charge(costs.readPerByte * bytesOf(key, value), "ReadPerByte");
    return value;
  }

  has(key: Uint8Array): boolean {
    this.#gas.charge(costs.has, "Has");
    return this.#store.has(key);
  }

  set(key: Uint8Array, value: Uint8Array): void {
    this.#gas.charge(costs.write, "WriteFlat");
    this.#gas.charge(costs.writePerByte * bytesOf(key, value), "WritePerByte");
    this.#store.set(key, value);
  }

  delete(key: Uint8Array): void {
    this.#gas.charge(costs.delete, "Delete");
    this.#store.delete(key);
  }

  /** Every pair is charged when it is read, and the step past the last one as well. */
  *iterate(range?: KeyRange): Iterable<readonly [key: Uint8Array, value: Uint8Array]> {
    for (const [key, value] of this.#store.iterate(range)) {
      this.#gas.charge(costs.readPerByte * bytesOf(key, value), "ValuePerByte");
      this.#gas.charge(costs.next, "IterNextFlat");
      yield [key, value];
    }
    this.#gas.charge(costs.next, "IterNextFlat");
  }
}

function bytesOf(key: Uint8Array, value: Uint8Array | undefined): number {
  return key.length + (value?.length ?? 0);
}
