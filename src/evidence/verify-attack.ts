/**
 * When evidence of an attack on light clients counts (cometbft evidence/verify.go): more than a
 * third of the common height's power and more than 2/3 of the shown set signed a block that this
 * chain does not have, and exactly those are accused whom the two commits convict.
 */
import type { LightClientAttackEvidence } from "cosmjs-types/tendermint/types/evidence";
import { equalBytes } from "../encoding/bytes.ts";
import { verifyCommitLight, verifyCommitLightTrusting } from "../types/commit.ts";
import { hashHeader } from "../types/header.ts";
import { byzantineValidators, isInvalidHeader, type Trusted } from "../types/light/light-attack.ts";
import {
  type LightBlock,
  lightBlockFromProto,
  validateLightBlock,
} from "../types/light/light-block.ts";
import type { ValidatorSet } from "../types/validator-set.ts";
import { validatorFromProto } from "../types/validators/validator.ts";
import type { Blocks } from "./expected.ts";

/** Less would let a set with no correct validator accuse itself of anything. */
const trustLevel = { numerator: 1n, denominator: 3n };

interface Claim {
  readonly chainId: string;
  /** The set of the common height. */
  readonly common: ValidatorSet;
  readonly blocks: Blocks;
}

/** Why the attack is not proven, "early" when no node can tell yet; undefined when it is. */
export function refuseAttack(
  evidence: LightClientAttackEvidence,
  claim: Claim,
): { readonly refused: string } | "early" | undefined {
  const conflicting = evidence.conflictingBlock && lightBlockFromProto(evidence.conflictingBlock);
  if (!conflicting) return { refused: "the conflicting block is malformed" };
  const trusted = trustedFor(conflicting, claim.blocks);
  if (!trusted) return "early";
  const problem =
    validateLightBlock(claim.chainId, conflicting) ??
    refuseSignatures(evidence, conflicting, trusted, claim) ??
    refuseOwn(conflicting, trusted) ??
    refuseAccused(evidence, conflicting, trusted, claim.common);
  return problem === undefined ? undefined : { refused: problem };
}

/**
 * This chain's block of that height, with the commit that the chain itself has: what single nodes
 * saw may differ, and they must judge alike. A block that is ahead waits until the chain is there.
 */
function trustedFor({ header: { height } }: LightBlock, blocks: Blocks): Trusted | undefined {
  const header = blocks.loadBlockMeta(height)?.header;
  const commit = blocks.loadCommit(height);
  return header && commit && { header, commit };
}

function refuseSignatures(
  evidence: LightClientAttackEvidence,
  conflicting: LightBlock,
  trusted: Trusted,
  { chainId, common }: Claim,
): string | undefined {
  const { header, commit, validators } = conflicting;
  if (evidence.commonHeight !== header.height) {
    const verdict = verifyCommitLightTrusting(chainId, common, commit, trustLevel, "all");
    if (verdict === "insufficient") return "too few of the common height's validators signed";
    if (verdict !== "trusted") return verdict.refused;
  } else if (isInvalidHeader(header, trusted.header)) {
    return "a block that no execution gives needs a common height before it";
  }
  return verifyCommitLight(chainId, validators, commit.blockId, header.height, commit, "all");
}

function refuseOwn({ header }: LightBlock, trusted: Trusted): string | undefined {
  const isOwn = equalBytes(hashHeader(header), hashHeader(trusted.header));
  return isOwn ? "the block is this chain's own" : undefined;
}

function refuseAccused(
  evidence: LightClientAttackEvidence,
  conflicting: LightBlock,
  trusted: Trusted,
  common: ValidatorSet,
): string | undefined {
  if (evidence.totalVotingPower !== common.totalPower) return "total power differs";
  const expected = byzantineValidators(conflicting, trusted, common);
  const accused = evidence.byzantineValidators;
  if (accused.length !== expected.length) {
    return `${accused.length} validators accused, ${expected.length} convicted`;
  }
  for (const [index, validator] of expected.entries()) {
    const proto = accused[index];
    const named = proto && validatorFromProto(proto); // Checks that the address is of the key.
    if (!named) return `accused validator ${index} is malformed`;
    if (!equalBytes(named.address, validator.address))
      return `accused validator ${index} is another`;
    if (named.power !== validator.power) return `accused validator ${index} has another power`;
  }
  return undefined;
}
