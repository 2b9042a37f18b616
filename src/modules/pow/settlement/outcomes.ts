/** What became of every host's Sprint: spec/modules/pow.md, "Verification". Reads only. */
import { one } from "../../../encoding/decimal.ts";
import {
  type Epoch,
  type Forfeit,
  ForfeitReason,
  type Host,
  Outcome,
  VerdictKind,
} from "../../../gen/gonka/pow/v1/types.ts";
import type { Context } from "../../module.ts";
import type { PowKeeper } from "../keeper.ts";
import { epochKey, sprintKey } from "../keys.ts";
import { fractionOf } from "../params.ts";
import { mainSprint } from "../sprint/sprint-tables.ts";

/** One host at the end of an epoch. */
export interface HostResult {
  readonly host: Host;
  readonly outcome: Outcome;
  /** Hits times 2^k; undefined without a commitment. */
  readonly claimed: bigint | undefined;
  readonly reference: bigint;
  readonly power: bigint;
  /** Whether it was there when the window opened. */
  readonly isParticipant: boolean;
  /** Hosts that it was to verify, and those that it gave a verdict on. */
  readonly assigned: number;
  readonly attested: number;
}

/** Verdicts per host: how many verifiers were sampled, and what they said. */
interface Tally {
  sampled: number;
  valid: number;
  abstained: number;
}

/** Every registered host, in key order. */
export function hostResults(pow: PowKeeper, ctx: Context, epoch: Epoch): HostResult[] {
  const forfeits = pow.sprints.forfeits.list(ctx, epochKey(epoch.index));
  const forfeited = new Map(forfeits.map((forfeit) => [forfeit.operator, forfeit]));
  const { tallies, duties } = tally(pow, ctx, epoch, forfeited);
  const quorum = fractionOf(pow.params.get(ctx), "attestQuorum");
  return pow.hosts.all(ctx).map((host) => {
    const { operator } = host;
    const at = { epoch: epoch.index, sprint: mainSprint, operator };
    const { referenceWeight, power } = pow.hosts.standing(ctx, operator);
    const participant = pow.sprints.participant(ctx, epoch.index, operator);
    const commitment = pow.sprints.commitment(ctx, at);
    const isOpened = pow.sprints.opening(ctx, at) !== undefined;
    const duty = duties.get(operator);
    return {
      host,
      outcome: outcomeOf({
        isForfeited: forfeited.has(operator),
        isCommitted: commitment !== undefined,
        isOpened,
        isAttested: reaches(tallies.get(operator), quorum),
      }),
      claimed: commitment && commitment.count << BigInt(commitment.tier),
      reference: referenceWeight,
      power,
      isParticipant: participant !== undefined,
      assigned: duty?.assigned ?? 0,
      attested: duty?.attested ?? 0,
    };
  });
}

function outcomeOf(facts: {
  readonly isForfeited: boolean;
  readonly isCommitted: boolean;
  readonly isOpened: boolean;
  readonly isAttested: boolean;
}): Outcome {
  if (facts.isForfeited) return Outcome.OUTCOME_FORFEITED;
  if (!facts.isCommitted) return Outcome.OUTCOME_ABSENT;
  if (!facts.isOpened) return Outcome.OUTCOME_WITHHELD;
  return facts.isAttested ? Outcome.OUTCOME_VALID : Outcome.OUTCOME_UNVERIFIED;
}

/** Whether the valid verdicts are the quorum of the sampled verifiers that did not abstain. */
function reaches(votes: Tally | undefined, quorum: bigint): boolean {
  if (!votes || votes.valid === 0) return false;
  return BigInt(votes.valid) * one >= quorum * BigInt(votes.sampled - votes.abstained);
}

/** Counts verdicts per host and duties per verifier. A liar's verdicts count for nothing. */
function tally(
  pow: PowKeeper,
  ctx: Context,
  { index }: Epoch,
  forfeited: ReadonlyMap<string, Forfeit>,
) {
  const under = sprintKey(index, mainSprint);
  const verdicts = new Map<string, VerdictKind>();
  for (const attestation of pow.sprints.attestations.list(ctx, under)) {
    if (isLiar(forfeited.get(attestation.verifier))) continue;
    for (const { host, kind } of attestation.verdicts) {
      verdicts.set(`${attestation.verifier} ${host}`, kind);
    }
  }
  const tallies = new Map<string, Tally>();
  const duties = new Map<string, { assigned: number; attested: number }>();
  for (const { verifier, host } of pow.sprints.assignments.list(ctx, under)) {
    const votes = tallies.get(host) ?? { sampled: 0, valid: 0, abstained: 0 };
    const duty = duties.get(verifier) ?? { assigned: 0, attested: 0 };
    const kind = verdicts.get(`${verifier} ${host}`);
    votes.sampled++;
    duty.assigned++;
    if (kind !== undefined) duty.attested++;
    if (kind === VerdictKind.VERDICT_KIND_VALID) votes.valid++;
    if (kind === VerdictKind.VERDICT_KIND_ABSTAIN) votes.abstained++;
    tallies.set(host, votes);
    duties.set(verifier, duty);
  }
  return { tallies, duties };
}

function isLiar(forfeit: Forfeit | undefined): boolean {
  return (
    forfeit?.reason === ForfeitReason.FORFEIT_REASON_FALSE_ACCUSATION ||
    forfeit?.reason === ForfeitReason.FORFEIT_REASON_FALSE_TAG
  );
}
