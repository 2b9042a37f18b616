/** What can go wrong for a light client. */
import type { LightClientAttackEvidence } from "cosmjs-types/tendermint/types/evidence";

/**
 * "no response" and "not found" may be nobody's fault, "too high" is a block that is not there yet;
 * "bad block" is something that no correct node sends.
 */
export type ProviderFault = "no response" | "not found" | "too high" | "bad block";

/** A provider did not give what it was asked for. */
export class ProviderError extends Error {
  override readonly name = "ProviderError";
  readonly fault: ProviderFault;

  constructor(fault: ProviderFault, message: string) {
    super(message);
    this.fault = fault;
  }
}

/** Why a block is not trusted. */
export type LightFailure =
  | "bad options"
  | "wrong trusted hash"
  | "expired"
  | "invalid block"
  | "no witness confirms"
  | "attack";

/** The light client does not trust a block, or cannot tell. */
export class LightClientError extends Error {
  override readonly name = "LightClientError";
  readonly failure: LightFailure;
  /** For an attack: against the primary and, if the primary could show its side, the witness. */
  readonly evidence: readonly LightClientAttackEvidence[];

  constructor(
    failure: LightFailure,
    message: string,
    evidence: readonly LightClientAttackEvidence[] = [],
  ) {
    super(message);
    this.failure = failure;
    this.evidence = evidence;
  }
}
