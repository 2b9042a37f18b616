/**
 * What the engine knows between two heights: CometBFT's sm.State (cometbft state/state.go).
 * Immutable: execution/ makes a new one for every applied block.
 */

import type { ConsensusParams } from "cosmjs-types/tendermint/types/params";
import type { BlockID } from "cosmjs-types/tendermint/types/types";
import type { Time } from "../encoding/time.ts";
import type { ValidatorSet } from "./validator-set.ts";

/** The state after block lastBlockHeight (0 before the first block). */
export interface ChainState {
  readonly chainId: string;
  readonly initialHeight: bigint;
  /** Version.app of the next headers. */
  readonly appVersion: bigint;
  readonly lastBlockHeight: bigint;
  /** Zero block id before the first block. */
  readonly lastBlockId: BlockID;
  readonly lastBlockTime: Time;
  /** The set for lastBlockHeight + 2. */
  readonly nextValidators: ValidatorSet;
  /** The set that decides lastBlockHeight + 1. */
  readonly validators: ValidatorSet;
  /** The set that decided lastBlockHeight; empty before the first block. */
  readonly lastValidators: ValidatorSet;
  readonly lastHeightValidatorsChanged: bigint;
  readonly consensusParams: ConsensusParams;
  readonly lastHeightConsensusParamsChanged: bigint;
  /** Merkle root of the results of lastBlockHeight. */
  readonly lastResultsHash: Uint8Array;
  /** App hash after lastBlockHeight: goes into the next header. */
  readonly appHash: Uint8Array;
}
