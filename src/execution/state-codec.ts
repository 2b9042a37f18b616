/** ChainState as tendermint.state.State, the record CometBFT keeps for the same purpose. */
import { Timestamp } from "cosmjs-types/google/protobuf/timestamp";
import { ConsensusParams } from "cosmjs-types/tendermint/types/params";
import { BlockID } from "cosmjs-types/tendermint/types/types";
import { ValidatorSet as ValidatorSetProto } from "cosmjs-types/tendermint/types/validator";
import { Consensus } from "cosmjs-types/tendermint/version/types";
import { State } from "../gen/tendermint/state/types.ts";
import type { ChainState } from "../types/chain-state.ts";
import { ValidatorSet } from "../types/validator-set.ts";

/** CometBFT's block protocol: Version.block of every header. */
export const blockProtocol = 11n;

/** The encoding of a validator set on the disk. */
export const encodeValidators = (set: ValidatorSet): Uint8Array =>
  set.size === 0 ? new Uint8Array() : ValidatorSetProto.encode(set.toProto()).finish();

/** The set of encodeValidators. Throws on bytes that it did not write: the disk is broken. */
export function decodeValidators(bytes: Uint8Array): ValidatorSet {
  if (bytes.length === 0) return ValidatorSet.from([]);
  const set = ValidatorSet.fromProto(ValidatorSetProto.decode(bytes));
  if (!set) throw new Error("stored validator set does not decode");
  return set;
}

/** The encoding of the state on the disk. */
export function encodeState(state: ChainState): Uint8Array {
  const consensus = Consensus.fromPartial({ block: blockProtocol, app: state.appVersion });
  return State.encode({
    version: { consensus: Consensus.encode(consensus).finish(), software: "" },
    chainId: state.chainId,
    initialHeight: state.initialHeight,
    lastBlockHeight: state.lastBlockHeight,
    lastBlockId: BlockID.encode(state.lastBlockId).finish(),
    lastBlockTime: Timestamp.encode(state.lastBlockTime).finish(),
    nextValidators: encodeValidators(state.nextValidators),
    validators: encodeValidators(state.validators),
    lastValidators: encodeValidators(state.lastValidators),
    lastHeightValidatorsChanged: state.lastHeightValidatorsChanged,
    consensusParams: ConsensusParams.encode(state.consensusParams).finish(),
    lastHeightConsensusParamsChanged: state.lastHeightConsensusParamsChanged,
    lastResultsHash: state.lastResultsHash,
    appHash: state.appHash,
  }).finish();
}

/** The state of encodeState. Throws on bytes that it did not write: the disk is broken. */
export function decodeState(bytes: Uint8Array): ChainState {
  const stored = State.decode(bytes);
  const version = Consensus.decode(stored.version?.consensus ?? new Uint8Array());
  return {
    chainId: stored.chainId,
    initialHeight: stored.initialHeight,
    appVersion: version.app,
    lastBlockHeight: stored.lastBlockHeight,
    lastBlockId: BlockID.decode(stored.lastBlockId),
    lastBlockTime: Timestamp.decode(stored.lastBlockTime),
    nextValidators: decodeValidators(stored.nextValidators),
    validators: decodeValidators(stored.validators),
    lastValidators: decodeValidators(stored.lastValidators),
    lastHeightValidatorsChanged: stored.lastHeightValidatorsChanged,
    consensusParams: ConsensusParams.decode(stored.consensusParams),
    lastHeightConsensusParamsChanged: stored.lastHeightConsensusParamsChanged,
    lastResultsHash: stored.lastResultsHash,
    appHash: stored.appHash,
  };
}
