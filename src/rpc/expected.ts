/** What the RPC server needs of the node: read access, the mempool's door, and a feed of blocks. */
import type {
  ExecTxResult,
  ResponseCheckTx,
  ResponseFinalizeBlock,
  ResponseInfo,
  ResponseQuery,
} from "cosmjs-types/tendermint/abci/types";
import type { Block } from "cosmjs-types/tendermint/types/block";
import type { Evidence } from "cosmjs-types/tendermint/types/evidence";
import type { ConsensusParams } from "cosmjs-types/tendermint/types/params";
import type { BlockID, BlockMeta, Commit, Proposal } from "cosmjs-types/tendermint/types/types";
import type { ChainState } from "../types/chain-state.ts";
import type { GenesisDoc } from "../types/genesis/genesis.ts";
import type { ValidatorSet } from "../types/validator-set.ts";

/** Decided blocks (blockstore/). */
export interface Blocks {
  base(): bigint;
  height(): bigint;
  loadBlock(height: bigint): Block | undefined;
  /** One transaction of a block: without decoding the others. */
  loadTx(height: bigint, index: number): Uint8Array | undefined;
  /** Header, block id, size in bytes and number of transactions: without loading the block. */
  loadMeta(height: bigint): BlockMeta | undefined;
  loadCommit(height: bigint): Commit | undefined;
  loadSeenCommit(height: bigint): Commit | undefined;
  heightOfHash(hash: Uint8Array): bigint | undefined;
}

/** What execution remembers per height (execution/). */
export interface Chain {
  state(): ChainState;
  /** The set that decides that height; known up to the tip + 1. */
  validatorsAt(height: bigint): ValidatorSet | undefined;
  consensusParamsAt(height: bigint): ConsensusParams | undefined;
  resultsAt(height: bigint): ResponseFinalizeBlock | undefined;
  /** The answer to one transaction of a block. */
  txResultAt(height: bigint, index: number): ExecTxResult | undefined;
}

/** The application, read-only (abci/). */
export interface AppReads {
  info(): ResponseInfo;
  query(request: { path: string; data: Uint8Array; height: bigint; prove: boolean }): ResponseQuery;
  /** CheckTx without the mempool. */
  checkTx(tx: Uint8Array): ResponseCheckTx;
}

/** The mempool's front door (mempool/). */
export interface TxPool {
  /**
   * CheckTx and, when it accepts, into the pool and on to the peers. A string when the pool itself
   * refuses: full, too large, already in the cache.
   */
  add(tx: Uint8Array): Promise<ResponseCheckTx | string>;
  size(): number;
  sizeBytes(): bigint;
  /** The oldest transactions, at most that many. */
  oldest(limit: number): readonly Uint8Array[];
  /** Forgets everything that waits. */
  flush(): void;
}

/** A peer as net_info shows it. */
export interface PeerView {
  readonly id: string;
  readonly moniker: string;
  readonly listenAddress: string;
  readonly remoteIp: string;
  readonly isOutbound: boolean;
  readonly channels: Uint8Array;
  readonly network: string;
  readonly version: string;
  /** How long the connection has been there, in ms, and what went over it, in bytes. */
  readonly connectedMs: number;
  readonly sentBytes: number;
  readonly receivedBytes: number;
}

/** This node and its peers (p2p/, node/). */
export interface NodeView {
  readonly nodeId: string;
  readonly moniker: string;
  readonly network: string;
  /** CometBFT version that clients see: begins "0.38.". */
  readonly version: string;
  readonly p2pListenAddress: string;
  readonly rpcAddress: string;
  readonly channels: Uint8Array;
  peers(): readonly PeerView[];
  /** Connects to id@host:port; a string when the text is no such address. */
  dial(address: string, keep: "always" | "once"): string | undefined;
  /** ed25519 consensus key of this node; undefined for a node that does not sign. */
  readonly consensusKey: Uint8Array | undefined;
  isCatchingUp(): boolean;
  readonly genesis: GenesisDoc;
}

/** One validator's marks in a round, for consensus_state. */
export interface RoundView {
  readonly height: bigint;
  readonly round: number;
  /** CometBFT's RoundStepType number. */
  readonly step: number;
  readonly startTime: { readonly seconds: bigint; readonly nanos: number };
  /** The proposal of this round, once it is here. */
  readonly proposal?: Proposal | undefined;
  /** What is here of the blocks that the round is about; undefined where there is none. */
  readonly parts?: {
    readonly proposed: BlockParts | undefined;
    readonly locked: BlockParts | undefined;
    readonly valid: BlockParts | undefined;
  };
  readonly proposalBlockHash: Uint8Array;
  /** Whether the block that is proposed is here, all of it. */
  readonly isProposalComplete: boolean;
  readonly lockedBlockHash: Uint8Array;
  readonly validBlockHash: Uint8Array;
  /** Rounds in which these got their prevotes, and in which the block was decided; -1 for none. */
  readonly lockedRound: number;
  readonly validRound: number;
  readonly commitRound: number;
  readonly votes: readonly RoundVotesView[];
}

/** A block that comes in parts. */
export interface BlockParts {
  readonly count: number;
  readonly total: number;
  /** "x" for a part that is here, "_" for one that is not. */
  readonly bits: string;
  /** Undefined until all parts are here. Reads the block anew each time. */
  block(): Block | undefined;
}

/** Votes of one round: per validator the vote's short text, or undefined. */
export interface RoundVotesView {
  readonly round: number;
  readonly prevotes: readonly (string | undefined)[];
  readonly prevotesBitArray: string;
  readonly precommits: readonly (string | undefined)[];
  readonly precommitsBitArray: string;
}

/** A block that has been applied, with all that events are made of. */
export interface AppliedBlock {
  readonly block: Block;
  readonly blockId: BlockID;
  readonly result: ResponseFinalizeBlock;
}

/** Everything together. */
export interface RpcBackend {
  readonly blocks: Blocks;
  readonly chain: Chain;
  readonly app: AppReads;
  readonly pool: TxPool;
  readonly node: NodeView;
  /**
   * ABCI query of a method that the node answers itself (cosmos.tx.v1beta1.Service and the like);
   * undefined when the application has to be asked.
   */
  ownQuery?(request: {
    readonly path: string;
    readonly data: Uint8Array;
    readonly height: bigint;
  }): Promise<ResponseQuery> | undefined;
  round(): RoundView | undefined;
  /** Where the peers are, as far as they told, by node id. */
  peerRounds(): ReadonlyMap<string, { height: bigint; round: number; step: number }>;
  addEvidence(evidence: Evidence): string | undefined;
}

/** Where the indexer keeps its keys (store/). */
export interface IndexDb {
  get(key: Uint8Array): Uint8Array | undefined;
  iterate(range: {
    readonly start?: Uint8Array | undefined;
    readonly end?: Uint8Array | undefined;
    readonly reverse?: boolean | undefined;
  }): AsyncIterable<readonly [key: Uint8Array, value: Uint8Array]>;
  batch(
    operations: readonly { readonly key: Uint8Array; readonly value: Uint8Array | undefined }[],
    options: { readonly sync: boolean },
  ): Promise<void>;
}

/** Where a transaction is. */
export interface TxPosition {
  readonly height: bigint;
  readonly index: number;
}

/** One indexed transaction. */
export interface IndexedTx extends TxPosition {
  readonly tx: Uint8Array;
  readonly result: ExecTxResult;
}
