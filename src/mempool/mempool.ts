/**
 * Transactions that wait for a block, first come first served (cometbft
 * mempool/clist_mempool.go). The application judges each on entry and again after every block.
 */
import { setImmediate } from "node:timers/promises";
import type { ExecTxResult, ResponseCheckTx } from "cosmjs-types/tendermint/abci/types";
import { sha256 } from "../crypto/hash.ts";
import { toHex } from "../encoding/bytes.ts";
import type { CheckTxApplication, Logger } from "./expected.ts";
import { SeenTxs } from "./seen-txs.ts";
import { Turns, turnTxs } from "./turns.ts";
import { encodedTxBytes } from "./tx-message.ts";

/** Bounds of the mempool. */
export interface MempoolLimits {
  readonly maxTxs: number;
  readonly maxTotalBytes: number;
  readonly maxTxBytes: number;
  /** Hashes remembered to refuse duplicates. */
  readonly seenTxs: number;
  /** Whether a refused transaction stays refused unread while it is remembered. */
  readonly invalidTxs: "remember" | "forget";
  /** Blocks that a transaction may wait; 0 is no limit. */
  readonly ttlBlocks: number;
  /** Waiting transactions that one peer brought first; 0 is no limit. */
  readonly maxTxsPerPeer: number;
}

/** CometBFT's defaults. */
export const defaultMempoolLimits: MempoolLimits = {
  maxTxs: 5_000,
  maxTotalBytes: 1_073_741_824,
  maxTxBytes: 1_048_576,
  seenTxs: 10_000,
  invalidTxs: "forget",
  ttlBlocks: 0,
  maxTxsPerPeer: 0,
};

/** Why the mempool did not take a transaction; the application was not asked, or is overruled. */
export interface MempoolRefusal {
  readonly refused: "too-large" | "full" | "seen" | "gas" | "peer-full";
  /** CometBFT's wording, which RPC clients match. */
  readonly message: string;
}

/** A waiting transaction. */
export interface WaitingTx {
  readonly tx: Uint8Array;
  readonly key: string;
  readonly gasWanted: bigint;
  /** Node ids of the peers that have sent it: they need no copy. */
  readonly senders: Set<string>;
  /** The peer that brought it first; undefined for RPC. */
  readonly broughtBy: string | undefined;
  /** Height of the state that it was checked on. */
  readonly height: bigint;
}

/** What one transaction may measure; -1 is no limit. */
interface TxLimits {
  readonly maxDataBytes: bigint;
  readonly maxGas: bigint;
}

const [checkNew, checkAgain] = [0, 1];

/** Implements execution/expected.ts, Mempool. */
export class Mempool {
  readonly #app: CheckTxApplication;
  readonly #limits: MempoolLimits;
  readonly #log: Logger;
  readonly #seen: SeenTxs;
  /** For an application that looks ahead. */
  readonly #turns: Turns | undefined;
  /** In order of arrival. */
  readonly #txs = new Map<string, WaitingTx>();
  /** Waiting transactions by the peer that brought them. */
  readonly #brought = new Map<string, number>();
  #totalBytes = 0;
  #height = 0n;
  #txLimits: TxLimits = { maxDataBytes: -1n, maxGas: -1n };
  #closed: { readonly opened: Promise<void>; readonly open: () => void } | undefined;
  #arriving = 0;
  readonly #listeners: ((added: WaitingTx) => void)[] = [];

  constructor(app: CheckTxApplication, limits: MempoolLimits, log: Logger) {
    this.#app = app;
    this.#limits = limits;
    this.#log = log;
    this.#turns = app.lookAhead && new Turns(app.lookAhead, () => this.#closed?.opened);
    this.#seen = new SeenTxs(limits.seenTxs);
  }

  /** Calls back once for every transaction that is let in. */
  onAdded(listener: (added: WaitingTx) => void): void {
    this.#listeners.push(listener);
  }

  get size(): number {
    return this.#txs.size;
  }

  /** Sum of the transactions' sizes. */
  get totalBytes(): number {
    return this.#totalBytes;
  }

  has(key: string): boolean {
    return this.#txs.has(key);
  }

  /** All waiting transactions in order. Do not hold on to the iterator over an await. */
  waiting(): Iterable<WaitingTx> {
    return this.#txs.values();
  }

  /**
   * Asks the application and keeps the transaction when it answers code 0. While a block commits
   * or runs in turns, the question waits; before, the application may look at it with others
   * (turns.ts). The answer is the application's, or why it was not asked.
   */
  async checkTx(tx: Uint8Array, sender?: string): Promise<ResponseCheckTx | MempoolRefusal> {
    const refusal = this.#refuseSize(tx);
    if (refusal) return refusal;
    const key = toHex(sha256(tx));
    // What is refused unread is not worth a look.
    const isRefused = this.#seen.has(key) || this.#refusePeer(sender) !== undefined;
    const turns = isRefused ? undefined : this.#turns;
    if (this.#closed || turns) {
      if (this.#txs.size + this.#arriving >= this.#limits.maxTxs) return this.#full();
      this.#arriving++;
      await turns?.of(tx);
      while (this.#closed) await this.#closed.opened;
      this.#arriving--;
    }
    return this.#refuseSize(tx) ?? this.#check(tx, { key, sender });
  }

  #check(
    tx: Uint8Array,
    { key, sender }: { readonly key: string; readonly sender: string | undefined },
  ): ResponseCheckTx | MempoolRefusal {
    const known = this.#txs.get(key);
    if (known && sender !== undefined) known.senders.add(sender);
    const share = known ? undefined : this.#refusePeer(sender);
    if (share) return share; // Not remembered: it may come in another way.
    if (!this.#seen.push(key)) return { refused: "seen", message: "tx already exists in cache" };
    const response = this.#ask(tx, checkNew);
    const gas = response.code === 0 ? this.#refuseGas(response.gasWanted) : undefined;
    if (response.code !== 0 || gas) {
      if (this.#limits.invalidTxs === "forget") this.#seen.remove(key);
      this.#log.debug("refused transaction", { key, code: response.code, gas: gas?.message });
      return gas ?? response;
    }
    this.#add({ tx, key, gasWanted: response.gasWanted, broughtBy: sender });
    return response;
  }

  #add(of: Pick<WaitingTx, "tx" | "key" | "gasWanted" | "broughtBy">): void {
    const { broughtBy: peer, key, tx, gasWanted } = of;
    const senders = new Set<string>();
    if (peer !== undefined) senders.add(peer);
    const height = this.#height;
    const added: WaitingTx = { tx, key, gasWanted, senders, broughtBy: peer, height };
    this.#txs.set(key, added);
    this.#totalBytes += tx.length;
    if (peer !== undefined) this.#brought.set(peer, (this.#brought.get(peer) ?? 0) + 1);
    for (const listener of this.#listeners) listener(added);
  }

  /** Transactions in order until the next would exceed a limit; -1 is no limit. */
  reapMaxBytesMaxGas(maxBytes: bigint, maxGas: bigint): Uint8Array[] {
    const taken: Uint8Array[] = [];
    let [bytes, gas] = [0n, 0n];
    for (const { tx, gasWanted } of this.#txs.values()) {
      bytes += BigInt(encodedTxBytes(tx));
      gas += gasWanted;
      if (maxBytes > -1n && bytes > maxBytes) break;
      if (maxGas > -1n && gas > maxGas) break;
      taken.push(tx);
    }
    return taken;
  }

  /** The first transactions, at most that many. */
  reapMaxTxs(maxTxs: number): Uint8Array[] {
    const taken: Uint8Array[] = [];
    for (const { tx } of this.#txs.values()) {
      if (taken.length >= maxTxs) break;
      taken.push(tx);
    }
    return taken;
  }

  /** Holds back CheckTx until unlock. */
  lock(): void {
    if (this.#closed) throw new Error("mempool is locked already");
    let open = (): void => {};
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    this.#closed = { opened, open };
  }

  unlock(): void {
    const closed = this.#closed;
    this.#closed = undefined;
    closed?.open();
  }

  /**
   * Drops what a block decided and asks the application again about the rest. Locked until it
   * resolves. At once for an application that does not look ahead; else in turns.
   */
  async update(
    decided: {
      readonly height: bigint;
      readonly txs: readonly Uint8Array[];
      readonly results: readonly ExecTxResult[];
    },
    limits: TxLimits,
  ): Promise<void> {
    this.#txLimits = limits;
    this.#height = decided.height;
    decided.txs.forEach((tx, index) => {
      const key = toHex(sha256(tx));
      // A decided transaction stays known, so that a late copy is not executed again.
      if (decided.results[index]?.code === 0) this.#seen.push(key);
      else if (this.#limits.invalidTxs === "forget") this.#seen.remove(key);
      this.#drop(key);
    });
    this.#expire();
    await this.#recheck();
  }

  /** Forgets everything, the remembered hashes too. */
  flush(): void {
    this.#txs.clear();
    this.#brought.clear();
    this.#seen.clear();
    this.#totalBytes = 0;
  }

  /** Transactions come in order of height, so the first that may stay ends the walk. */
  #expire(): void {
    const { ttlBlocks } = this.#limits;
    if (ttlBlocks === 0) return;
    for (const { height, key } of this.#txs.values()) {
      if (this.#height - height <= BigInt(ttlBlocks)) return;
      this.#log.debug("transaction waited too long", { key, height });
      this.#drop(key);
      this.#seen.remove(key); // Whoever still wants it may send it again.
    }
  }

  async #recheck(): Promise<void> {
    for (const [index, { tx, key }] of [...this.#txs.values()].entries()) {
      if (this.#turns && index % turnTxs === turnTxs - 1) await setImmediate();
      if (!this.#txs.has(key)) continue; // Flushed meanwhile.
      const response = this.#ask(tx, checkAgain);
      if (response.code === 0 && !this.#refuseGas(response.gasWanted)) continue;
      this.#log.debug("dropped transaction on recheck", { key, code: response.code });
      this.#drop(key);
      if (this.#limits.invalidTxs === "forget") this.#seen.remove(key);
    }
  }

  /**
   * CheckTx decides nothing that others must agree on, so an application that fails on one
   * transaction loses that transaction, not the node. The code is the SDK's for a panic.
   */
  #ask(tx: Uint8Array, type: number): ResponseCheckTx {
    try {
      return this.#app.checkTx({ tx, type });
    } catch (error) {
      const cause = error instanceof Error ? (error.stack ?? error.message) : String(error);
      this.#log.warn("CheckTx failed", { tx: toHex(tx.subarray(0, 64)), cause });
      const data = new Uint8Array();
      const rest = { data, info: "", gasWanted: 0n, gasUsed: 0n, events: [] };
      return { ...rest, code: 111222, log: "panic", codespace: "undefined" };
    }
  }

  #drop(key: string): void {
    const waiting = this.#txs.get(key);
    if (!waiting) return;
    this.#txs.delete(key);
    this.#totalBytes -= waiting.tx.length;
    const { broughtBy: peer } = waiting;
    if (peer === undefined) return;
    const left = (this.#brought.get(peer) ?? 1) - 1;
    if (left === 0) this.#brought.delete(peer);
    else this.#brought.set(peer, left);
  }

  /** One peer must not fill the mempool for all others. */
  #refusePeer(peer: string | undefined): MempoolRefusal | undefined {
    const { maxTxsPerPeer } = this.#limits;
    if (peer === undefined || maxTxsPerPeer === 0) return undefined;
    if ((this.#brought.get(peer) ?? 0) < maxTxsPerPeer) return undefined;
    const message = `mempool has ${maxTxsPerPeer} txs of peer ${peer}, its maximum`;
    return { refused: "peer-full", message };
  }

  #refuseSize(tx: Uint8Array): MempoolRefusal | undefined {
    const { maxTxs, maxTotalBytes, maxTxBytes } = this.#limits;
    if (this.#txs.size >= maxTxs || this.#totalBytes + tx.length > maxTotalBytes) {
      return this.#full();
    }
    if (tx.length > maxTxBytes) {
      const message = `Tx too large. Max size is ${maxTxBytes}, but got ${tx.length}`;
      return { refused: "too-large", message };
    }
    const { maxDataBytes } = this.#txLimits;
    const size = encodedTxBytes(tx);
    if (maxDataBytes < 0n || BigInt(size) <= maxDataBytes) return undefined;
    return { refused: "too-large", message: `tx size is too big: ${size}, max: ${maxDataBytes}` };
  }

  #refuseGas(gasWanted: bigint): MempoolRefusal | undefined {
    const { maxGas } = this.#txLimits;
    if (maxGas < 0n) return undefined;
    if (gasWanted < 0n) return { refused: "gas", message: `gas wanted ${gasWanted} is negative` };
    if (gasWanted <= maxGas) return undefined;
    const message = `gas wanted ${gasWanted} is greater than max gas ${maxGas}`;
    return { refused: "gas", message };
  }

  #full(): MempoolRefusal {
    const { maxTxs, maxTotalBytes } = this.#limits;
    const [txs, bytes] = [this.#txs.size, this.#totalBytes];
    const message =
      `mempool is full: number of txs ${txs} (max: ${maxTxs}), ` +
      `total txs bytes ${bytes} (max: ${maxTotalBytes})`;
    return { refused: "full", message };
  }
}
