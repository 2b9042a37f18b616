/** Which attack a world gets, if any: a fixed share of the seeds for each kind. */
import { Byzantine, behaviours, extending } from "../byzantine/behaviours.ts";
import type { Attack, Liar, Stage } from "./attack.ts";
import { LockAttack } from "./lock-attack.ts";
import { RoundMasks } from "./round-masks.ts";
import { StaleProof } from "./stale-proof.ts";

/** Shares of all seeds. */
const [lockShare, maskShare, staleShare, byzantineShare] = [0.22, 0.16, 0.06, 0.2];
/** Shares of the attacks on locks; the rest cuts off who has decided, and nothing more. */
const [splitShare, crashShare, nilShare, liarShare] = [0.2, 0.25, 0.1, 0.25];

/** Of the Byzantine validators where votes are extended, those that extend them falsely. */
const extendingShare = 0.4;

/** The attack of a seed; `liar` is the one validator that need not be correct. */
export function chooseAttack(
  stage: Stage,
  { liar, isExtended }: { readonly liar: Liar; readonly isExtended: boolean },
): Attack | undefined {
  const { random } = stage;
  let share = random();
  if (share < lockShare) return lockAttack(stage, liar);
  share -= lockShare;
  if (share < maskShare) {
    const seed = Math.floor(random() * 2 ** 31);
    const probability = 0.1 + random() * 0.3;
    return new RoundMasks(stage, { seed, probability, holdMs: 100 + Math.floor(random() * 400) });
  }
  share -= maskShare;
  if (share < staleShare) return new StaleProof(stage, liar, 1_300 + random() * 500);
  share -= staleShare;
  const drawn = behaviours[Math.floor(random() * behaviours.length)];
  const behaviour = isExtended && random() < extendingShare ? extending : drawn;
  return share < byzantineShare && behaviour ? new Byzantine(stage, liar, behaviour) : undefined;
}

function lockAttack(stage: Stage, liar: Liar): LockAttack {
  const { random } = stage;
  const variant = random();
  const crashEnd = splitShare + crashShare;
  return new LockAttack(stage, {
    outcome: variant < splitShare ? "split" : "decided",
    fromHeight: 1n + BigInt(Math.floor(random() * 2)),
    crashesLocked: variant >= splitShare && variant < crashEnd,
    hasNilRound: variant >= crashEnd && variant < crashEnd + nilShare,
    liar: variant >= 1 - liarShare ? liar : undefined,
    lastsMs: 1_000 + random() * 500,
  });
}
