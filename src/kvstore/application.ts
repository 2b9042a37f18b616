/**
 * The kvstore: a second application, equal to the example that comes with CometBFT 0.38
 * (abci/example/kvstore/kvstore.go), for tests of engines and clients. spec/kvstore.md.
 *
 * One difference: nothing is written before Commit, so FinalizeBlock may be repeated.
 */
import assert from "node:assert/strict";
import * as abci from "cosmjs-types/tendermint/abci/types";
import type { Application } from "../abci/application.ts";
import { concat, fromUtf8, toHex, utf8 } from "../encoding/bytes.ts";
import { readUvarint, uvarint, zigzagVarint } from "../encoding/varint.ts";
import { publicKeyAddress, publicKeyFromProto } from "../types/validators/validator.ts";
import type { Db } from "./expected.ts";
import { eventsOf, normalTx, parseTx } from "./txs.ts";

/** Version.app of the headers. */
const appVersion = 1n;
/** CodeTypeInvalidTxFormat. */
const invalidTxFormat = 2;
const stateKey = utf8("stateKey");
const pairPrefix = utf8("kvPairKey:");
const validatorPrefix = utf8("val=");
const none = new Uint8Array();

/** Size is the number of transactions ever executed; it is all that the app hash says. */
interface State {
  readonly size: bigint;
  readonly height: bigint;
}

interface Finalized extends State {
  readonly txs: readonly Uint8Array[];
  readonly updates: readonly abci.ValidatorUpdate[];
}

export class KvStore implements Application {
  /** No gRPC method and no message type: for those who look into any application. */
  readonly bech32Prefix = "";
  readonly queries: readonly never[] = [];
  readonly anyTypes: ReadonlyMap<string, never> = new Map<string, never>();
  readonly #db: Db;
  readonly #retainBlocks: bigint;
  #state: State;
  /** Public keys by hex of the address: whom to punish. */
  readonly #keys: Map<string, abci.ValidatorUpdate["pubKey"]>;
  /** Validators of genesis, until the first Commit. */
  #genesis: readonly abci.ValidatorUpdate[] = [];
  #finalized: Finalized | undefined;

  private constructor(db: Db, from: { state: State; retainBlocks: bigint }) {
    this.#db = db;
    this.#state = from.state;
    this.#retainBlocks = from.retainBlocks;
    this.#keys = new Map<string, never>();
  }

  /** Opens what the database holds. retainBlocks: that the engine keeps at least; 0 keeps all. */
  static async open(db: Db, retainBlocks = 0n): Promise<KvStore> {
    const app = new KvStore(db, { state: readState(db.get(stateKey)), retainBlocks });
    const end = concat(validatorPrefix.slice(0, -1), utf8(">"));
    for await (const [, value] of db.iterate({ start: validatorPrefix, end })) {
      const length = readUvarint(value, 0);
      assert(length, "written by commit");
      app.#remember(abci.ValidatorUpdate.decode(value.subarray(length.next)));
    }
    return app;
  }

  info(): abci.ResponseInfo {
    const { size, height } = this.#state;
    return {
      data: `{"size":${size}}`,
      version: "2.0.0",
      appVersion,
      lastBlockHeight: height,
      lastBlockAppHash: hashOf(size),
    };
  }

  initChain({ validators }: abci.RequestInitChain): abci.ResponseInitChain {
    this.#genesis = validators;
    this.#keys.clear();
    for (const update of validators) this.#remember(update);
    return { validators: [], appHash: hashOf(this.#state.size) };
  }

  checkTx({ tx }: abci.RequestCheckTx): abci.ResponseCheckTx {
    return parseTx(tx) ? resultOf({ gasWanted: 1n }) : resultOf({ code: invalidTxFormat });
  }

  prepareProposal({ txs }: abci.RequestPrepareProposal): abci.ResponsePrepareProposal {
    return { txs: txs.filter((tx) => parseTx(tx)).map(normalTx) };
  }

  processProposal({ txs }: abci.RequestProcessProposal): abci.ResponseProcessProposal {
    const { ACCEPT, REJECT } = abci.ResponseProcessProposal_ProposalStatus;
    return { status: txs.every((tx) => parseTx(tx)) ? ACCEPT : REJECT };
  }

  /** Equivocation costs a validator one of its power; the rest waits for Commit. */
  finalizeBlock(request: abci.RequestFinalizeBlock): abci.ResponseFinalizeBlock {
    const { txs, height } = request;
    const updates: abci.ValidatorUpdate[] = [];
    for (const { type, validator } of request.misbehavior) {
      if (type !== abci.MisbehaviorType.DUPLICATE_VOTE) continue;
      const pubKey = this.#keys.get(toHex(validator.address));
      assert(pubKey, `cannot punish ${toHex(validator.address)}: no such validator`);
      updates.push({ pubKey, power: validator.power - 1n });
    }
    for (const tx of txs) {
      const parsed = parseTx(tx);
      if (parsed && "update" in parsed) updates.push(parsed.update);
    }
    const size = this.#state.size + BigInt(txs.length);
    this.#finalized = { size, height, txs, updates };
    return {
      events: [],
      txResults: txs.map((tx) => resultOf({ events: eventsOf(tx) })),
      validatorUpdates: updates,
      appHash: hashOf(size),
    };
  }

  async commit(): Promise<abci.ResponseCommit> {
    const finalized = this.#finalized;
    assert(finalized, "Commit follows FinalizeBlock");
    const { size, height, txs, updates } = finalized;
    const writes = [...this.#genesis, ...updates].map(validatorWrite);
    for (const tx of txs) {
      const parsed = parseTx(tx);
      assert(parsed, `${toHex(tx.subarray(0, 100))} is no key=value`);
      if ("key" in parsed)
        writes.push({ key: concat(pairPrefix, parsed.key), value: parsed.value });
    }
    writes.push({ key: stateKey, value: utf8(`{"size":${size},"height":${height}}`) });
    await this.#db.batch(writes, { sync: true });
    for (const update of updates) this.#remember(update);
    this.#genesis = [];
    this.#finalized = undefined;
    this.#state = { size, height };
    const isDue = this.#retainBlocks > 0n && height >= this.#retainBlocks;
    return { retainHeight: isDue ? height - this.#retainBlocks + 1n : 0n };
  }

  /** /val answers the stored change of a validator's key; every other path a value. */
  query({ path, data, prove }: abci.RequestQuery): abci.ResponseQuery {
    if (path === "/val") {
      return answer({ key: data, value: this.#db.get(concat(validatorPrefix, data)) ?? none });
    }
    const value = this.#db.get(concat(pairPrefix, data));
    return answer({
      log: value ? "exists" : "does not exist",
      index: prove ? -1n : 0n,
      key: data,
      value: value ?? none,
      height: this.#state.height,
    });
  }

  extendVote(): abci.ResponseExtendVote {
    return { voteExtension: none };
  }

  verifyVoteExtension(): abci.ResponseVerifyVoteExtension {
    return { status: abci.ResponseVerifyVoteExtension_VerifyStatus.ACCEPT };
  }

  listSnapshots(): abci.ResponseListSnapshots {
    return { snapshots: [] };
  }

  offerSnapshot(): abci.ResponseOfferSnapshot {
    return { result: abci.ResponseOfferSnapshot_Result.UNKNOWN };
  }

  loadSnapshotChunk(): abci.ResponseLoadSnapshotChunk {
    return { chunk: none };
  }

  applySnapshotChunk(): abci.ResponseApplySnapshotChunk {
    const result = abci.ResponseApplySnapshotChunk_Result.UNKNOWN;
    return { result, refetchChunks: [], rejectSenders: [] };
  }

  #remember({ pubKey, power }: abci.ValidatorUpdate): void {
    const address = toHex(publicKeyAddress(keyOf(pubKey)));
    if (power === 0n) this.#keys.delete(address);
    else this.#keys.set(address, pubKey);
  }
}

function keyOf(proto: abci.ValidatorUpdate["pubKey"]) {
  const key = publicKeyFromProto(proto);
  assert(key, "an engine names validators by usable keys");
  return key;
}

/** Under the raw key: the change with its length before it; nothing when the power is 0. */
function validatorWrite(update: abci.ValidatorUpdate) {
  const bytes = abci.ValidatorUpdate.encode(update).finish();
  const value = update.power === 0n ? undefined : concat(uvarint(bytes.length), bytes);
  return { key: concat(validatorPrefix, keyOf(update.pubKey).key), value };
}

/** 8 bytes: the size as Go's PutVarint writes it, then zeros. */
const hashOf = (size: bigint): Uint8Array =>
  concat(zigzagVarint(size), new Uint8Array(8)).slice(0, 8);

function readState(bytes: Uint8Array | undefined): State {
  if (!bytes) return { size: 0n, height: 0n };
  const match = /^\{"size":(\d+),"height":(\d+)\}$/.exec(fromUtf8(bytes));
  assert(match, "written by commit");
  return { size: BigInt(match[1] ?? ""), height: BigInt(match[2] ?? "") };
}

const resultOf = (result: Partial<abci.ExecTxResult>): abci.ExecTxResult => ({
  ...{ code: 0, data: none, log: "", info: "" },
  ...{ gasWanted: 0n, gasUsed: 0n, events: [], codespace: "" },
  ...result,
});

const answer = (parts: Partial<abci.ResponseQuery>): abci.ResponseQuery => ({
  ...{ code: 0, log: "", info: "", index: 0n, key: none, value: none },
  ...{ height: 0n, codespace: "" },
  ...parts,
});
