/**
 * MsgAttestSprint: what a verifier found out about every host that it was assigned to. An
 * accusation is judged at once: the state machine computes the leaf itself, and one of the two
 * forfeits. spec/modules/pow.md, "Verification".
 */
import { equalBytes } from "../../../encoding/bytes.ts";
import type { MsgAttestSprint } from "../../../gen/gonka/pow/v1/tx.ts";
import {
  type Assignment,
  type Epoch,
  ForfeitReason,
  type Leaf,
  Phase,
  type Verdict,
  VerdictKind,
} from "../../../gen/gonka/pow/v1/types.ts";
import { sampleIndices } from "../../../sprint/sampling.ts";
import type { Context } from "../../module.ts";
import { powErrors } from "../errors.ts";
import type { NonceAnswer } from "../expected.ts";
import type { PowKeeper } from "../keeper.ts";
import { checkSprint } from "./commit-sprint.ts";
import { mainSprint, type SprintHost } from "./sprint-tables.ts";

const tagBytes = 32;
const digestBytes = 32;
/** What one recomputed nonce costs, in gas, by profile: profile C is 120 times the work of T. */
const recomputeGas: Readonly<Record<string, bigint>> = { T: 2_000_000n, C: 200_000_000n };

/** The message alone. */
export function checkAttest({ sprint, verdicts }: MsgAttestSprint): void {
  checkSprint(sprint);
  if (verdicts.length === 0) throw powErrors.invalidAttestation("no verdicts");
  for (const verdict of verdicts) {
    const bad = verdictProblem(verdict);
    if (bad !== undefined) throw powErrors.invalidAttestation(`verdict on ${verdict.host}: ${bad}`);
  }
}

/** One verdict has one encoding: what its kind does not need is empty. */
function verdictProblem({ kind, tags, badIndex, correctDigest }: Verdict): string | undefined {
  const accusesNobody = badIndex === 0n && correctDigest.length === 0;
  switch (kind) {
    case VerdictKind.VERDICT_KIND_VALID:
      if (tags.length === 0 || tags.some((tag) => tag.length !== tagBytes)) {
        return `needs tags of ${tagBytes} bytes`;
      }
      return accusesNobody ? undefined : "accuses nobody, so it names no leaf";
    case VerdictKind.VERDICT_KIND_INVALID:
      if (correctDigest.length !== digestBytes) return `needs a digest of ${digestBytes} bytes`;
      return tags.length === 0 ? undefined : "has no tags";
    case VerdictKind.VERDICT_KIND_ABSTAIN:
      return tags.length === 0 && accusesNobody ? undefined : "is an abstention and nothing else";
    default:
      return `kind ${kind} is not known`;
  }
}

/** Writes the verdicts, once per verifier, and judges accusations. */
export function attestSprint(pow: PowKeeper, ctx: Context, msg: MsgAttestSprint): void {
  const epoch = pow.epochs.assertPhase(ctx, msg.epoch, Phase.PHASE_VERIFY);
  const at: SprintHost = { epoch: epoch.index, sprint: msg.sprint, operator: msg.verifier };
  if (pow.sprints.attestation(ctx, at)) {
    throw powErrors.duplicateAttestation(`${msg.verifier} has attested in epoch ${epoch.index}`);
  }
  const assigned = pow.sprints.assignedTo(ctx, at);
  if (assigned.length === 0) {
    throw powErrors.notAssigned(`${msg.verifier} verifies nobody in epoch ${epoch.index}`);
  }
  const wanted = assigned.map(({ host }) => host);
  const got = msg.verdicts.map(({ host }) => host);
  if (wanted.length !== got.length || wanted.some((host, i) => host !== got[i])) {
    throw powErrors.invalidAttestation(`verdicts on ${got}, assigned to ${wanted}`);
  }
  for (const [i, verdict] of msg.verdicts.entries()) {
    const assignment = assigned[i];
    if (assignment) take(pow, ctx, { epoch, assignment, verdict });
  }
  const attestation = {
    verifier: msg.verifier,
    epoch: epoch.index,
    sprint: msg.sprint,
    verdicts: msg.verdicts,
    height: ctx.block.height,
  };
  pow.sprints.attestations.set(ctx, pow.sprints.sprintHost(at), attestation);
  ctx.emit("sprint_attest", [
    ["verifier", msg.verifier],
    ["epoch", String(epoch.index)],
    ["verdicts", msg.verdicts.map(({ kind }) => kind).join(",")],
  ]);
}

interface Finding {
  readonly epoch: Epoch;
  readonly assignment: Assignment;
  readonly verdict: Verdict;
}

function take(pow: PowKeeper, ctx: Context, finding: Finding): void {
  const { epoch, assignment, verdict } = finding;
  if (verdict.kind === VerdictKind.VERDICT_KIND_ABSTAIN) return;
  const at = { epoch: epoch.index, sprint: mainSprint, operator: verdict.host };
  if (!pow.sprints.opening(ctx, at)) {
    throw powErrors.invalidAttestation(`${verdict.host} opened nothing: abstain`);
  }
  const sample = sampledLeaves(pow, ctx, epoch, assignment);
  if (verdict.kind === VerdictKind.VERDICT_KIND_VALID && verdict.tags.length !== sample.length) {
    const detail = `${verdict.tags.length} tags for ${sample.length} leaves of ${verdict.host}`;
    throw powErrors.invalidAttestation(detail);
  }
  if (verdict.kind !== VerdictKind.VERDICT_KIND_INVALID) return;
  const leaf = sample.find(({ index }) => index === verdict.badIndex);
  if (!leaf) {
    throw powErrors.invalidAttestation(`leaf ${verdict.badIndex} of ${verdict.host} not sampled`);
  }
  judge(pow, ctx, finding, leaf);
}

/** The host forfeits if its leaf is bad; the accuser, if it is not or the named digest is wrong. */
function judge(pow: PowKeeper, ctx: Context, finding: Finding, leaf: Leaf): void {
  const { epoch, assignment, verdict } = finding;
  const { host, verifier } = assignment;
  ctx.gas.consume(recomputeGas[pow.params.get(ctx).profile] ?? 0n, "Sprint leaf");
  // Anybody may ask a node for an estimate, as whoever it wants: it gets the gas, not the work.
  if (ctx.isSimulation) return;
  const truth = recomputeLeaf(pow, ctx, { epoch, host, leaf });
  const isBad = !equalBytes(truth.digest, leaf.digest) || !truth.isHit;
  const about = { epoch: epoch.index, leafIndex: leaf.index };
  if (isBad) {
    const reason = ForfeitReason.FORFEIT_REASON_BAD_LEAF;
    pow.sprints.forfeit(ctx, { ...about, operator: host, against: verifier, reason });
  }
  if (!isBad || !equalBytes(truth.digest, verdict.correctDigest)) {
    const reason = ForfeitReason.FORFEIT_REASON_FALSE_ACCUSATION;
    pow.sprints.forfeit(ctx, { ...about, operator: verifier, against: host, reason });
  }
}

/** The truth about a leaf of a host that has committed and opened. */
export function recomputeLeaf(
  pow: PowKeeper,
  ctx: Context,
  { epoch, host, leaf }: { readonly epoch: Epoch; readonly host: string; readonly leaf: Leaf },
): NonceAnswer {
  const at: SprintHost = { epoch: epoch.index, sprint: mainSprint, operator: host };
  const participant = pow.sprints.participant(ctx, epoch.index, host);
  const commitment = pow.sprints.commitment(ctx, at);
  const { profile, tiers } = pow.params.get(ctx);
  const tier = tiers.find(({ k }) => k === commitment?.tier);
  if (!participant || !tier) throw new Error(`${host} opened without a commitment`);
  return pow.oracle.recompute({
    chainId: ctx.chainId,
    profile,
    beacon1: epoch.beacon1,
    beacon2: epoch.beacon2,
    hostKey: participant.hostKey,
    nonce: leaf.nonce,
    c: tier.c,
  });
}

/** The leaves that a verifier must recompute, by rising index. */
export function sampledLeaves(
  pow: PowKeeper,
  ctx: Context,
  epoch: Epoch,
  { host, slot }: Assignment,
): Leaf[] {
  const at: SprintHost = { epoch: epoch.index, sprint: mainSprint, operator: host };
  const participant = pow.sprints.participant(ctx, epoch.index, host);
  const commitment = pow.sprints.commitment(ctx, at);
  const opening = pow.sprints.opening(ctx, at);
  if (!participant || !commitment || !opening) throw new Error(`${host} has nothing to verify`);
  const indices = sampleIndices({
    beacon3: epoch.beacon3,
    hostKey: participant.hostKey,
    verifierSlot: slot,
    samples: pow.params.get(ctx).samplesPerVerifier,
    count: Number(commitment.count),
  });
  const sampled = new Set(indices.map(BigInt));
  return opening.leaves.filter(({ index }) => sampled.has(index));
}
