/**
 * The stream Z(key; n0, n1, n2) of spec/sprint.md, clause 1: ChaCha with 8 rounds in the state
 * layout of RFC 8439, emitted in superblocks of 1024 bytes whose words are interleaved over 16
 * blocks. The 16 blocks are computed side by side here too: word w of block l is at w * 16 + l.
 */

/** Which stream: a 32-byte key and the three nonce words, each taken modulo 2^32. */
export interface StreamId {
  readonly key: Uint8Array;
  readonly n0: number;
  readonly n1: number;
  readonly n2: number;
}

/** Blocks of a superblock. */
const lanes = 16;
const superblockBytes = 64 * lanes;
/** "expand 32-byte k" as little-endian words. */
const constants = [0x61707865, 0x3320646e, 0x79622d32, 0x6b206574] as const;
const doubleRounds = 4;

/** Bytes offset .. offset + length - 1 of the stream, as unsigned bytes. */
export function streamBytes(id: StreamId, offset: number, length: number): Uint8Array {
  const out = new Uint8Array(length);
  const superblock = new Superblock(id);
  for (let done = 0; done < length; ) {
    const at = offset + done;
    const inside = at % superblockBytes;
    const bytes = superblock.at((at - inside) / superblockBytes).subarray(inside);
    out.set(bytes.subarray(0, length - done), done);
    done += bytes.length;
  }
  return out;
}

/** The first `length` bytes of the stream as s8. */
export function signedStream(id: StreamId, length: number): Int8Array {
  const bytes = streamBytes(id, 0, length);
  return new Int8Array(bytes.buffer, bytes.byteOffset, length);
}

/** One superblock at a time; the array that `at` returns is overwritten by the next call. */
class Superblock {
  readonly #start: Int32Array;
  readonly #state = new Int32Array(16 * lanes);
  readonly #bytes = new Uint8Array(superblockBytes);
  readonly #view = new DataView(this.#bytes.buffer);

  constructor(id: StreamId) {
    const key = new DataView(id.key.buffer, id.key.byteOffset, 32);
    const words: number[] = [...constants];
    for (let word = 0; word < 8; word++) words.push(key.getUint32(word * 4, true));
    words.push(0, id.n0, id.n1, id.n2);
    this.#start = Int32Array.from(words, (word) => word | 0);
  }

  at(index: number): Uint8Array {
    const [start, state, view] = [this.#start, this.#state, this.#view];
    for (let word = 0; word < 16; word++) {
      state.fill(start[word]!, word * lanes, (word + 1) * lanes);
    }
    for (let lane = 0; lane < lanes; lane++) state[12 * lanes + lane] = index * lanes + lane;
    for (let round = 0; round < doubleRounds; round++) doubleRound(state);
    for (let word = 0; word < 16; word++) {
      for (let lane = 0; lane < lanes; lane++) {
        const place = word * lanes + lane;
        const initial = word === 12 ? index * lanes + lane : start[word]!;
        view.setInt32(place * 4, (state[place]! + initial) | 0, true);
      }
    }
    return this.#bytes;
  }
}

/** Four column rounds, then four diagonal rounds (RFC 8439, 2.3). */
function doubleRound(state: Int32Array): void {
  quarterRound(state, 0, 4, 8, 12);
  quarterRound(state, 1, 5, 9, 13);
  quarterRound(state, 2, 6, 10, 14);
  quarterRound(state, 3, 7, 11, 15);
  quarterRound(state, 0, 5, 10, 15);
  quarterRound(state, 1, 6, 11, 12);
  quarterRound(state, 2, 7, 8, 13);
  quarterRound(state, 3, 4, 9, 14);
}

/** The quarter round of RFC 8439, 2.1, on words i, j, k, l of all 16 blocks. */
function quarterRound(state: Int32Array, i: number, j: number, k: number, l: number): void {
  for (let lane = 0; lane < lanes; lane++) {
    let a = state[i * lanes + lane]!;
    let b = state[j * lanes + lane]!;
    let c = state[k * lanes + lane]!;
    let d = state[l * lanes + lane]!;
    a = (a + b) | 0;
    d = rotate(d ^ a, 16);
    c = (c + d) | 0;
    b = rotate(b ^ c, 12);
    a = (a + b) | 0;
    d = rotate(d ^ a, 8);
    c = (c + d) | 0;
    b = rotate(b ^ c, 7);
    state[i * lanes + lane] = a;
    state[j * lanes + lane] = b;
    state[k * lanes + lane] = c;
    state[l * lanes + lane] = d;
  }
}

const rotate = (word: number, bits: number): number => (word << bits) | (word >>> (32 - bits));
