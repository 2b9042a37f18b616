/**
 * A node as 16 words, one cache line: 0 left, 1 right, 2 record, 3 version (low 32 bits), 4 size,
 * 5 height (8 bits), whether it is hashed (1 bit) and version (high 21 bits), 6 and 7 the first
 * eight bytes of the search key, 8..15 the hash. native/src/hash/iavl-nodes.hpp reads the same.
 */
export const cellWords = 16;
export const hashWord = 8;
export const hashBytes = 32;
export const heightMask = 0xff;
export const hashedBit = 0x100;
export const versionShift = 9;
const twoTo32 = 2 ** 32;

/** The version in which the node of the cell at this word came to be. Below 2^53. */
export function versionAt(words: Uint32Array, at: number): number {
  return ((words[at + 5] as number) >>> versionShift) * twoTo32 + (words[at + 3] as number);
}

/** Sets the version of the cell at this word; its height as given, and no hash. */
export function setVersionAt(words: Uint32Array, at: number, version: number, height = 0): void {
  words[at + 3] = version % twoTo32;
  words[at + 5] = (Math.floor(version / twoTo32) << versionShift) | height;
}
