/** The state after a block: cometbft state/execution.go, updateState. */
import type { ResponseFinalizeBlock, ValidatorUpdate } from "cosmjs-types/tendermint/abci/types";
import type { BlockID, Header } from "cosmjs-types/tendermint/types/types";
import type { ChainState } from "../types/chain-state.ts";
import {
  updateConsensusParams,
  validateConsensusParams,
  validateExtensionsUpdate,
} from "../types/consensus-params.ts";
import { hashResults } from "../types/tx.ts";
import { ValidatorSet } from "../types/validator-set.ts";
import type { Validator } from "../types/validators/validator.ts";
import { newValidator, publicKeyFromProto } from "../types/validators/validator.ts";

/**
 * The application broke its contract: an update the engine cannot take over. Every node gets the
 * same answer from the same block, so the chain halts here rather than diverge.
 */
export class ApplicationError extends Error {
  override readonly name = "ApplicationError";
}

/** The engine's validators of an ABCI answer. Throws ApplicationError on a malformed one. */
export function fromValidatorUpdates(updates: readonly ValidatorUpdate[]): Validator[] {
  return updates.map(({ pubKey: proto, power }) => {
    if (power < 0n) throw new ApplicationError(`validator power ${power} is negative`);
    const pubKey = proto && publicKeyFromProto(proto);
    if (!pubKey) throw new ApplicationError("validator update without a usable public key");
    return newValidator(pubKey, power);
  });
}

/**
 * The state after the block: updates of this height decide from height + 2 on, parameters hold
 * from height + 1. Throws ApplicationError when the application's answer may not be taken over.
 */
export function nextState(
  state: ChainState,
  block: { readonly header: Header; readonly blockId: BlockID },
  finalized: ResponseFinalizeBlock,
): ChainState {
  const { header, blockId } = block;
  const changes = fromValidatorUpdates(finalized.validatorUpdates);
  checkKeyTypes(state, changes);
  const params = nextParams(state, header.height, finalized);
  return {
    chainId: state.chainId,
    initialHeight: state.initialHeight,
    appVersion: params?.version?.app ?? state.appVersion,
    lastBlockHeight: header.height,
    lastBlockId: blockId,
    lastBlockTime: header.time,
    nextValidators: changedSet(state.nextValidators, changes).incrementPriority(1),
    validators: state.nextValidators,
    lastValidators: state.validators,
    lastHeightValidatorsChanged:
      changes.length > 0 ? header.height + 2n : state.lastHeightValidatorsChanged,
    consensusParams: params ?? state.consensusParams,
    lastHeightConsensusParamsChanged: params
      ? header.height + 1n
      : state.lastHeightConsensusParamsChanged,
    lastResultsHash: hashResults(finalized.txResults),
    appHash: finalized.appHash,
  };
}

function checkKeyTypes(state: ChainState, changes: readonly Validator[]): void {
  const allowed = state.consensusParams.validator?.pubKeyTypes ?? [];
  for (const { power, pubKey } of changes) {
    if (power > 0n && !allowed.includes(pubKey.type)) {
      throw new ApplicationError(`validator key type ${pubKey.type} is not allowed`);
    }
  }
}

function changedSet(set: ValidatorSet, changes: readonly Validator[]): ValidatorSet {
  if (changes.length === 0) return set;
  const changed = set.update(changes);
  if (changed instanceof ValidatorSet) return changed;
  throw new ApplicationError(`validator updates refused: ${changed.refused}`);
}

function nextParams(
  state: ChainState,
  height: bigint,
  { consensusParamUpdates }: ResponseFinalizeBlock,
): ChainState["consensusParams"] | undefined {
  if (!consensusParamUpdates) return undefined;
  const params = updateConsensusParams(state.consensusParams, consensusParamUpdates);
  const refused =
    validateConsensusParams(params) ??
    validateExtensionsUpdate(state.consensusParams, consensusParamUpdates, height);
  if (refused) throw new ApplicationError(`consensus parameters refused: ${refused}`);
  return params;
}
