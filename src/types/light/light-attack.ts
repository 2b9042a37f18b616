/**
 * Attacks on light clients as evidence: a block that more than 2/3 of some set signed, and that is
 * not the chain's (types/evidence.go; arXiv:2010.07031 names the three kinds).
 */
import type { LightClientAttackEvidence } from "cosmjs-types/tendermint/types/evidence";
import type { Commit, Header } from "cosmjs-types/tendermint/types/types";
import { equalBytes, toHex } from "../../encoding/bytes.ts";
import { blockIdFlagCommit } from "../commit.ts";
import type { ValidatorSet } from "../validator-set.ts";
import { type Validator, validatorToProto } from "../validators/validator.ts";
import { type LightBlock, lightBlockToProto } from "./light-block.ts";

/** What the chain itself says of a height. */
export interface Trusted {
  readonly header: Header;
  readonly commit: Commit;
}

/**
 * Lunatic: no correct execution gives this header. Equivocation: two blocks of one round.
 * Amnesia: two rounds; somebody forgot a lock, and the commits alone do not say who.
 */
export type AttackKind = "lunatic" | "equivocation" | "amnesia";

export function attackKind(conflicting: LightBlock, trusted: Trusted): AttackKind {
  if (isInvalidHeader(conflicting.header, trusted.header)) return "lunatic";
  return conflicting.commit.round === trusted.commit.round ? "equivocation" : "amnesia";
}

/** Whether what a header must agree about with every other header of its height differs. */
export function isInvalidHeader(conflicting: Header, trusted: Header): boolean {
  const fixed = (header: Header) => [
    header.validatorsHash,
    header.nextValidatorsHash,
    header.consensusHash,
    header.appHash,
    header.lastResultsHash,
  ];
  const others = fixed(conflicting);
  return fixed(trusted).some(
    (hash, index) => !equalBytes(hash, others[index] ?? new Uint8Array(0)),
  );
}

/**
 * Who provably misbehaved, power descending and then by address: for a lunatic header its signers
 * in the set of the common height, for an equivocation who signed both, for amnesia nobody.
 */
export function byzantineValidators(
  conflicting: LightBlock,
  trusted: Trusted,
  common: ValidatorSet,
): readonly Validator[] {
  const kind = attackKind(conflicting, trusted);
  if (kind === "amnesia") return [];
  const found = new Map<string, Validator>();
  for (const [index, entry] of conflicting.commit.signatures.entries()) {
    if (!isForBlock(conflicting.commit, index)) continue;
    if (kind === "equivocation" && !isForBlock(trusted.commit, index)) continue;
    const set = kind === "lunatic" ? common : conflicting.validators;
    const signer = set.byAddress(entry.validatorAddress)?.validator;
    if (signer) found.set(toHex(signer.address), signer);
  }
  return [...found].sort(byPower).map(([, validator]) => validator);
}

function isForBlock(commit: Commit, index: number): boolean {
  const flag: number | undefined = commit.signatures[index]?.blockIdFlag;
  return flag === blockIdFlagCommit;
}

function byPower([a, one]: [string, Validator], [b, other]: [string, Validator]): number {
  if (one.power !== other.power) return one.power > other.power ? -1 : 1;
  return a < b ? -1 : 1;
}

/**
 * The evidence that conflicting is not the chain's block. trusted is the chain's block of that
 * height, or its newest one when conflicting lies in the future; common is the last block that both
 * sides agree about.
 */
export function lightClientAttackEvidence(found: {
  readonly conflicting: LightBlock;
  readonly trusted: LightBlock;
  readonly common: LightBlock;
}): LightClientAttackEvidence {
  const { conflicting, trusted, common } = found;
  const isLunatic = attackKind(conflicting, trusted) === "lunatic";
  // Other attacks happen within one set, so that the trusted block itself says who had power.
  const { header, validators } = isLunatic ? common : trusted;
  const byzantine = byzantineValidators(conflicting, trusted, common.validators);
  return {
    conflictingBlock: lightBlockToProto(conflicting),
    commonHeight: header.height,
    byzantineValidators: byzantine.map(validatorToProto),
    totalVotingPower: validators.totalPower,
    timestamp: { ...header.time },
  };
}
