/** Which attack a world gets, if any: a fixed share of the seeds for each kind. */
import type { ValidatorKey } from "../../../src/privval/key-file.ts";
import type { Attack, Stage } from "./attack.ts";
import { LockAttack } from "./lock-attack.ts";
import { RoundMasks } from "./round-masks.ts";

/** Shares of all seeds. */
const [lockShare, maskShare] = [0.25, 0.2];
/** Shares of the attacks on locks; the rest cuts off who has decided, and nothing more. */
const [splitShare, crashShare, liarShare] = [0.2, 0.25, 0.25];

/** The attack of a seed; `liar` is the one validator that need not be correct. */
export function chooseAttack(
  stage: Stage,
  liar: { readonly key: ValidatorKey; readonly number: number },
): Attack | undefined {
  const { random } = stage;
  const share = random();
  if (share < lockShare) {
    const variant = random();
    return new LockAttack(stage, {
      outcome: variant < splitShare ? "split" : "decided",
      fromHeight: 1n + BigInt(Math.floor(random() * 2)),
      crashesLocked: variant >= splitShare && variant < splitShare + crashShare,
      liar: variant >= 1 - liarShare ? liar : undefined,
      lastsMs: 1_000 + random() * 500,
    });
  }
  if (share >= lockShare + maskShare) return undefined;
  const seed = Math.floor(random() * 2 ** 31);
  return new RoundMasks(stage, {
    seed,
    probability: 0.1 + random() * 0.3,
    holdMs: 100 + Math.floor(random() * 400),
  });
}
