/** Spot checks of tags: a verifier that attests without computing is found out by chance. */
import { equalBytes } from "../../../encoding/bytes.ts";
import {
  type Assignment,
  type Epoch,
  ForfeitReason,
  VerdictKind,
} from "../../../gen/gonka/pow/v1/types.ts";
import type { Context } from "../../module.ts";
import type { PowKeeper } from "../keeper.ts";
import { sprintKey } from "../keys.ts";
import { recomputeLeaf, sampledLeaves } from "../sprint/attest-sprint.ts";
import { mainSprint } from "../sprint/sprint-tables.ts";

interface Attested {
  readonly assignment: Assignment;
  readonly tags: readonly Uint8Array[];
}

/** Recomputes as many tags as the parameters say, chosen by the beacon of this block. */
export function auditTags(pow: PowKeeper, ctx: Context, epoch: Epoch): void {
  const { tagAudits } = pow.params.get(ctx);
  const attested = tagAudits === 0 ? [] : attestedValid(pow, ctx, epoch);
  if (attested.length === 0) return;
  for (let audit = 0; audit < tagAudits; audit++) {
    const draw = pow.beacon.draw(ctx, `tag audit ${audit} of epoch ${epoch.index}`);
    const numbers = new DataView(draw.buffer, draw.byteOffset);
    const chosen = attested[Number(numbers.getBigUint64(0, true) % BigInt(attested.length))];
    if (chosen) auditOne(pow, ctx, { epoch, chosen, draw: numbers.getBigUint64(8, true) });
  }
}

function auditOne(
  pow: PowKeeper,
  ctx: Context,
  { epoch, chosen, draw }: { epoch: Epoch; chosen: Attested; draw: bigint },
): void {
  const { host, verifier } = chosen.assignment;
  const leaves = sampledLeaves(pow, ctx, epoch, chosen.assignment);
  const place = Number(draw % BigInt(leaves.length));
  const [leaf, tag] = [leaves[place], chosen.tags[place]];
  const verifierKey = pow.sprints.participant(ctx, epoch.index, verifier)?.hostKey;
  if (!leaf || !tag || !verifierKey) throw new Error(`${verifier} attested a leaf without a tag`);
  const truth = recomputeLeaf(pow, ctx, { epoch, host, leaf });
  const about = { epoch: epoch.index, leafIndex: leaf.index };
  if (!equalBytes(truth.tagOf(verifierKey), tag)) {
    const reason = ForfeitReason.FORFEIT_REASON_FALSE_TAG;
    pow.sprints.forfeit(ctx, { ...about, operator: verifier, against: host, reason });
  }
  if (equalBytes(truth.digest, leaf.digest) && truth.isHit) return;
  // Passed by its verifier, and yet a bad leaf: the host forfeits as if it had been accused.
  const reason = ForfeitReason.FORFEIT_REASON_BAD_LEAF;
  pow.sprints.forfeit(ctx, { ...about, operator: host, against: verifier, reason });
}

function attestedValid(pow: PowKeeper, ctx: Context, { index }: Epoch): Attested[] {
  return pow.sprints.attestations
    .list(ctx, sprintKey(index, mainSprint))
    .flatMap(({ verifier, epoch, sprint, verdicts }) => {
      const at = { epoch, sprint, operator: verifier };
      return verdicts.flatMap(({ kind, host, tags }) => {
        if (kind !== VerdictKind.VERDICT_KIND_VALID) return [];
        const assignment = pow.sprints.assignments.get(ctx, pow.sprints.assignmentKey(at, host));
        return assignment ? [{ assignment, tags }] : [];
      });
    });
}
