/**
 * What the REST gateway needs: the application's handlers and its query door, and the reads that
 * the CometBFT RPC server uses as well.
 */
import type {
  ExecTxResult,
  ResponseCheckTx,
  ResponseQuery,
} from "cosmjs-types/tendermint/abci/types";
import type { Block } from "cosmjs-types/tendermint/types/block";
import type { BlockID } from "cosmjs-types/tendermint/types/types";
import type { Time } from "../encoding/time.ts";
import type { Codec, MsgHandler, QueryHandler } from "../modules/module.ts";
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
  tx(hash: Uint8Array): Awaitable<FoundTx | undefined>;
  /** A string when the query cannot be parsed. */
  searchTxs(search: TxSearch): Promise<FoundTxs | string>;
  /** Of the application: it is this process's own, whoever makes the blocks. */
  latestHeight(): bigint;
  earliestHeight(): Awaitable<bigint>;
  block(height: bigint): Awaitable<FoundBlock | undefined>;
  validators(height: bigint): Awaitable<ValidatorSet | undefined>;
  tip(): Awaitable<Tip>;
  isCatchingUp(): Awaitable<boolean>;
  nodeInfo(): Awaitable<ApiNodeInfo>;
  /** Of this program. */
  readonly appVersion: string;
}

/** What the node has in memory, or what it asks another process for. */
export type Awaitable<T> = T | Promise<T>;

export interface FoundBlock {
  readonly block: Block;
  readonly blockId: BlockID;
}

/** The last applied block and what it led to. */
export interface Tip {
  readonly chainId: string;
  readonly height: bigint;
  readonly time: Time;
  readonly appHash: Uint8Array;
  /** Of the validators of the next height. */
  readonly validatorsHash: Uint8Array;
  /** Version.app of the headers. */
  readonly appVersion: bigint;
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
}
