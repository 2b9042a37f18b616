/** What the chain says of a height, by a light client (statesync/stateprovider.go). */
import type { ConsensusParams } from "cosmjs-types/tendermint/types/params";
import type { Commit } from "cosmjs-types/tendermint/types/types";
import { equalBytes } from "../encoding/bytes.ts";
import type { LightClient } from "../light/client.ts";
import type { ChainState } from "../types/chain-state.ts";
import { hashConsensusParams } from "../types/consensus-params.ts";
import type { TrustedChain } from "./expected.ts";

export interface LightChainParts {
  readonly client: LightClient;
  readonly initialHeight: bigint;
  /** The parameters that hold for a height, as somebody says: they are checked here. */
  readonly params: (height: bigint) => Promise<ConsensusParams>;
}

export class LightChain implements TrustedChain {
  readonly #parts: LightChainParts;

  constructor(parts: LightChainParts) {
    this.#parts = parts;
  }

  /** It stands in the header of the next height. */
  async appHash(height: bigint): Promise<Uint8Array> {
    const { header } = await this.#parts.client.verify(height + 1n);
    return header.appHash;
  }

  async state(height: bigint): Promise<{ state: ChainState; commit: Commit }> {
    const { client, initialHeight, params } = this.#parts;
    const last = await client.verify(height);
    const current = await client.verify(height + 1n);
    const next = await client.verify(height + 2n);
    for (const block of [last, current, next]) await client.confirmPriorities(block);
    const consensusParams = await params(height + 1n);
    if (!equalBytes(hashConsensusParams(consensusParams), current.header.consensusHash)) {
      throw new Error(`the consensus parameters of height ${height + 1n} are not the header's`);
    }
    const { header } = current;
    const state: ChainState = {
      chainId: header.chainId,
      initialHeight,
      appVersion: header.version.app,
      lastBlockHeight: height,
      lastBlockId: last.commit.blockId,
      lastBlockTime: last.header.time,
      lastValidators: last.validators,
      validators: current.validators,
      nextValidators: next.validators,
      lastHeightValidatorsChanged: height + 2n,
      consensusParams,
      lastHeightConsensusParamsChanged: height + 1n,
      lastResultsHash: header.lastResultsHash,
      appHash: header.appHash,
    };
    return { state, commit: last.commit };
  }
}
