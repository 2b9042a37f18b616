/** Methods that read blocks, headers, commits, validators and results (cometbft rpc/core). */
import {
  base64OrNull,
  blockIdJson,
  blockJson,
  commitJson,
  headerJson,
  zeroBlockIdJson,
} from "../../types/json/block.ts";
import { searchBlocks } from "../indexer/search.ts";
import {
  consensusParamsJson,
  eventJson,
  paramUpdatesJson,
  txResultJson,
  validatorJson,
  validatorUpdateJson,
} from "../json/results.ts";
import type { Params } from "../params.ts";
import {
  bigintParam,
  bytesParam,
  heightParam,
  type Methods,
  pageOf,
  type RpcContext,
  refuse,
} from "./method.ts";
import { orderParam, queryParam } from "./search-params.ts";

const height = [["height", "int64"]] as const;
/** Metas that one blockchain call answers at most (cometbft rpc/core/blocks.go). */
const maxBlockMetas = 20n;

export const blockMethods: Methods = {
  block: {
    params: height,
    cacheable: "height",
    handle: (context, params) =>
      blockAnswer(context, heightParam(context, params, context.blocks.height())),
  },
  block_by_hash: {
    params: [["hash", "bytes"]],
    cacheable: "always",
    handle: (context, params) =>
      blockAnswer(context, context.blocks.heightOfHash(bytesParam(params, "hash"))),
  },
  header: {
    params: height,
    cacheable: "height",
    handle: (context, params) =>
      headerAnswer(context, heightParam(context, params, context.blocks.height())),
  },
  header_by_hash: {
    params: [["hash", "hex"]],
    cacheable: "always",
    handle: (context, params) =>
      headerAnswer(context, context.blocks.heightOfHash(bytesParam(params, "hash"))),
  },
  commit: { params: height, cacheable: "height", handle: commitAnswer },
  blockchain: {
    params: [
      ["minHeight", "int64"],
      ["maxHeight", "int64"],
    ],
    handle: blockchainAnswer,
  },
  block_results: { params: height, cacheable: "height", handle: blockResultsAnswer },
  validators: {
    params: [
      ["height", "int64"],
      ["page", "int64"],
      ["per_page", "int64"],
    ],
    cacheable: "height",
    handle: validatorsAnswer,
  },
  consensus_params: {
    params: height,
    cacheable: "height",
    handle: (context, params) => {
      const at = heightParam(context, params, uncommittedHeight(context));
      const found = context.chain.consensusParamsAt(at);
      if (!found) throw refuse(`could not find consensus params for height #${at}`);
      return { block_height: String(at), consensus_params: consensusParamsJson(found) };
    },
  },
  block_search: {
    params: [
      ["query", "string"],
      ["page", "int64"],
      ["per_page", "int64"],
      ["order_by", "string"],
    ],
    handle: blockSearchAnswer,
  },
};

/** The height being decided: its validators and parameters are already known. */
function uncommittedHeight(context: RpcContext): bigint {
  return context.chain.state().lastBlockHeight + 1n;
}

function blockAnswer(context: RpcContext, at: bigint | undefined): object {
  const block = at === undefined ? undefined : context.blocks.loadBlock(at);
  const id = at === undefined ? undefined : context.blocks.loadMeta(at)?.blockId;
  if (!block || !id) return { block_id: zeroBlockIdJson, block: null };
  return { block_id: blockIdJson(id), block: blockJson(block) };
}

function headerAnswer(context: RpcContext, at: bigint | undefined): object {
  const meta = at === undefined ? undefined : context.blocks.loadMeta(at);
  return { header: meta ? headerJson(meta.header) : null };
}

function commitAnswer(context: RpcContext, params: Params): object | null {
  const tip = context.blocks.height();
  const at = heightParam(context, params, tip);
  const meta = context.blocks.loadMeta(at);
  const canonical = at < tip;
  const commit = canonical ? context.blocks.loadCommit(at) : context.blocks.loadSeenCommit(at);
  if (!meta || !commit) return null;
  const signed = { header: headerJson(meta.header), commit: commitJson(commit) };
  return { signed_header: signed, canonical };
}

function blockchainAnswer(context: RpcContext, params: Params): object {
  const tip = context.blocks.height();
  const { min, max } = metaRange(context, params, tip);
  const metas: object[] = [];
  for (let at = max; at >= min; at--) {
    const meta = context.blocks.loadMeta(at);
    if (!meta) continue;
    metas.push({
      block_id: blockIdJson(meta.blockId),
      block_size: String(meta.blockSize),
      header: headerJson(meta.header),
      num_txs: String(meta.numTxs),
    });
  }
  return { last_height: String(tip), block_metas: metas };
}

/** cometbft rpc/core/blocks.go filterMinMax. */
function metaRange(context: RpcContext, params: Params, tip: bigint) {
  const askedMin = bigintParam(params, "minHeight") ?? 0n;
  const askedMax = bigintParam(params, "maxHeight") ?? 0n;
  if (askedMin < 0n || askedMax < 0n) throw refuse("heights must be non-negative");
  const max = larger(0n, smaller(tip, askedMax === 0n ? tip : askedMax));
  const lowest = larger(context.blocks.base(), askedMin === 0n ? 1n : askedMin);
  const min = larger(lowest, max - maxBlockMetas + 1n);
  if (min > max) throw refuse(`min height ${min} can't be greater than max height ${max}`);
  return { min, max };
}

const smaller = (a: bigint, b: bigint): bigint => (a < b ? a : b);
const larger = (a: bigint, b: bigint): bigint => (a > b ? a : b);

function blockResultsAnswer(context: RpcContext, params: Params): object {
  const at = heightParam(context, params, context.blocks.height());
  const result = context.chain.resultsAt(at);
  if (!result) throw refuse(`could not find results for height #${at}`);
  return {
    height: String(at),
    txs_results: listOrNull(result.txResults.map(txResultJson)),
    finalize_block_events: listOrNull(result.events.map(eventJson)),
    validator_updates: listOrNull(result.validatorUpdates.map(validatorUpdateJson)),
    consensus_param_updates: paramUpdatesJson(result.consensusParamUpdates),
    app_hash: base64OrNull(result.appHash),
  };
}

const listOrNull = (list: readonly object[]): readonly object[] | null =>
  list.length > 0 ? list : null;

function validatorsAnswer(context: RpcContext, params: Params): object {
  const at = heightParam(context, params, uncommittedHeight(context));
  const set = context.chain.validatorsAt(at);
  if (!set) throw refuse(`could not find validator set for height #${at}`);
  const { skip, count } = pageOf(params, set.size);
  const page = set.validators.slice(skip, skip + count);
  return {
    block_height: String(at),
    validators: page.map(validatorJson),
    count: String(page.length),
    total: String(set.size),
  };
}

async function blockSearchAnswer(context: RpcContext, params: Params): Promise<object> {
  const heights = await searchBlocks(context.indexDb, queryParam(params));
  if (orderParam(params, "desc") === "desc") heights.reverse();
  const { skip, count } = pageOf(params, heights.length);
  const kept = heights.slice(skip, skip + count).filter((at) => context.blocks.loadMeta(at));
  const blocks = kept.map((at) => blockAnswer(context, at));
  return { blocks, total_count: String(heights.length) };
}
