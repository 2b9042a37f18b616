/** A bug planted on purpose. */
import type { Patch } from "../running/bundle.ts";

/** One bug: a change of text; where one line is guarded by another, both are changed. */
export interface Mutant {
  /** What no longer holds; a line of Algorithm 1 or a clause of spec/consensus.md. */
  readonly name: string;
  readonly patches: readonly Patch[];
}

/** A patch, in short. */
export const change = (file: string, from: string, to: string): Patch => ({ file, from, to });
