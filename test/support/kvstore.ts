/**
 * CometBFT's kvstore example application: what its own tests, CosmJS and tendermint-rs run
 * against (cometbft v0.38 abci/example/kvstore/kvstore.go). Its disk outlives it, so that a test
 * can stop it and start it again.
 */
import { Buffer } from "node:buffer";
import type {
  Event,
  ExecTxResult,
  RequestCheckTx,
  RequestFinalizeBlock,
  RequestInitChain,
  RequestPrepareProposal,
  RequestProcessProposal,
  RequestQuery,
  ResponseCheckTx,
  ResponseCommit,
  ResponseFinalizeBlock,
  ResponseInfo,
  ResponseInitChain,
  ResponsePrepareProposal,
  ResponseProcessProposal,
  ResponseQuery,
  ValidatorUpdate,
} from "cosmjs-types/tendermint/abci/types";
import type { Application } from "../../src/abci/application.ts";
import { ed25519Address } from "../../src/crypto/ed25519.ts";
import { concat, fromUtf8, toHex, utf8 } from "../../src/encoding/bytes.ts";
import { zigzagVarint } from "../../src/encoding/varint.ts";

const none = new Uint8Array();
/** CodeTypeInvalidTxFormat of the kvstore. */
const invalidTxFormat = 2;
const duplicateVote = 1;

/** What the application keeps over a restart. */
export interface KvDisk {
  height: bigint;
  size: bigint;
  readonly values: Map<string, string>;
  /** Hex of a validator's address to its public key, and the key in base64 to its power. */
  readonly keys: Map<string, Uint8Array>;
  readonly powers: Map<string, bigint>;
}

export const emptyDisk = (): KvDisk => ({
  height: 0n,
  size: 0n,
  values: new Map(),
  keys: new Map(),
  powers: new Map(),
});

const result = (code: number, gasWanted: bigint, events: Event[]): ExecTxResult => ({
  code,
  data: none,
  log: "",
  info: "",
  gasWanted,
  gasUsed: 0n,
  events,
  codespace: "",
});

/** The kvstore over a disk. */
export class KvStoreApp implements Application {
  readonly #disk: KvDisk;
  readonly #retainBlocks: bigint;
  /** Names of the calls, in order, with the height where there is one. */
  readonly calls: string[] = [];
  #staged: { height: bigint; txs: Uint8Array[]; updates: ValidatorUpdate[]; size: bigint };

  constructor(disk: KvDisk, retainBlocks = 0n) {
    this.#disk = disk;
    this.#retainBlocks = retainBlocks;
    this.#staged = { height: disk.height, txs: [], updates: [], size: disk.size };
  }

  info(): ResponseInfo {
    this.calls.push("info");
    const { size, height } = this.#disk;
    return {
      data: `{"size":${size}}`,
      version: "2.0.0",
      appVersion: 1n,
      lastBlockHeight: height,
      lastBlockAppHash: height === 0n ? none : appHash(size),
    };
  }

  initChain(request: RequestInitChain): ResponseInitChain {
    this.calls.push("initChain");
    for (const update of request.validators) this.#store(update);
    return { validators: [], appHash: appHash(this.#disk.size) };
  }

  checkTx({ tx }: RequestCheckTx): ResponseCheckTx {
    const isValid = isValidatorTx(tx) ? parseValidatorTx(tx) !== undefined : isPair(tx);
    return isValid ? result(0, 1n, []) : result(invalidTxFormat, 0n, []);
  }

  prepareProposal({ txs }: RequestPrepareProposal): ResponsePrepareProposal {
    this.calls.push("prepareProposal");
    const valid = txs.filter((tx) => this.checkTx({ tx, type: 0 }).code === 0);
    return { txs: valid.map((tx) => utf8(fromUtf8(tx).replace(":", "="))) };
  }

  processProposal({ txs }: RequestProcessProposal): ResponseProcessProposal {
    this.calls.push("processProposal");
    const isGood = txs.every((tx) => this.checkTx({ tx, type: 0 }).code === 0);
    return { status: isGood ? 1 : 2 };
  }

  finalizeBlock(request: RequestFinalizeBlock): ResponseFinalizeBlock {
    this.calls.push(`finalizeBlock ${request.height}`);
    const size = this.#disk.size + BigInt(request.txs.length);
    const updates: ValidatorUpdate[] = [];
    for (const { type, validator } of request.misbehavior) {
      const ed25519 = this.#disk.keys.get(toHex(validator.address));
      if (type !== duplicateVote) continue;
      if (!ed25519) throw new Error(`cannot punish unknown ${toHex(validator.address)}`);
      updates.push({ pubKey: { ed25519 }, power: validator.power - 1n });
    }
    for (const tx of request.txs) {
      const update = isValidatorTx(tx) ? parseValidatorTx(tx) : undefined;
      if (update) updates.push(update);
    }
    this.#staged = { height: request.height, txs: request.txs, updates, size };
    return {
      events: [],
      txResults: request.txs.map((tx) => result(0, 0n, txEvents(tx))),
      validatorUpdates: updates,
      appHash: appHash(size),
    };
  }

  async commit(): Promise<ResponseCommit> {
    const { height, txs, updates, size } = this.#staged;
    this.calls.push(`commit ${height}`);
    for (const update of updates) this.#store(update);
    for (const tx of txs) {
      if (isValidatorTx(tx)) continue;
      const [key, value] = pairOf(tx);
      this.#disk.values.set(key, value);
    }
    this.#disk.height = height;
    this.#disk.size = size;
    const retainHeight = height - this.#retainBlocks + 1n;
    return { retainHeight: this.#retainBlocks > 0n && retainHeight > 0n ? retainHeight : 0n };
  }

  query({ path, data, prove }: RequestQuery): ResponseQuery {
    const { height, values, powers } = this.#disk;
    const rest = { code: 0, info: "", codespace: "", height };
    if (path === "/val") {
      const power = powers.get(fromUtf8(data)) ?? 0n;
      return { ...rest, log: "", index: 0n, key: data, value: utf8(String(power)) };
    }
    const value = values.get(fromUtf8(data));
    return {
      ...rest,
      log: value === undefined ? "does not exist" : "exists",
      index: prove ? -1n : 0n,
      key: data,
      value: value === undefined ? none : utf8(value),
    };
  }

  extendVote: Application["extendVote"] = () => ({ voteExtension: none });
  verifyVoteExtension: Application["verifyVoteExtension"] = () => ({ status: 1 });
  listSnapshots: Application["listSnapshots"] = () => ({ snapshots: [] });
  offerSnapshot: Application["offerSnapshot"] = () => ({ result: 3 });
  loadSnapshotChunk: Application["loadSnapshotChunk"] = () => ({ chunk: none });
  applySnapshotChunk: Application["applySnapshotChunk"] = () => ({
    result: 2,
    refetchChunks: [],
    rejectSenders: [],
  });

  #store({ pubKey, power }: ValidatorUpdate): void {
    const key = pubKey.ed25519 ?? none;
    const [address, text] = [toHex(ed25519Address(key)), Buffer.from(key).toString("base64")];
    this.#disk.keys.set(address, key);
    this.#disk.powers.set(text, power);
  }
}

/** 8 bytes: the size as Go's PutVarint writes it, then zeros. */
const appHash = (size: bigint): Uint8Array =>
  concat(zigzagVarint(size), new Uint8Array(8)).slice(0, 8);

const isValidatorTx = (tx: Uint8Array): boolean => fromUtf8(tx).startsWith("val=");

/** "val=ed25519!<base64 key>!<power>" */
function parseValidatorTx(tx: Uint8Array): ValidatorUpdate | undefined {
  const match = /^val=ed25519!([A-Za-z0-9+/=]+)!(\d+)$/.exec(fromUtf8(tx));
  const ed25519 = new Uint8Array(Buffer.from(match?.[1] ?? "", "base64"));
  if (!match?.[2] || ed25519.length !== 32) return undefined;
  return { pubKey: { ed25519 }, power: BigInt(match[2]) };
}

/** Exactly one of "=" and ":", once, and not at either end. */
function isPair(tx: Uint8Array): boolean {
  const text = fromUtf8(tx);
  const separators = [...text].filter((char) => char === "=" || char === ":");
  return separators.length === 1 && !/^[=:]|[=:]$/.test(text);
}

function pairOf(tx: Uint8Array): [string, string] {
  const text = fromUtf8(tx);
  const [key = text, value = text, ...more] = text.split("=");
  return more.length > 0 ? [text, text] : [key, value];
}

function txEvents(tx: Uint8Array): Event[] {
  const [key, value] = pairOf(tx);
  const event = (creator: string, what: string): Event => ({
    type: "app",
    attributes: [
      { key: "creator", value: creator, index: true },
      { key: "key", value: what, index: true },
      { key: "index_key", value: "index is working", index: true },
      { key: "noindex_key", value: "index is working", index: false },
    ],
  });
  return [event("Cosmoshi Netowoko", key), event("Cosmoshi", value)];
}

/** A transaction that sets a validator's power. */
export const validatorTx = (publicKey: Uint8Array, power: bigint): Uint8Array =>
  utf8(`val=ed25519!${Buffer.from(publicKey).toString("base64")}!${power}`);
