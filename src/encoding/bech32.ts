/**
 * Bech32 (BIP-173) as Cosmos uses it for addresses: no 90-character limit in practice, data is
 * whole bytes. Decoding is on the path of every transaction, hence the cache.
 */

const alphabet = "qpzry9x8gf2tvdw0s3jn54khce6mua7l";
const generators = [0x3b6a57b2, 0x26508e6d, 0x1ea119fa, 0x3d4233dd, 0x2a1462b3] as const;
const checksumLength = 6;
/** Text longer than this is refused: a 255-byte address with a long prefix fits. */
const maxTextLength = 512;
const cacheLimit = 20_000;

const digitOf = new Map([...alphabet].map((letter, digit) => [letter, digit] as const));

/** A decoded bech32 text. */
export interface Bech32 {
  readonly prefix: string;
  readonly bytes: Uint8Array;
}

const decoded = new Map<string, Bech32>();

/** The bech32 text of bytes. The prefix must be lower-case ASCII. */
export function toBech32(prefix: string, bytes: Uint8Array): string {
  const data = regroup(bytes, 8, 5, true);
  if (!data) throw new Error("regrouping with padding cannot fail");
  const sum = checksum(prefix, [...data, 0, 0, 0, 0, 0, 0]) ^ 1;
  for (let i = 0; i < checksumLength; i++) data.push((sum >>> (5 * (5 - i))) & 31);
  return `${prefix}1${data.map((digit) => alphabet.charAt(digit)).join("")}`;
}

/**
 * The parts of a bech32 text; undefined when it is malformed, has a wrong checksum, or another
 * prefix than the one asked for. The bytes are shared with the cache: do not write into them.
 */
export function parseBech32(text: string, prefix?: string): Bech32 | undefined {
  let result = decoded.get(text);
  if (!result) {
    result = decode(text);
    if (!result) return undefined;
    if (decoded.size >= cacheLimit) decoded.clear(); // Bounded; refilled by the live addresses.
    decoded.set(text, result);
  }
  return prefix === undefined || result.prefix === prefix ? result : undefined;
}

function decode(text: string): Bech32 | undefined {
  if (text.length > maxTextLength) return undefined;
  const lower = text.toLowerCase();
  if (text !== lower && text !== text.toUpperCase()) return undefined;
  const separator = lower.lastIndexOf("1");
  const prefix = lower.slice(0, Math.max(separator, 0));
  if (!/^[\x21-\x7e]{1,83}$/.test(prefix)) return undefined;
  const data: number[] = [];
  for (const letter of lower.slice(separator + 1)) {
    const digit = digitOf.get(letter);
    if (digit === undefined) return undefined;
    data.push(digit);
  }
  if (data.length < checksumLength || checksum(prefix, data) !== 1) return undefined;
  const bytes = regroup(data.slice(0, -checksumLength), 5, 8, false);
  return bytes && { prefix, bytes: Uint8Array.from(bytes) };
}

function checksum(prefix: string, data: readonly number[]): number {
  let state = 1;
  for (let i = 0; i < prefix.length; i++) state = absorb(state, prefix.charCodeAt(i) >>> 5);
  state = absorb(state, 0);
  for (let i = 0; i < prefix.length; i++) state = absorb(state, prefix.charCodeAt(i) & 31);
  for (const digit of data) state = absorb(state, digit);
  return state;
}

function absorb(state: number, digit: number): number {
  const top = state >>> 25;
  let next = ((state & 0x1ffffff) << 5) ^ digit;
  for (const [bit, generator] of generators.entries()) {
    if ((top >>> bit) & 1) next ^= generator;
  }
  return next;
}

/** Repacks groups of bits; without padding, leftover bits must be fewer than a group and zero. */
function regroup(
  input: Iterable<number>,
  from: number,
  to: number,
  isPadded: boolean,
): number[] | undefined {
  const output: number[] = [];
  let [buffer, bits] = [0, 0];
  for (const group of input) {
    buffer = ((buffer << from) | group) & 0xfff;
    bits += from;
    while (bits >= to) {
      bits -= to;
      output.push((buffer >>> bits) & ((1 << to) - 1));
    }
  }
  const rest = (buffer << (to - bits)) & ((1 << to) - 1);
  if (isPadded && bits > 0) output.push(rest);
  return isPadded || (bits < from && rest === 0) ? output : undefined;
}
