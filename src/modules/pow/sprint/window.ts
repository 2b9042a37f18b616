/** What the blocks themselves do in a Sprint: who takes part, and who verifies whom. */
import type { Epoch } from "../../../gen/gonka/pow/v1/types.ts";
import type { Context } from "../../module.ts";
import type { PowKeeper } from "../keeper.ts";
import { sprintKey } from "../keys.ts";
import { drawVerifiers } from "./assignment.ts";
import { mainSprint } from "./sprint-tables.ts";

/** Epochs whose Sprints stay in the state, so that anybody can look at what was decided. */
const retainedEpochs = 4n;

/** Everything that this height asks for, before any message of the block. */
export function runWindow(pow: PowKeeper, ctx: Context, epoch: Epoch): void {
  const { height } = ctx.block;
  if (height === epoch.startHeight && epoch.index > retainedEpochs) {
    pow.sprints.forget(ctx, epoch.index - retainedEpochs);
  }
  if (height === epoch.generateHeight) enrol(pow, ctx, epoch);
  if (height === epoch.verifyHeight) assign(pow, ctx, epoch);
}

/** Fixes who takes part, with which key: later changes of a host count from the next window on. */
function enrol(pow: PowKeeper, ctx: Context, { index }: Epoch): void {
  for (const { operator, workerPubKey, leaving } of pow.hosts.all(ctx)) {
    if (leaving) continue;
    const { power, referenceWeight } = pow.hosts.standing(ctx, operator);
    pow.sprints.participants.set(ctx, pow.sprints.epochHost(index, operator), {
      operator,
      epoch: index,
      hostKey: workerPubKey,
      power,
      referenceWeight,
    });
  }
}

/**
 * Draws verifiers for every commitment. Those that committed themselves are eligible: they were
 * there, and they hold the weights. A host that withheld its opening has verifiers too, so that
 * its failure takes no duty from anybody.
 */
function assign(pow: PowKeeper, ctx: Context, { index, beacon3 }: Epoch): void {
  const { sprints } = pow;
  const slots = pow.params.get(ctx).verifiersPerHost;
  const at = (operator: string) => ({ epoch: index, sprint: mainSprint, operator });
  const committed = sprints.commitments.list(ctx, sprintKey(index, mainSprint));
  const eligible = committed.flatMap(({ operator }) => {
    const participant = sprints.participant(ctx, index, operator);
    return participant ? [participant] : [];
  });
  for (const { operator: host, hostKey } of eligible) {
    const subject = { operator: host, hostKey };
    const verifiers = drawVerifiers(subject, { beacon3, eligible, slots });
    for (const [slot, verifier] of verifiers.entries()) {
      const key = sprints.assignmentKey(at(verifier), host);
      const { epoch, sprint } = at(host);
      sprints.assignments.set(ctx, key, { verifier, host, epoch, sprint, slot });
    }
  }
}
