/**
 * Go's math/rand with a fixed seed, as far as the IAVL vectors need it: an additive lagged
 * Fibonacci generator (src/math/rand/rng.go) and the methods of rand.go that cosmos/iavl calls.
 */
import { readFileSync } from "node:fs";

const length = 607;
const lag = 273;
const int32Max = 2 ** 31 - 1;
const { cooked } = JSON.parse(
  readFileSync(new URL("../vectors/iavl/go-math-rand.json", import.meta.url), "utf8"),
) as { cooked: string[] };

/** x -> 48271 x mod 2^31-1: the generator that spreads the seed. */
const spread = (x: number): number => Number((48271n * BigInt(x)) % BigInt(int32Max));

export class GoRand {
  readonly #state: bigint[] = [];
  #tap = 0;
  #feed = length - lag;
  #readValue = 0n;
  #readLeft = 0;

  constructor(seed: number) {
    let x = seed % int32Max;
    for (let i = 0; i < 20; i++) x = spread(x);
    for (let i = 0; i < length; i++) {
      const a = spread(x);
      const b = spread(a);
      x = spread(b);
      const mixed = (BigInt(a) << 40n) ^ (BigInt(b) << 20n) ^ BigInt(x);
      this.#state.push(mixed ^ BigInt(`0x${cooked[i]}`));
    }
  }

  int63(): bigint {
    this.#tap = (this.#tap + length - 1) % length;
    this.#feed = (this.#feed + length - 1) % length;
    const sum = (this.#state[this.#feed] ?? 0n) + (this.#state[this.#tap] ?? 0n);
    this.#state[this.#feed] = BigInt.asUintN(64, sum);
    return BigInt.asUintN(63, sum);
  }

  /** 0 <= x < 1. */
  float64(): number {
    let value = 1;
    while (value === 1) value = Number(this.int63()) / 2 ** 63; // Rounding may reach 1.
    return value;
  }

  /** 0 <= x < limit, for a limit below 2^31. */
  intn(limit: number): number {
    const max = int32Max - (2 ** 31 % limit);
    let value = Number(this.int63() >> 32n);
    if ((limit & (limit - 1)) === 0) return value & (limit - 1);
    while (value > max) value = Number(this.int63() >> 32n);
    return value % limit;
  }

  /** Seven bytes of each number; what is left over begins the next read. */
  read(bytes: Uint8Array): Uint8Array {
    for (let i = 0; i < bytes.length; i++) {
      if (this.#readLeft === 0) [this.#readValue, this.#readLeft] = [this.int63(), 7];
      bytes[i] = Number(this.#readValue & 0xffn);
      this.#readValue >>= 8n;
      this.#readLeft--;
    }
    return bytes;
  }
}
