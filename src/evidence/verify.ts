/**
 * When evidence counts (cometbft evidence/verify.go; spec/consensus.md, clause V): recent enough,
 * against a validator of its height, true to that height's time and powers, correctly signed.
 */
import type { DuplicateVoteEvidence, Evidence } from "cosmjs-types/tendermint/types/evidence";
import { equalBytes } from "../encoding/bytes.ts";
import { compareTime, type Time, toNanos } from "../encoding/time.ts";
import { blockIdKey } from "../types/block-id.ts";
import type { ChainState } from "../types/chain-state.ts";
import { durationNanos } from "../types/consensus-params.ts";
import { evidenceHeight } from "../types/evidence.ts";
import type { ValidatorSet } from "../types/validator-set.ts";
import { verifyVote } from "../types/vote.ts";
import type { Blocks, States } from "./expected.ts";
import { refuseAttack } from "./verify-attack.ts";

/**
 * "early": this node has not come to the evidence's height; "late": it is too old here, and perhaps
 * not where it comes from. Who sent either may be honest.
 */
export type Verdict = "valid" | "early" | "late" | { readonly refused: string };

/** Judges well-formed evidence on a state. Total. */
export function verifyEvidence(
  { states, blocks }: { readonly states: States; readonly blocks: Blocks },
  state: ChainState,
  evidence: Evidence,
): Verdict {
  const { duplicateVoteEvidence: duplicate, lightClientAttackEvidence: attack } = evidence;
  const timestamp = (duplicate ?? attack)?.timestamp;
  if (!timestamp) return { refused: "evidence of no kind" };
  const height = evidenceHeight(evidence);
  if (height > state.lastBlockHeight) return "early";
  const time = blocks.loadBlockMeta(height)?.header.time;
  const validators = states.loadMembers(height);
  if (!time || !validators) return "late"; // Pruned.
  if (compareTime(time, timestamp) !== 0) {
    return { refused: `time differs from the header of height ${height}` };
  }
  if (isExpired(state, { height, time })) return "late";
  const { chainId } = state;
  if (attack) return refuseAttack(attack, { chainId, common: validators, blocks }) ?? "valid";
  const problem = duplicate && refuseDuplicate(duplicate, chainId, validators);
  return problem === undefined ? "valid" : { refused: problem };
}

/** Too old counts only when it is so both in blocks and in time. */
export function isExpired(state: ChainState, of: { height: bigint; time: Time }): boolean {
  const params = state.consensusParams.evidence;
  if (!params) return true;
  const ageBlocks = state.lastBlockHeight - of.height;
  const ageNanos = toNanos(state.lastBlockTime) - toNanos(of.time);
  return ageBlocks > params.maxAgeNumBlocks && ageNanos > durationNanos(params.maxAgeDuration);
}

function refuseDuplicate(
  evidence: DuplicateVoteEvidence,
  chainId: string,
  validators: ValidatorSet,
): string | undefined {
  const { voteA: a, voteB: b } = evidence;
  if (!a || !b) return "a vote is missing";
  if (a.height !== b.height || a.round !== b.round || a.type !== b.type) {
    return "the votes are of two points";
  }
  if (!equalBytes(a.validatorAddress, b.validatorAddress)) return "the votes are of two validators";
  if (blockIdKey(a.blockId) === blockIdKey(b.blockId)) return "the votes agree";
  const member = validators.byAddress(a.validatorAddress)?.validator;
  if (!member) return "the voter is no validator of that height";
  if (evidence.validatorPower !== member.power) return "validator power differs";
  if (evidence.totalVotingPower !== validators.totalPower) return "total power differs";
  const isSigned = [a, b].every((vote) => verifyVote(chainId, vote, member.pubKey));
  return isSigned ? undefined : "a signature is invalid";
}
