/**
 * What a host has to do after a block, by the heights of the epoch alone (spec/host.md, "Duties").
 * A message sent now is executed in the next block at the earliest.
 */
import type { ChainView } from "./expected.ts";

/** wait: for the window, beacon 3 or the assignments. rest: nothing until the next epoch. */
export type Duty = "wait" | "mine" | "commit" | "open" | "verify" | "rest";

/** The duty after this block. */
export function dutyAt({ height, epoch }: ChainView): Duty {
  const next = height + 1n;
  if (next >= epoch.settleHeight) return "rest";
  // The verifiers are drawn in the first block of their phase: before it there is nobody to check.
  if (next >= epoch.verifyHeight) return height >= epoch.verifyHeight ? "verify" : "wait";
  if (next >= epoch.openHeight) return epoch.beacon3.length > 0 ? "open" : "wait";
  if (epoch.beacon2.length === 0) return "wait";
  return next < epoch.commitHeight ? "mine" : "commit";
}

/** The last height that executes a message of this duty. */
export function deadlineOf(duty: "commit" | "open" | "verify", { epoch }: ChainView): bigint {
  const end = { commit: epoch.openHeight, open: epoch.verifyHeight, verify: epoch.settleHeight };
  return end[duty] - 1n;
}
