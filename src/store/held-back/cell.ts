/** What a branch knows of one key. */

/** What stands for a deletion or an absent key; undefined is "not written" or "not read". */
export const gone = null;
export type Written = Uint8Array | typeof gone;

export interface Cell {
  readonly text: string;
  /** What the store has at its last version. */
  base: Written | undefined;
  /** What the version in progress writes. */
  written: Written | undefined;
  /** Whether that waits for a flush. */
  isPending: boolean;
  /** What was written aside (aside.ts), and by whom: anybody else does not see it. */
  aside: Written | undefined;
  asideBy: object | undefined;
}
