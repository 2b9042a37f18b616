/** Pairs of a store with writes over them. */

import type { KeyRange } from "../kv.ts";
import { keyBytes, keyText } from "../sorted-keys.ts";
import type { Written } from "./cell.ts";

type Pair = readonly [key: Uint8Array, value: Uint8Array];

/** Joins the pairs below and the writes, both in the range's direction; a write wins. */
export function* mergePairs(
  below: Iterable<Pair>,
  above: Iterable<readonly [string, Written]>,
  { reverse }: KeyRange,
): Generator<Pair, void> {
  const writes = above[Symbol.iterator]();
  let write = writes.next();
  for (const pair of below) {
    const text = keyText(pair[0]);
    while (!write.done) {
      const [writtenText, value] = write.value;
      if (reverse ? writtenText <= text : writtenText >= text) break;
      if (value) yield [keyBytes(writtenText), value];
      write = writes.next();
    }
    if (write.done || write.value[0] !== text) yield pair;
    else {
      if (write.value[1]) yield [pair[0], write.value[1]];
      write = writes.next();
    }
  }
  for (; !write.done; write = writes.next()) {
    const [text, value] = write.value;
    if (value) yield [keyBytes(text), value];
  }
}
