/** MsgCommitSprint: how many hits a host claims, bound before anybody can know what is sampled. */
import type { MsgCommitSprint } from "../../../gen/gonka/pow/v1/tx.ts";
import { Phase } from "../../../gen/gonka/pow/v1/types.ts";
import { maxHits } from "../../../sprint/hits.ts";
import type { Context } from "../../module.ts";
import { powErrors } from "../errors.ts";
import type { PowKeeper } from "../keeper.ts";
import { mainSprint, type SprintHost } from "./sprint-tables.ts";

const rootBytes = 32;

/** The message alone. */
export function checkCommit({ sprint, root, count }: MsgCommitSprint): void {
  checkSprint(sprint);
  if (root.length !== rootBytes) {
    throw powErrors.invalidCommitment(`root has ${root.length} bytes, not ${rootBytes}`);
  }
  if (count === 0n || count > BigInt(maxHits)) {
    throw powErrors.invalidCommitment(`count ${count} is outside of 1..${maxHits}`);
  }
}

/** Confirmation Sprints have numbers from 1 on; none are scheduled yet. */
export function checkSprint(sprint: number): void {
  if (sprint !== mainSprint) throw powErrors.wrongEpoch(`sprint ${sprint} was not scheduled`);
}

/** Writes the commitment, in the commit phase, once. */
export function commitSprint(pow: PowKeeper, ctx: Context, msg: MsgCommitSprint): void {
  const { index } = pow.epochs.assertPhase(ctx, msg.epoch, Phase.PHASE_COMMIT);
  const at: SprintHost = { epoch: index, sprint: msg.sprint, operator: msg.host };
  if (!pow.sprints.participant(ctx, index, msg.host)) {
    throw powErrors.notParticipant(`${msg.host} was not registered when the window opened`);
  }
  if (pow.sprints.commitment(ctx, at)) {
    throw powErrors.duplicateCommitment(`${msg.host} has committed in epoch ${index}`);
  }
  const { tiers } = pow.params.get(ctx);
  if (!tiers.some(({ k }) => k === msg.tier)) {
    throw powErrors.invalidCommitment(`tier ${msg.tier} is not one of ${tiers.map(({ k }) => k)}`);
  }
  pow.sprints.commitments.set(ctx, pow.sprints.sprintHost(at), {
    ...at,
    tier: msg.tier,
    root: msg.root,
    count: msg.count,
    height: ctx.block.height,
  });
  ctx.emit("sprint_commit", [
    ["host", msg.host],
    ["epoch", String(index)],
    ["tier", String(msg.tier)],
    ["count", String(msg.count)],
  ]);
}
