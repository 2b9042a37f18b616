/**
 * The chain state and its history over one database: validator sets and consensus parameters by
 * height, and what FinalizeBlock answered. A set or a parameter record is written in full only
 * when it changed, or at a checkpoint; other heights point at it (cometbft state/store.go).
 */
import { ExecTxResult, ResponseFinalizeBlock } from "cosmjs-types/tendermint/abci/types";
import { ConsensusParams } from "cosmjs-types/tendermint/types/params";
import { fieldsOf } from "../encoding/wire.ts";
import {
  ABCIResponsesInfo,
  ConsensusParamsInfo,
  ValidatorsInfo,
} from "../gen/tendermint/state/types.ts";
import type { ChainState } from "../types/chain-state.ts";
import type { ValidatorSet } from "../types/validator-set.ts";
import type { Db } from "./expected.ts";
import { paramsKey, responseKey, stateKey, validatorsKey } from "./keys.ts";
import { decodeState, decodeValidators, encodeState, encodeValidators } from "./state-codec.ts";

/**
 * Full validator sets are written at least this often, so that no question about a height costs
 * more turns of the priorities. CometBFT writes one every 100,000 heights, and answers the same.
 */
const checkpointHeights = 1_000n;
/** Heights deleted per batch when pruning. */
const pruneBatchHeights = 1_000n;

/** Field number of ResponseFinalizeBlock.tx_results. */
const txResultsField = 2;

type Write = { readonly key: Uint8Array; readonly value: Uint8Array | undefined };

/** The state store over one database. */
export class StateStore {
  readonly #db: Db;

  constructor(db: Db) {
    this.#db = db;
  }

  /** The state after the last applied block; undefined on an empty database. */
  load(): ChainState | undefined {
    const bytes = this.#db.get(stateKey);
    return bytes && decodeState(bytes);
  }

  /** Resolves when the disk has the state, the sets for the next two heights and the parameters. */
  async save(state: ChainState): Promise<void> {
    const writes: Write[] = [{ key: stateKey, value: encodeState(state) }];
    let next = state.lastBlockHeight + 1n;
    if (state.lastBlockHeight === 0n) {
      next = state.initialHeight;
      writes.push(validatorsRecord(next, next, state.validators));
    }
    writes.push(
      validatorsRecord(next + 1n, state.lastHeightValidatorsChanged, state.nextValidators),
      paramsRecord(next, state.lastHeightConsensusParamsChanged, state.consensusParams),
    );
    await this.#db.batch(writes, { sync: true });
  }

  /**
   * Starts the store at a state that was not reached block by block; resolves when the disk has it.
   * The sets of the last block and of the two after it are stored whole.
   */
  async bootstrap(state: ChainState): Promise<void> {
    const last = state.lastBlockHeight;
    const { consensusParams, lastValidators, nextValidators, validators } = state;
    await this.#db.batch(
      [
        { key: stateKey, value: encodeState(state) },
        validatorsRecord(last, last, lastValidators),
        validatorsRecord(last + 1n, last + 1n, validators),
        validatorsRecord(last + 2n, last + 2n, nextValidators),
        paramsRecord(last + 1n, last + 1n, consensusParams),
      ],
      { sync: true },
    );
  }

  /**
   * The set that decides a height, up to two above the last block. Between two stored sets the
   * priorities are those of one IncrementProposerPriority(distance), as every CometBFT node
   * answers them; the proposer is the same as in the live set.
   */
  loadValidators(height: bigint): ValidatorSet | undefined {
    const found = this.#storedSet(height);
    if (!found || found.turns === 0) return found?.set;
    return found.set.incrementPriority(found.turns);
  }

  /**
   * The same members and powers, with the priorities of an earlier height: for judging votes.
   * Costs the same at every height; thousands of turns for a peer's message would stop the node.
   */
  loadMembers(height: bigint): ValidatorSet | undefined {
    return this.#storedSet(height)?.set;
  }

  /** The set as it was last stored, and the turns from there to the height. */
  #storedSet(height: bigint): { set: ValidatorSet; turns: number } | undefined {
    const info = this.#validatorsInfo(height);
    if (!info) return undefined;
    if (info.validatorSet.length > 0) {
      return { set: decodeValidators(info.validatorSet), turns: 0 };
    }
    const stored = lastStoredHeight(height, info.lastHeightChanged);
    const full = this.#validatorsInfo(stored);
    if (!full || full.validatorSet.length === 0) return undefined;
    return { set: decodeValidators(full.validatorSet), turns: Number(height - stored) };
  }

  /** The consensus parameters that hold for a height. */
  loadConsensusParams(height: bigint): ConsensusParams | undefined {
    const info = this.#paramsInfo(height);
    if (!info) return undefined;
    if (info.consensusParams.length > 0) return ConsensusParams.decode(info.consensusParams);
    const full = this.#paramsInfo(info.lastHeightChanged);
    if (!full || full.consensusParams.length === 0) return undefined;
    return ConsensusParams.decode(full.consensusParams);
  }

  /** Resolves when the disk has what FinalizeBlock of that height answered. */
  async saveFinalizeBlock(height: bigint, response: ResponseFinalizeBlock): Promise<void> {
    const responseFinalizeBlock = ResponseFinalizeBlock.encode(response).finish();
    const value = ABCIResponsesInfo.encode({ height, responseFinalizeBlock }).finish();
    await this.#db.batch([{ key: responseKey(height), value }], { sync: true });
  }

  /** What FinalizeBlock of that height answered to one transaction, without decoding the rest. */
  loadTxResult(height: bigint, index: number): ExecTxResult | undefined {
    const bytes = this.#db.get(responseKey(height));
    if (!bytes) return undefined;
    const { responseFinalizeBlock } = ABCIResponsesInfo.decode(bytes);
    const result = fieldsOf(responseFinalizeBlock, txResultsField, index + 1)[index];
    return result && ExecTxResult.decode(result);
  }

  /** What FinalizeBlock of that height answered. */
  loadFinalizeBlock(height: bigint): ResponseFinalizeBlock | undefined {
    const bytes = this.#db.get(responseKey(height));
    if (!bytes) return undefined;
    return ResponseFinalizeBlock.decode(ABCIResponsesInfo.decode(bytes).responseFinalizeBlock);
  }

  /**
   * Forgets the heights from <= h < to, except the full records that later heights point at, and
   * those that height `from` pointed at, if nothing does any longer. Throws when the records of
   * height `to` are missing: then nothing may be deleted.
   */
  async prune(from: bigint, to: bigint): Promise<void> {
    const validators = this.#validatorsInfo(to);
    const params = this.#paramsInfo(to);
    if (!validators || !params) throw new Error(`no validators or parameters at height ${to}`);
    const keptSets = storedHeights(to, validators);
    const writes = this.#recordsOnlyFor(from, keptSets, params);
    if (writes.length > 0) await this.#db.batch(writes, { sync: false });
    for (let start = from; start < to; start += pruneBatchHeights) {
      const end = start + pruneBatchHeights < to ? start + pruneBatchHeights : to;
      const writes: Write[] = [];
      for (let height = start; height < end; height++) {
        writes.push({ key: responseKey(height), value: undefined });
        if (!keptSets.includes(height)) {
          writes.push({ key: validatorsKey(height), value: undefined });
        }
        if (height !== params.lastHeightChanged) {
          writes.push({ key: paramsKey(height), value: undefined });
        }
      }
      await this.#db.batch(writes, { sync: false });
    }
  }

  /** Deletions of the full records below `from` that an earlier prune kept for it alone. */
  #recordsOnlyFor(from: bigint, keptSets: readonly bigint[], kept: ConsensusParamsInfo): Write[] {
    const validators = this.#validatorsInfo(from);
    const params = this.#paramsInfo(from);
    const sets = validators ? storedHeights(from, validators) : [];
    const writes: Write[] = sets
      .filter((height) => height < from && !keptSets.includes(height))
      .map((height) => ({ key: validatorsKey(height), value: undefined }));
    const changed = params?.lastHeightChanged ?? from;
    if (changed < from && changed !== kept.lastHeightChanged) {
      writes.push({ key: paramsKey(changed), value: undefined });
    }
    return writes;
  }

  #validatorsInfo(height: bigint): ValidatorsInfo | undefined {
    const bytes = this.#db.get(validatorsKey(height));
    return bytes && ValidatorsInfo.decode(bytes);
  }

  #paramsInfo(height: bigint): ConsensusParamsInfo | undefined {
    const bytes = this.#db.get(paramsKey(height));
    return bytes && ConsensusParamsInfo.decode(bytes);
  }
}

/** The last height at or below `height` whose full set is stored. */
function lastStoredHeight(height: bigint, lastHeightChanged: bigint): bigint {
  const checkpoint = height - (height % checkpointHeights);
  return checkpoint > lastHeightChanged ? checkpoint : lastHeightChanged;
}

/** Where the full sets lie that this height, or one that points further back, needs. */
const storedHeights = (height: bigint, { lastHeightChanged }: ValidatorsInfo): bigint[] => [
  lastStoredHeight(height, lastHeightChanged),
  lastHeightChanged,
];

function validatorsRecord(height: bigint, lastHeightChanged: bigint, set: ValidatorSet): Write {
  const full = height === lastHeightChanged || height % checkpointHeights === 0n;
  const validatorSet = full ? encodeValidators(set) : new Uint8Array();
  const value = ValidatorsInfo.encode({ validatorSet, lastHeightChanged }).finish();
  return { key: validatorsKey(height), value };
}

function paramsRecord(height: bigint, lastHeightChanged: bigint, params: ConsensusParams): Write {
  const full = height === lastHeightChanged;
  const consensusParams = full ? ConsensusParams.encode(params).finish() : new Uint8Array();
  const value = ConsensusParamsInfo.encode({ consensusParams, lastHeightChanged }).finish();
  return { key: paramsKey(height), value };
}
