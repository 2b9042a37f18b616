/**
 * What the REST gateway needs: the application's handlers and its query door, and the reads that
 * the CometBFT RPC server uses as well.
 */
import type {
  ExecTxResult,
  ResponseCheckTx,
  ResponseFinalizeBlock,
  ResponseQuery,
} from "cosmjs-types/tendermint/abci/types";
import type { Block } from "cosmjs-types/tendermint/types/block";
import type { BlockID } from "cosmjs-types/tendermint/types/types";
import type { Codec, MsgHandler, QueryHandler } from "../modules/module.ts";
import type { ChainState } from "../types/chain-state.ts";
import type { ValidatorSet } from "../types/validator-set.ts";

/** A transaction that is in a block. */
export interface FoundTx {
  readonly height: bigint;
  readonly index: number;
  readonly tx: Uint8Array;
  readonly result: ExecTxResult;
}

/** One page of a search: the transactions, and how many there are in all. */
export interface FoundTxs {
  readonly txs: readonly FoundTx[];
  readonly total: number;
}

/** A search as the tx service asks for it. page starts at 1. */
export interface TxSearch {
  readonly query: string;
  readonly page: number;
  readonly limit: number;
  readonly isDescending: boolean;
}

/** The node behind the gateway. */
export interface ApiBackend {
  readonly queries: readonly QueryHandler[];
  readonly messages: readonly MsgHandler[];
  /** Every type that may stand in an Any, messages included. */
  anyTypeUrls(): readonly string[];
  /** The codec of a type that may stand in an Any: messages, accounts, keys. */
  anyType(typeUrl: string): Codec<object> | undefined;
  /** Such as "gonka"; consensus addresses are prefix + "valcons". */
  readonly bech32Prefix: string;
  readonly minimumGasPrices: string;
  query(request: { path: string; data: Uint8Array; height: bigint; prove: boolean }): ResponseQuery;
  /** CheckTx and into the mempool; a string when the mempool itself refuses. */
  broadcast(tx: Uint8Array): Promise<ResponseCheckTx | string>;
  tx(hash: Uint8Array): FoundTx | undefined;
  /** A string when the query cannot be parsed. */
  searchTxs(search: TxSearch): Promise<FoundTxs | string>;
  latestHeight(): bigint;
  earliestHeight(): bigint;
  block(height: bigint): { readonly block: Block; readonly blockId: BlockID } | undefined;
  results(height: bigint): ResponseFinalizeBlock | undefined;
  validators(height: bigint): ValidatorSet | undefined;
  state(): ChainState;
  isCatchingUp(): boolean;
  nodeInfo(): ApiNodeInfo;
}

/** default_node_info and the build. */
export interface ApiNodeInfo {
  readonly nodeId: string;
  readonly moniker: string;
  readonly network: string;
  readonly cometVersion: string;
  readonly p2pListenAddress: string;
  readonly rpcAddress: string;
  readonly channels: Uint8Array;
  readonly appName: string;
  readonly appVersion: string;
}
