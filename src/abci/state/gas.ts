/** Gas: what a transaction may cost, counted as it runs. Costs of cosmos-sdk store/types/gas.go. */
import { sdkErrors } from "../../modules/errors.ts";
import type { GasMeter } from "../../modules/module.ts";
import type { KeyRange, KvStore } from "../../store/kv.ts";

/** "No limit" as clients see it: gas_wanted of a simulation. */
export const maxGas = (1n << 64n) - 1n;

/** Counts up to a limit; passing it is a refusal, and what was consumed stays counted. */
export class TxGasMeter implements GasMeter {
  readonly limit: bigint;
  #consumed = 0n;
  constructor(limit: bigint) {
    this.limit = limit;
  }

  get consumed(): bigint {
    return this.#consumed;
  }

  consume(amount: bigint, descriptor: string): void {
    this.#consumed += amount;
    if (this.#consumed <= this.limit) return;
    const counts = `gasWanted: ${this.limit}, gasUsed: ${this.#consumed}`;
    throw sdkErrors.outOfGas(`out of gas in location: ${descriptor}; ${counts}`);
  }
}

/** Where nothing is charged: begin and end of a block, genesis, queries. */
export const freeGas: GasMeter = { limit: maxGas, consumed: 0n, consume: () => undefined };

const costs = {
  has: 1000n,
  delete: 1000n,
  read: 1000n,
  readPerByte: 3n,
  write: 2000n,
  writePerByte: 30n,
  next: 30n,
} as const;

/** A store that charges a meter for every access. */
export class MeteredStore implements KvStore {
  readonly #store: KvStore;
  readonly #gas: GasMeter;
  constructor(store: KvStore, gas: GasMeter) {
    this.#store = store;
    this.#gas = gas;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    this.#gas.consume(costs.read, "ReadFlat");
    const value = this.#store.get(key);
    this.#gas.consume(costs.readPerByte * bytesOf(key, value), "ReadPerByte");
    return value;
  }

  has(key: Uint8Array): boolean {
    this.#gas.consume(costs.has, "Has");
    return this.#store.has(key);
  }

  set(key: Uint8Array, value: Uint8Array): void {
    this.#gas.consume(costs.write, "WriteFlat");
    this.#gas.consume(costs.writePerByte * bytesOf(key, value), "WritePerByte");
    this.#store.set(key, value);
  }

  delete(key: Uint8Array): void {
    this.#gas.consume(costs.delete, "Delete");
    this.#store.delete(key);
  }

  /** Every pair is charged when it is read, and the step past the last one as well. */
  *iterate(range?: KeyRange): Iterable<readonly [key: Uint8Array, value: Uint8Array]> {
    for (const [key, value] of this.#store.iterate(range)) {
      this.#gas.consume(costs.readPerByte * bytesOf(key, value), "ValuePerByte");
      this.#gas.consume(costs.next, "IterNextFlat");
      yield [key, value];
    }
    this.#gas.consume(costs.next, "IterNextFlat");
  }
}

function bytesOf(key: Uint8Array, value: Uint8Array | undefined): bigint {
  return BigInt(key.length + (value?.length ?? 0));
}
