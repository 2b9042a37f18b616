/** cosmos.tx.v1beta1.Service: broadcast, find and decode transactions. Simulate is the
 * application's own query. */
import { TxResponse } from "cosmjs-types/cosmos/base/abci/v1beta1/abci";
import {
  BroadcastTxRequest,
  BroadcastTxResponse,
  GetBlockWithTxsRequest,
  GetBlockWithTxsResponse,
  GetTxRequest,
  GetTxResponse,
  GetTxsEventRequest,
  GetTxsEventResponse,
  OrderBy,
  TxDecodeAminoRequest,
  TxDecodeAminoResponse,
  TxDecodeRequest,
  TxDecodeResponse,
  TxEncodeAminoRequest,
  TxEncodeAminoResponse,
  TxEncodeRequest,
  TxEncodeResponse,
} from "cosmjs-types/cosmos/tx/v1beta1/service";
import { Tx, TxRaw } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import type { ExecTxResult, ResponseCheckTx } from "cosmjs-types/tendermint/abci/types";
import { parseHex, toUpperHex } from "../../encoding/bytes.ts";
import { formatTime } from "../../encoding/time.ts";
import { decodeTotal } from "../../encoding/wire.ts";
import { txHash } from "../../types/tx.ts";
import type { ApiBackend, FoundTx } from "../expected.ts";
import { GrpcError, grpcCode } from "../grpc-error.ts";
import { decodeAminoTx, encodeAminoTx } from "./amino-tx.ts";
import { type ServiceMethod, serviceMethod } from "./service.ts";

const path = (name: string): string => `/cosmos.tx.v1beta1.Service/${name}`;
const post = (rest: string) => [{ method: "POST", path: `/cosmos/tx/v1beta1/${rest}` }] as const;
const get = (rest: string) => [{ method: "GET", path: `/cosmos/tx/v1beta1/${rest}` }] as const;
/** Transactions that one search answers at most (cosmos-sdk x/auth/tx/service.go). */
const maxPageLimit = 100;
const limits = { maxBytes: 4 * 1024 * 1024, maxDepth: 64 };

export const txService: readonly ServiceMethod[] = [
  serviceMethod({
    path: path("BroadcastTx"),
    request: BroadcastTxRequest,
    response: BroadcastTxResponse,
    http: post("txs"),
    handle: broadcast,
  }),
  serviceMethod({
    path: path("GetTx"),
    request: GetTxRequest,
    response: GetTxResponse,
    http: get("txs/{hash}"),
    handle: async (backend, { hash }) => {
      if (hash === "") throw invalid("tx hash cannot be empty");
      const bytes = parseHex(hash);
      if (!bytes) throw invalid(`tx hash ${hash} is not hex`);
      const found = await backend.tx(bytes);
      if (!found) throw new GrpcError(grpcCode.notFound, `tx not found: ${hash}`);
      return { tx: decodeTx(found.tx), txResponse: await txResponse(backend, found) };
    },
  }),
  serviceMethod({
    path: path("GetTxsEvent"),
    request: GetTxsEventRequest,
    response: GetTxsEventResponse,
    http: get("txs"),
    handle: search,
  }),
  serviceMethod({
    path: path("GetBlockWithTxs"),
    request: GetBlockWithTxsRequest,
    response: GetBlockWithTxsResponse,
    http: get("txs/block/{height}"),
    handle: blockWithTxs,
  }),
  serviceMethod({
    path: path("TxDecode"),
    request: TxDecodeRequest,
    response: TxDecodeResponse,
    http: post("decode"),
    handle: (_, { txBytes }) => {
      if (txBytes.length === 0) throw invalid("invalid empty tx bytes");
      return { tx: decodeTx(txBytes) };
    },
  }),
  serviceMethod({
    path: path("TxEncode"),
    request: TxEncodeRequest,
    response: TxEncodeResponse,
    http: post("encode"),
    handle: (_, { tx }) => {
      if (!tx) throw invalid("invalid empty tx");
      return { txBytes: Tx.encode(tx).finish() };
    },
  }),
  serviceMethod({
    path: path("TxEncodeAmino"),
    request: TxEncodeAminoRequest,
    response: TxEncodeAminoResponse,
    http: post("encode/amino"),
    handle: (backend, { aminoJson }) => {
      if (aminoJson === "") throw invalid("invalid empty tx json");
      return { aminoBinary: encodeAminoTx(backend, aminoJson) };
    },
  }),
  serviceMethod({
    path: path("TxDecodeAmino"),
    request: TxDecodeAminoRequest,
    response: TxDecodeAminoResponse,
    http: post("decode/amino"),
    handle: (backend, { aminoBinary }) => {
      if (aminoBinary.length === 0) throw invalid("invalid empty tx binary");
      return { aminoJson: decodeAminoTx(backend, aminoBinary) };
    },
  }),
];

const invalid = (text: string): GrpcError => new GrpcError(grpcCode.invalidArgument, text);

function decodeTx(bytes: Uint8Array): Tx {
  const raw = decodeTotal(TxRaw, bytes, limits);
  const tx = raw && decodeTotal(Tx, bytes, limits);
  if (!tx) throw invalid("tx parse error");
  return tx;
}

async function broadcast(
  backend: ApiBackend,
  request: BroadcastTxRequest,
): Promise<BroadcastTxResponse> {
  const { txBytes, mode } = request;
  if (txBytes.length === 0) throw invalid("invalid empty tx");
  const txhash = toUpperHex(txHash(txBytes));
  if (mode === 3) {
    backend.broadcast(txBytes).catch(() => undefined);
    return { txResponse: TxResponse.fromPartial({ txhash }) };
  }
  if (mode !== 2) {
    throw invalid("unsupported broadcast mode; use BROADCAST_MODE_SYNC or BROADCAST_MODE_ASYNC");
  }
  const answer = await backend.broadcast(txBytes);
  if (typeof answer === "string") {
    const code = mempoolCodes.find(([text]) => text.test(answer))?.[1] ?? mempoolIsFull;
    return {
      txResponse: TxResponse.fromPartial({ txhash, code, codespace: "sdk", rawLog: answer }),
    };
  }
  return { txResponse: { ...responseOf(answer), height: 0n, txhash, timestamp: "" } };
}

/** Codes of codespace sdk for what the mempool says (cosmos-sdk client/broadcast.go). */
const mempoolIsFull = 20;
const mempoolCodes: readonly (readonly [text: RegExp, code: number])[] = [
  [/already exists in cache/, 19],
  [/too (large|big)/, 21],
];

/** The fields that CheckTx and execution share. */
function responseOf(result: ExecTxResult | ResponseCheckTx): TxResponse {
  return TxResponse.fromPartial({
    code: result.code,
    codespace: result.codespace,
    data: toUpperHex(result.data),
    rawLog: result.log,
    info: result.info,
    gasWanted: result.gasWanted,
    gasUsed: result.gasUsed,
    events: result.events,
  });
}

async function txResponse(backend: ApiBackend, found: FoundTx): Promise<TxResponse> {
  const block = await backend.block(found.height);
  return {
    ...responseOf(found.result),
    height: found.height,
    txhash: toUpperHex(txHash(found.tx)),
    tx: { typeUrl: "/cosmos.tx.v1beta1.Tx", value: found.tx },
    timestamp: block ? formatTime({ ...block.block.header.time, nanos: 0 }) : "",
  };
}

async function search(
  backend: ApiBackend,
  request: GetTxsEventRequest,
): Promise<GetTxsEventResponse> {
  const query = request.query !== "" ? request.query : request.events.join(" AND ");
  if (query === "") throw invalid("query cannot be empty");
  const limit = Number(request.limit || request.pagination?.limit || BigInt(maxPageLimit));
  const page = Number(request.page || 1n);
  if (limit < 1 || limit > maxPageLimit) {
    throw invalid(`limit must be between 1 and ${maxPageLimit}, got ${limit}`);
  }
  const isDescending = request.orderBy === OrderBy.ORDER_BY_DESC;
  const found = await backend.searchTxs({ query, page, limit, isDescending });
  if (typeof found === "string") throw invalid(found);
  return {
    txs: found.txs.map(({ tx }) => decodeTx(tx)),
    txResponses: await Promise.all(found.txs.map((tx) => txResponse(backend, tx))),
    total: BigInt(found.total),
  };
}

async function blockWithTxs(
  backend: ApiBackend,
  { height, pagination }: GetBlockWithTxsRequest,
): Promise<GetBlockWithTxsResponse> {
  const found = height >= 1n ? await backend.block(height) : undefined;
  if (!found) {
    const range = `${await backend.earliestHeight()} to ${backend.latestHeight()}`;
    throw invalid(`requested height ${height} but the chain has blocks ${range}`);
  }
  const all = found.block.data.txs;
  const offset = Number(pagination?.offset ?? 0n);
  const limit = Number(pagination?.limit || BigInt(maxPageLimit));
  const txs = all.slice(offset, offset + limit).map(decodeTx);
  return {
    txs,
    blockId: found.blockId,
    block: found.block,
    pagination: { nextKey: new Uint8Array(), total: BigInt(all.length) },
  };
}
