/**
 * A small deterministic application: its hash chains over heights and transactions, and the powers
 * of the validators move a little with every block, so that validator sets differ by height.
 */
import {
  type RequestExtendVote,
  RequestFinalizeBlock,
  type RequestPrepareProposal,
  type RequestVerifyVoteExtension,
  type ResponseCheckTx,
  type ResponseFinalizeBlock,
  type ResponseInfo,
  type ResponseInitChain,
} from "cosmjs-types/tendermint/abci/types";
import type { Application } from "../../src/abci/application.ts";
import { sha256Parts } from "../../src/crypto/hash.ts";
import { concat, fromU64be, u64be, utf8 } from "../../src/encoding/bytes.ts";
import type { Db } from "../../src/execution/expected.ts";
import { type AppExtensions, noExtensions } from "./extensions.ts";

const committedKey = utf8("committed");
const executedKey = (tx: Uint8Array): Uint8Array => concat(utf8("executed/"), tx);
const rejectedPrefix = utf8("rejected");

/** Transactions with this prefix are proposed by nobody and accepted by nobody. */
export const isRejected = (tx: Uint8Array): boolean =>
  Buffer.compare(tx.subarray(0, rejectedPrefix.length), rejectedPrefix) === 0;

/** What happens to powers: nothing; one moves with every block; the last key leaves and returns. */
export type Powers = "fixed" | "moving" | "leaving";

/** The updates after a block of that height. */
function updatesAfter(height: bigint, powers: Powers, keys: readonly Uint8Array[]) {
  const moving = keys[Number(height) % keys.length];
  const last = keys.at(-1);
  if (powers === "moving" && moving) {
    return [{ pubKey: { ed25519: moving }, power: 10n + (height % 3n) }];
  }
  if (powers !== "leaving" || !last || height % 2n !== 0n) return [];
  return [{ pubKey: { ed25519: last }, power: height % 4n === 2n ? 0n : 10n }];
}

export class TestApp implements Application {
  readonly #db: Db;
  readonly #powers: Powers;
  readonly #keys: readonly Uint8Array[];
  readonly #extensions: AppExtensions;
  #height = 0n;
  #hash: Uint8Array = new Uint8Array(32);
  #next: { height: bigint; hash: Uint8Array; txs: readonly Uint8Array[] } | undefined;

  constructor(
    db: Db,
    powers: Powers,
    keys: readonly Uint8Array[],
    extensions: AppExtensions = noExtensions,
  ) {
    this.#db = db;
    this.#powers = powers;
    this.#keys = keys;
    this.#extensions = extensions;
    const stored = db.get(committedKey);
    if (!stored) return;
    this.#height = fromU64be(stored);
    this.#hash = stored.slice(8);
  }

  info(): ResponseInfo {
    const lastBlockAppHash = this.#height > 0n ? this.#hash : new Uint8Array();
    const fixed = { data: "", version: "", appVersion: 1n };
    return { ...fixed, lastBlockHeight: this.#height, lastBlockAppHash };
  }

  initChain(): ResponseInitChain {
    return { validators: [], appHash: this.#hash };
  }

  prepareProposal(request: RequestPrepareProposal) {
    this.#extensions.prepares(request);
    return { txs: request.txs };
  }

  processProposal({ txs }: { txs: Uint8Array[] }) {
    return { status: txs.some(isRejected) ? 2 : 1 };
  }

  finalizeBlock(request: RequestFinalizeBlock): ResponseFinalizeBlock {
    const { height, txs, misbehavior } = request;
    // Whatever FinalizeBlock is told must be the same everywhere: all of it is hashed.
    const hash = sha256Parts(this.#hash, RequestFinalizeBlock.encode(request).finish());
    this.#next = { height, hash, txs };
    const validatorUpdates = updatesAfter(height, this.#powers, this.#keys);
    const { turnedOnAt } = this.#extensions;
    const abci = { voteExtensionsEnableHeight: turnedOnAt };
    const result = { code: 0, data: new Uint8Array(), log: "", info: "", codespace: "" };
    const txResults = txs.map(() => ({ ...result, gasWanted: 1n, gasUsed: 1n, events: [] }));
    const counted = { type: "misbehavior", attributes: misbehavior.map(() => attribute) };
    return {
      events: [counted],
      txResults,
      validatorUpdates,
      consensusParamUpdates: height === 1n && turnedOnAt > 0n ? { abci } : undefined,
      appHash: hash,
    } as ResponseFinalizeBlock;
  }

  async commit() {
    const next = this.#next;
    if (!next) throw new Error("Commit without FinalizeBlock");
    const value = concat(u64be(next.height), next.hash);
    const executed = next.txs.map((tx) => ({ key: executedKey(tx), value: new Uint8Array(1) }));
    await this.#db.batch([{ key: committedKey, value }, ...executed], { sync: true });
    [this.#height, this.#hash] = [next.height, next.hash];
    return { retainHeight: 0n };
  }

  /** Nothing is executed twice, as sequence numbers see to in the real application. */
  checkTx({ tx }: { readonly tx: Uint8Array }): ResponseCheckTx {
    const isNew = this.#db.get(executedKey(tx)) === undefined;
    const texts = { log: "", info: "", codespace: "", data: new Uint8Array(), events: [] };
    const code = isNew && !isRejected(tx) ? 0 : 1;
    return { ...texts, code, gasWanted: 1n, gasUsed: 1n };
  }
  query(): never {
    throw new Error("not part of the simulation");
  }
  extendVote({ height }: RequestExtendVote) {
    return { voteExtension: this.#extensions.extend(height) };
  }
  verifyVoteExtension(request: RequestVerifyVoteExtension) {
    return { status: this.#extensions.accepts(request) ? 1 : 2 };
  }
  listSnapshots(): never {
    throw new Error("not part of the simulation");
  }
  offerSnapshot(): never {
    throw new Error("not part of the simulation");
  }
  loadSnapshotChunk(): never {
    throw new Error("not part of the simulation");
  }
  applySnapshotChunk(): never {
    throw new Error("not part of the simulation");
  }
}

const attribute = { key: "k", value: "v", index: false };
