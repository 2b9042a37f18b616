/** The parameters of consensus that the application may change (CometBFT types/params.go). */
import { type ConsensusParams, HashedParams } from "cosmjs-types/tendermint/types/params";
import { sha256 } from "../crypto/hash.ts";

/** Largest block that parameters may allow, and the limit when maxBytes is -1: 100 MiB. */
export const maxBlockSizeBytes = 104_857_600n;

const nanosPerSecond = 1_000_000_000n;
const knownKeyTypes: readonly string[] = ["ed25519", "secp256k1"];
const hours = 3600n;

/** Parameters with every section present. */
export type CompleteConsensusParams = Required<ConsensusParams>;

/** CometBFT's defaults: 21 MiB blocks, evidence for 48 hours, ed25519 keys. */
export function defaultConsensusParams(): CompleteConsensusParams {
  return {
    block: { maxBytes: 22_020_096n, maxGas: -1n },
    evidence: {
      maxAgeNumBlocks: 100_000n,
      maxAgeDuration: { seconds: 48n * hours, nanos: 0 },
      maxBytes: 1_048_576n,
    },
    validator: { pubKeyTypes: ["ed25519"] },
    version: { app: 0n },
    abci: { voteExtensionsEnableHeight: 0n },
  };
}

/** The consensus hash of headers: only the block's limits are in it. */
export function hashConsensusParams(params: ConsensusParams): Uint8Array {
  const blockMaxBytes = params.block?.maxBytes ?? 0n;
  const blockMaxGas = params.block?.maxGas ?? 0n;
  return sha256(HashedParams.encode({ blockMaxBytes, blockMaxGas }).finish());
}

/** Why the parameters cannot be used, or undefined. Names the field as genesis spells it. */
export function validateConsensusParams(params: ConsensusParams): string | undefined {
  const { block, evidence, validator, abci } = params;
  if (!block || !evidence || !validator) return "block, evidence and validator must be present";
  const { maxBytes, maxGas } = block;
  if (maxBytes === 0n || maxBytes < -1n || maxBytes > maxBlockSizeBytes) {
    return `block.max_bytes must be -1 or in 1..${maxBlockSizeBytes}, got ${maxBytes}`;
  }
  if (maxGas < -1n) return `block.max_gas must be -1 or more, got ${maxGas}`;
  if (evidence.maxAgeNumBlocks <= 0n) {
    return `evidence.max_age_num_blocks must be positive, got ${evidence.maxAgeNumBlocks}`;
  }
  const ageNanos = durationNanos(evidence.maxAgeDuration);
  if (ageNanos <= 0n) return `evidence.max_age_duration must be positive, got ${ageNanos}`;
  const limit = maxBytes === -1n ? maxBlockSizeBytes : maxBytes;
  if (evidence.maxBytes < 0n || evidence.maxBytes > limit) {
    return `evidence.max_bytes must be in 0..${limit}, got ${evidence.maxBytes}`;
  }
  const enableHeight = abci?.voteExtensionsEnableHeight ?? 0n;
  if (enableHeight < 0n) {
    return `abci.vote_extensions_enable_height must not be negative, got ${enableHeight}`;
  }
  return validateKeyTypes(validator.pubKeyTypes);
}

function validateKeyTypes(types: readonly string[]): string | undefined {
  if (types.length === 0) return "validator.pub_key_types must name a type";
  const unknown = types.find((type) => !knownKeyTypes.includes(type));
  return unknown === undefined
    ? undefined
    : `validator.pub_key_types must be of ${knownKeyTypes.join(", ")}, got ${unknown}`;
}

/** The parameters with the sections that the update has in place of the old ones. */
export function updateConsensusParams(
  old: ConsensusParams,
  update: ConsensusParams | undefined,
): CompleteConsensusParams {
  const defaults = defaultConsensusParams();
  return {
    block: update?.block ?? old.block ?? defaults.block,
    evidence: update?.evidence ?? old.evidence ?? defaults.evidence,
    validator: update?.validator ?? old.validator ?? defaults.validator,
    version: update?.version ?? old.version ?? defaults.version,
    abci: update?.abci ?? old.abci ?? defaults.abci,
  };
}

/** Whether precommits of that height carry extensions (CometBFT VoteExtensionsEnabled). */
export function areExtensionsOn(params: ConsensusParams, height: bigint): boolean {
  const from = params.abci?.voteExtensionsEnableHeight ?? 0n;
  return from > 0n && height >= from;
}

/** Nanoseconds of a protobuf duration. */
export function durationNanos(duration: { seconds: bigint; nanos: number }): bigint {
  return duration.seconds * nanosPerSecond + BigInt(duration.nanos);
}

/**
 * Why an update at this height would turn vote extensions on in the past, or change them after they
 * took effect; undefined when it may (CometBFT ConsensusParams.ValidateUpdate).
 */
export function validateExtensionsUpdate(
  old: ConsensusParams,
  update: ConsensusParams,
  height: bigint,
): string | undefined {
  if (!update.abci) return undefined;
  const before = old.abci?.voteExtensionsEnableHeight ?? 0n;
  const after = update.abci.voteExtensionsEnableHeight;
  if (after < 0n) return `abci.vote_extensions_enable_height is negative: ${after}`;
  if (after === before || (before <= 0n && after === 0n)) return undefined;
  if (before > 0n && before <= height) return "vote extensions cannot be changed once enabled";
  if (after > 0n && after <= height) return `vote extensions cannot start in the past (${after})`;
  return undefined;
}
