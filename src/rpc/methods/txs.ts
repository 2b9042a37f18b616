/** Methods that take transactions in and find them again (cometbft rpc/core/mempool.go, tx.go). */
import { ExecTxResult } from "cosmjs-types/tendermint/abci/types";
import { merkleProofs } from "../../crypto/merkle.ts";
import { toBase64, toUpperHex } from "../../encoding/bytes.ts";
import { txHash } from "../../types/tx.ts";
import type { IndexedTx } from "../expected.ts";
import { searchTxs } from "../indexer/search.ts";
import { txResultJson } from "../json/results.ts";
import type { Params } from "../params.ts";
import {
  bigintParam,
  booleanParam,
  bytesParam,
  type Methods,
  pageOf,
  type RpcContext,
  refuse,
} from "./method.ts";
import { orderParam, queryParam } from "./search-params.ts";

const tx = [["tx", "bytes"]] as const;

export const txMethods: Methods = {
  broadcast_tx_async: {
    params: tx,
    handle: (context, params) => {
      const bytes = bytesParam(params, "tx");
      // Answered before CheckTx: the pool's verdict is the caller's to look up.
      context.pool.add(bytes).catch(() => undefined);
      return { code: 0, data: "", log: "", codespace: "", hash: toUpperHex(txHash(bytes)) };
    },
  },
  broadcast_tx_sync: {
    params: tx,
    handle: async (context, params) => {
      const bytes = bytesParam(params, "tx");
      const { code, data, log, codespace } = await addToPool(context, bytes);
      return { code, data: toUpperHex(data), log, codespace, hash: toUpperHex(txHash(bytes)) };
    },
  },
  broadcast_tx_commit: { params: tx, handle: broadcastCommit },
  check_tx: {
    params: tx,
    handle: (context, params) => txResultJson(context.app.checkTx(bytesParam(params, "tx"))),
  },
  tx: {
    params: [
      ["hash", "bytes"],
      ["prove", "bool"],
    ],
    cacheable: "always",
    handle: (context, params) => {
      const hash = bytesParam(params, "hash");
      const found = context.index.tx(hash);
      if (!found) throw refuse(`tx (${toUpperHex(hash)}) not found`);
      return txJson(context, found, booleanParam(params, "prove"));
    },
  },
  tx_search: {
    params: [
      ["query", "string"],
      ["prove", "bool"],
      ["page", "int64"],
      ["per_page", "int64"],
      ["order_by", "string"],
    ],
    handle: async (context, params) => {
      const found = await searchTxs(context.index, context.indexDb, queryParam(params));
      if (orderParam(params, "asc") === "desc") found.reverse();
      const { skip, count } = pageOf(params, found.length);
      const prove = booleanParam(params, "prove");
      const page = found.slice(skip, skip + count).flatMap((at) => context.index.at(at) ?? []);
      const txs = page.map((one) => txJson(context, one, prove));
      return { txs, total_count: String(found.length) };
    },
  },
  unconfirmed_txs: {
    params: [["limit", "int64"]],
    handle: (context, params) => {
      const asked = Number(bigintParam(params, "limit") ?? 30n);
      const txs = context.pool.oldest(asked < 1 ? 30 : Math.min(asked, 100));
      return { n_txs: String(txs.length), ...poolSize(context), txs: txs.map(toBase64) };
    },
  },
  num_unconfirmed_txs: {
    params: [],
    handle: (context) => ({
      n_txs: String(context.pool.size()),
      ...poolSize(context),
      txs: null,
    }),
  },
};

const poolSize = (context: RpcContext) => ({
  total: String(context.pool.size()),
  total_bytes: String(context.pool.sizeBytes()),
});

async function addToPool(context: RpcContext, bytes: Uint8Array) {
  const answer = await context.pool.add(bytes);
  if (typeof answer === "string") throw refuse(answer);
  return answer;
}

/** Calls that wait for a block, each under a name of its own among the subscribers. */
let commitCalls = 0;

async function broadcastCommit(context: RpcContext, params: Params): Promise<object> {
  const bytes = bytesParam(params, "tx");
  const hash = toUpperHex(txHash(bytes));
  commitCalls += 1;
  const listener = `broadcast_tx_commit ${commitCalls}`;
  let [heard, refused]: (() => void)[] = [];
  let cancelled: ((reason: string) => void) | undefined;
  const included = new Promise<void>((resolve, reject) => {
    heard = resolve;
    refused = () => reject(refuse("timed out waiting for tx to be included in a block"));
    cancelled = (reason) => reject(refuse(`subscription was canceled (reason: ${reason})`));
  });
  included.catch(() => undefined); // Awaited below, unless CheckTx refuses first.
  context.events.subscribe(listener, `tm.event='Tx' AND tx.hash='${hash}'`, {
    heard: () => heard?.(),
    cancelled: (reason) => cancelled?.(reason),
  });
  const timer = setTimeout(() => refused?.(), context.limits.commitTimeoutMs);
  try {
    const check = await addToPool(context, bytes);
    const check_tx = txResultJson(check);
    if (check.code !== 0) return { check_tx, tx_result: noResult, hash, height: "0" };
    await included;
    const found = context.index.tx(txHash(bytes));
    if (!found) throw refuse(`tx (${hash}) not found`);
    return { check_tx, tx_result: txResultJson(found.result), hash, height: String(found.height) };
  } finally {
    clearTimeout(timer);
    context.events.forget(listener);
  }
}

/** What stands for the result of a transaction that never came into a block. */
const noResult = txResultJson(ExecTxResult.fromPartial({}));

function txJson(context: RpcContext, found: IndexedTx, prove: boolean): object {
  return {
    hash: toUpperHex(txHash(found.tx)),
    height: String(found.height),
    index: found.index,
    tx_result: txResultJson(found.result),
    tx: toBase64(found.tx),
    ...(prove ? { proof: proofJson(context, found) } : {}),
  };
}

function proofJson(context: RpcContext, found: IndexedTx): object {
  const block = context.blocks.loadBlock(found.height);
  if (!block) throw refuse(`height ${found.height} is not available`);
  const { root, proofs } = merkleProofs(block.data.txs.map(txHash));
  const proof = proofs[found.index];
  if (!proof) throw refuse(`block ${found.height} has no transaction ${found.index}`);
  return {
    root_hash: toUpperHex(root),
    data: toBase64(found.tx),
    proof: {
      total: String(proof.total),
      index: String(proof.index),
      leaf_hash: toBase64(proof.leafHash),
      aunts: proof.aunts.map(toBase64),
    },
  };
}
