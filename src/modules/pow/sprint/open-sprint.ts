/** MsgOpenSprint: the leaves that beacon 3 chose, on chain, so that withholding is a fact. */
import type { MsgOpenSprint } from "../../../gen/gonka/pow/v1/tx.ts";
import { Phase } from "../../../gen/gonka/pow/v1/types.ts";
import { openedPositions, verifyOpening } from "../../../sprint/hits.ts";
import { sampleAllSlots } from "../../../sprint/sampling.ts";
import type { Context } from "../../module.ts";
import { powErrors } from "../errors.ts";
import type { PowKeeper } from "../keeper.ts";
import { checkSprint } from "./commit-sprint.ts";
import type { SprintHost } from "./sprint-tables.ts";

/** The message alone. Sizes are compared with the sample when it is executed. */
export function checkOpen({ sprint, leaves }: MsgOpenSprint): void {
  checkSprint(sprint);
  if (leaves.length === 0) throw powErrors.invalidOpening("no leaves");
}

/** Checks the multiproof against the commitment and writes the leaves, once. */
export function openSprint(pow: PowKeeper, ctx: Context, msg: MsgOpenSprint): void {
  const { index, beacon3 } = pow.epochs.assertPhase(ctx, msg.epoch, Phase.PHASE_OPEN);
  if (beacon3.length === 0) throw powErrors.wrongPhase("beacon 3 is not drawn yet");
  const at: SprintHost = { epoch: index, sprint: msg.sprint, operator: msg.host };
  const participant = pow.sprints.participant(ctx, index, msg.host);
  const commitment = pow.sprints.commitment(ctx, at);
  if (!participant || !commitment) {
    throw powErrors.noCommitment(`${msg.host} has not committed in epoch ${index}`);
  }
  if (pow.sprints.opening(ctx, at)) {
    throw powErrors.duplicateOpening(`${msg.host} has opened in epoch ${index}`);
  }
  const { verifiersPerHost: slots, samplesPerVerifier: samples } = pow.params.get(ctx);
  const count = Number(commitment.count); // At most 2^32 - 1: commitSprint refuses more.
  const { hostKey } = participant;
  const indices = sampleAllSlots({ beacon3, hostKey, slots, samples, count });
  const { root } = commitment;
  const bad = verifyOpening({ root, count, indices, leaves: msg.leaves, proof: msg.proof });
  if (bad !== undefined) throw powErrors.invalidOpening(bad);
  const positions = openedPositions(count, indices);
  const leaves = msg.leaves.map(({ nonce, digest }, i) => ({
    index: BigInt(positions[i] ?? 0),
    nonce,
    digest,
  }));
  const opening = { ...at, leaves, height: ctx.block.height };
  pow.sprints.openings.set(ctx, pow.sprints.sprintHost(at), opening);
  ctx.emit("sprint_open", [
    ["host", msg.host],
    ["epoch", String(index)],
    ["leaves", String(leaves.length)],
  ]);
}
