/**
 * What REST and gRPC read and do when CometBFT makes the blocks: state from the application in this
 * process, blocks, transactions and broadcasts through CometBFT's RPC.
 */
import { ResponseCheckTx } from "cosmjs-types/tendermint/abci/types";
import type { ApiBackend, ApiNodeInfo, FoundTxs, Tip, TxSearch } from "../../api/expected.ts";
import { GrpcError, grpcCode } from "../../api/grpc-error.ts";
import { toBase64 } from "../../encoding/bytes.ts";
import { zeroTime } from "../../encoding/time.ts";
import type { Codec } from "../../modules/module.ts";
import { type Fields, readFields, readHex, readInt64, readList } from "../../types/json/fields.ts";
import { readHeader, readValidator, validatorSetOf } from "../../types/json/light-block.ts";
import type { ValidatorSet } from "../../types/validator-set.ts";
import type { Validator } from "../../types/validators/validator.ts";
import type { NodeApp } from "../app/open-app.ts";
import { appName, appVersion, cometVersion } from "../version.ts";
import { type CometClient, CometRefusal } from "./comet-client.ts";
import { readBlock, readCode, readTx, text } from "./comet-json.ts";

/** What CometBFT gives at most on a page, and pages of the largest set there can be. */
const validatorsPerPage = 100;
const maxPages = 100;
const infoRequest = {
  version: cometVersion,
  blockVersion: 11n,
  p2pVersion: 8n,
  abciVersion: "2.0.0",
} as const;

export function cometBackend(
  app: NodeApp,
  comet: CometClient,
  options: { readonly minimumGasPrices: string },
): ApiBackend {
  const status = async (part: string): Promise<Fields> =>
    readFields((await comet.call("status"))[part]) ?? {};
  return {
    ...options,
    appVersion,
    bech32Prefix: app.bech32Prefix,
    queries: app.queries,
    messages: app.msgs ?? [],
    anyTypeUrls: () => [...app.anyTypes.keys()],
    anyType: (typeUrl) => app.anyTypes.get(typeUrl) as Codec<object> | undefined,
    query: (request) => app.query(request),
    latestHeight: () => app.info(infoRequest).lastBlockHeight,
    broadcast: (tx) => broadcast(comet, tx),
    tx: async (hash) => {
      const answer = await known(comet.call("tx", { hash: toBase64(hash), prove: false }));
      return answer && whole(readTx(answer), "tx");
    },
    searchTxs: (search) => searchTxs(comet, search),
    earliestHeight: async () => readInt64((await status("sync_info")).earliest_block_height) ?? 0n,
    block: async (height) => {
      const answer = await known(comet.call("block", { height: String(height) }));
      return answer && whole(readBlock(answer), "block");
    },
    validators: (height) => validators(comet, height),
    tip: () => tip(app, comet),
    isCatchingUp: async () => (await status("sync_info")).catching_up === true,
    nodeInfo: async () => nodeInfo(await status("node_info")),
  };
}

/** Undefined where CometBFT has no such thing; its other refusals are told on. */
async function known(call: Promise<Fields>): Promise<Fields | undefined> {
  try {
    return await call;
  } catch (error) {
    if (!(error instanceof CometRefusal)) throw error;
    if (/not found|must be less than|is not available|greater than/.test(error.message)) {
      return undefined;
    }
    throw new GrpcError(grpcCode.internal, error.message);
  }
}

function whole<T>(value: T | undefined, method: string): T {
  if (value !== undefined) return value;
  throw new GrpcError(grpcCode.internal, `CometBFT's answer to ${method} cannot be read`);
}

async function broadcast(comet: CometClient, tx: Uint8Array): Promise<ResponseCheckTx | string> {
  try {
    const answer = await comet.call("broadcast_tx_sync", { tx: toBase64(tx) });
    return ResponseCheckTx.fromPartial({
      code: whole(readCode(answer.code), "broadcast_tx_sync"),
      data: readHex(answer.data) ?? new Uint8Array(),
      log: text(answer.log),
      codespace: text(answer.codespace),
    });
  } catch (error) {
    if (error instanceof CometRefusal) return error.message;
    throw error;
  }
}

async function searchTxs(comet: CometClient, search: TxSearch): Promise<FoundTxs | string> {
  const { query, page, limit, isDescending } = search;
  const order_by = isDescending ? "desc" : "asc";
  const params = { query, prove: false, per_page: String(limit), order_by };
  const ask = async (wanted: number): Promise<FoundTxs> => {
    const answer = await comet.call("tx_search", { ...params, page: String(wanted) });
    const txs = whole(readList(answer.txs), "tx_search");
    const total = whole(readInt64(answer.total_count), "tx_search");
    return { txs: txs.map((each) => whole(readTx(each), "tx_search")), total: Number(total) };
  };
  try {
    return await ask(page).catch(async (error: unknown) => {
      if (!(error instanceof CometRefusal) || !isPastEnd.test(error.message)) throw error;
      return { txs: [], total: (await ask(1)).total };
    });
  } catch (error) {
    if (error instanceof CometRefusal) return error.message;
    throw error;
  }
}

/** CometBFT refuses pages past the last one; the SDK answers none. */
const isPastEnd = /page should be within/;

async function validators(comet: CometClient, height: bigint): Promise<ValidatorSet | undefined> {
  const all: Validator[] = [];
  for (let page = 1; page <= maxPages; page++) {
    const params = { height: String(height), page: String(page), per_page: `${validatorsPerPage}` };
    const answer = await known(comet.call("validators", params));
    if (!answer) return undefined;
    const read = whole(readList(answer.validators)?.map(readValidator), "validators");
    for (const validator of read) all.push(whole(validator, "validators"));
    const total = whole(readInt64(answer.total), "validators");
    if (read.length > 0 && BigInt(all.length) < total) continue;
    return whole(validatorSetOf(all), "validators");
  }
  return whole(undefined, "validators");
}

/** The application's height and hash; the rest from the header of that height. */
async function tip(app: NodeApp, comet: CometClient): Promise<Tip> {
  const { lastBlockHeight: height, lastBlockAppHash: appHash } = app.info(infoRequest);
  if (height === 0n) {
    const empty = { chainId: "", validatorsHash: new Uint8Array(), appVersion: 0n };
    return { height, appHash, time: zeroTime, ...empty };
  }
  const answer = await known(comet.call("header", { height: String(height) }));
  const header = whole(readHeader(answer?.header), "header");
  const { chainId, time, nextValidatorsHash: validatorsHash, version } = header;
  return { height, appHash, chainId, time, validatorsHash, appVersion: version.app };
}

function nodeInfo(node: Fields): ApiNodeInfo {
  return {
    nodeId: text(node.id),
    moniker: text(node.moniker),
    network: text(node.network),
    cometVersion: text(node.version),
    p2pListenAddress: text(node.listen_addr),
    rpcAddress: text(readFields(node.other)?.rpc_address),
    channels: readHex(node.channels) ?? new Uint8Array(),
    appName,
  };
}
