/**
 * Noise for decoders: random bytes and texts, and valid ones that were damaged. The seed is printed
 * beside the test, and SEED repeats it.
 */
import { concat } from "../../src/encoding/bytes.ts";
import { prng } from "./prng.ts";

/** So many byte strings every decoder of foreign bytes is fed: spec/decoders.md. */
export const byteStrings = 10_000;

/** JSON values that seldom belong where they are put. */
const strangeValues: readonly unknown[] = [
  ...[null, true, 0, -1, 1.5, 1e300, "", "-", "0", "x", "AAAA", "zz", "9".repeat(30)],
  ...["\u0000", "\ud800", "__proto__", "2020-01-01T00:00:00Z", [], {}, [[]], [null]],
  ...[{ "@type": 5 }, { "@type": "/no.Such" }, { seconds: "1" }, { type: "x", value: 1 }],
];

export class Noise {
  readonly seed: number;
  readonly #random: () => number;

  /** Says its seed in the test's output. */
  constructor(t: { comment(text: string): void }, seed: number) {
    this.seed = Number(process.env.SEED ?? seed);
    this.#random = prng(this.seed);
    t.comment(`SEED=${this.seed}`);
  }

  /** 0 to limit-1. */
  below(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)] as T;
  }

  /** Fewer than that many random bytes. */
  bytes(limit: number): Uint8Array {
    return Uint8Array.from({ length: this.below(limit) }, () => this.below(256));
  }

  /** Valid bytes with one to four edits: changed, cut off, lost, doubled or put in between. */
  damaged(bytes: Uint8Array): Uint8Array {
    let result: Uint8Array = bytes.slice();
    for (let edits = 1 + this.below(4); edits > 0; edits--) {
      const at = this.below(result.length + 1);
      const [head, rest] = [result.subarray(0, at), result.subarray(at)];
      const kind = this.below(7);
      if (kind < 3 && at < result.length) result[at] = this.below(256);
      else if (kind === 3) result = head.slice();
      else if (kind === 4) result = concat(head, this.bytes(20), rest);
      else if (kind === 5) result = concat(head, rest.subarray(1));
      else result = concat(head, rest.subarray(0, this.below(40)), rest);
    }
    return result;
  }

  /** One of eight is random; the others are damaged samples. */
  like(samples: readonly Uint8Array[]): Uint8Array {
    return this.below(8) === 0 ? this.bytes(300) : this.damaged(this.pick(samples));
  }

  /** As many as a decoder is owed. */
  *strings(samples: readonly Uint8Array[], count = byteStrings): Generator<Uint8Array, void> {
    for (let i = 0; i < count; i++) yield this.like(samples);
  }

  /** The same JSON with strange values, and members left out, here and there. */
  json(value: unknown, share = 0.05): unknown {
    if (this.#random() < share) return this.pick(strangeValues);
    if (Array.isArray(value)) return value.map((inner) => this.json(inner, share));
    if (typeof value !== "object" || value === null) return value;
    const kept = Object.entries(value).filter(() => this.#random() >= share / 2);
    return Object.fromEntries(kept.map(([name, inner]) => [name, this.json(inner, share)]));
  }

  /** Pieces of a grammar in any order. */
  text(pieces: readonly string[], limit = 12): string {
    const joint = this.pick(["", " "]);
    return Array.from({ length: this.below(limit) }, () => this.pick(pieces)).join(joint);
  }
}
