/**
 * Evidence of misbehaviour: pending until a block carries it, then remembered as committed until
 * it is too old to count (cometbft evidence/pool.go). All of it is kept in memory and written
 * through to a database.
 */
import { Evidence, EvidenceList } from "cosmjs-types/tendermint/types/evidence";
import type { Vote } from "cosmjs-types/tendermint/types/types";
import { concat, fromU64be, toHex, u64be } from "../encoding/bytes.ts";
import type { ChainState } from "../types/chain-state.ts";
import {
  duplicateVoteEvidence,
  evidenceHash,
  evidenceHeight,
  validateEvidenceBasic,
  withoutExtensions,
} from "../types/evidence.ts";
import type { Blocks, Db, Logger, States } from "./expected.ts";
import { isExpired, type Verdict, verifyEvidence } from "./verify.ts";

/** Prefixes of the keys; height and hash follow. */
const [committedPrefix, pendingPrefix, settledPrefix] = [0x00, 0x01, 0x02];
/** Pieces that may wait for a block; what comes beyond is dropped until some are committed. */
const pendingMax = 1000;
/** Pairs of conflicting votes of the running height that may wait for its end. */
const reportsMax = 1000;

type Write = { readonly key: Uint8Array; readonly value: Uint8Array | undefined };

interface PoolParts {
  readonly db: Db;
  readonly states: States;
  readonly blocks: Blocks;
  readonly log: Logger;
}

/** The evidence of one node. */
export class EvidencePool {
  readonly #parts: PoolParts;
  readonly #pending = new Map<string, Evidence>();
  /** Heights of committed evidence by hash. */
  readonly #committed = new Map<string, bigint>();
  /**
   * The same for what was committed with vote extensions, by the hash of what it is without: not
   * refused in a block, because CometBFT does not, but never proposed here again.
   */
  readonly #settled = new Map<string, bigint>();
  /** Resolves when everything queued for the disk is written. Never rejects. */
  #written: Promise<void> = Promise.resolve();
  #reports: { readonly a: Vote; readonly b: Vote }[] = [];
  #state: ChainState;
  #listener: ((evidence: Evidence) => void) | undefined;

  private constructor(parts: PoolParts, state: ChainState) {
    this.#parts = parts;
    this.#state = state;
  }

  /** Opens the pool on the state the node starts from. */
  static async open(parts: PoolParts, state: ChainState): Promise<EvidencePool> {
    const pool = new EvidencePool(parts, state);
    for await (const [key, value] of parts.db.iterate({ start: Uint8Array.of(committedPrefix) })) {
      const hash = toHex(key.subarray(9));
      if (key[0] === committedPrefix) pool.#committed.set(hash, fromU64be(key.subarray(1)));
      else if (key[0] === pendingPrefix) pool.#pending.set(hash, Evidence.decode(value));
      else if (key[0] === settledPrefix) pool.#settled.set(hash, fromU64be(key.subarray(1)));
    }
    return pool;
  }

  /** Calls back for every piece that becomes pending: to gossip it. */
  onPending(listener: (evidence: Evidence) => void): void {
    this.#listener = listener;
  }

  /** Two conflicting, correctly signed votes; they become evidence when their height has a time. */
  reportConflictingVotes(a: Vote, b: Vote): void {
    if (this.#reports.length < reportsMax) this.#reports.push({ a, b });
  }

  /** Evidence for the next proposal, oldest first, at most that many encoded bytes. */
  pending(maxBytes: bigint): readonly Evidence[] {
    const chosen: Evidence[] = [];
    let size = 0;
    for (const evidence of this.#byAge()) {
      size += EvidenceList.encode({ evidence: [evidence] }).finish().length;
      if (BigInt(size) > maxBytes) break;
      chosen.push(evidence);
    }
    return chosen;
  }

  /** Takes evidence from a peer. */
  add(received: Evidence): Verdict {
    const refused = validateEvidenceBasic(received); // What is malformed has no hash.
    if (refused !== undefined) return { refused };
    const evidence = withoutExtensions(received);
    const hash = hashOf(evidence);
    if (this.#isKnown(hash)) return "valid";
    const verdict = verifyEvidence(this.#parts, this.#state, evidence);
    if (verdict === "valid") this.#addPending(hash, evidence);
    return verdict;
  }

  /** Why one of a block's evidence is not acceptable on this state, or undefined. */
  check(state: ChainState, evidence: readonly Evidence[]): string | undefined {
    const seen = new Set<string>();
    for (const piece of evidence) {
      const malformed = validateEvidenceBasic(piece);
      if (malformed !== undefined) return malformed;
      const hash = hashOf(piece);
      if (seen.has(hash)) return "the same evidence twice";
      seen.add(hash);
      if (this.#committed.has(hash)) return "evidence that is committed already";
      if (this.#pending.has(hash)) continue;
      const verdict = verifyEvidence(this.#parts, state, piece);
      if (verdict === "early") return "evidence of a height that is not decided";
      if (verdict === "late") return "evidence that is too old";
      if (verdict !== "valid") return verdict.refused;
      this.#keep(withoutExtensions(piece));
    }
    return undefined;
  }

  /**
   * A block was applied: its evidence is decided, reports become evidence, old ones expire.
   * Resolves when what is decided is on the disk; rejects when that fails: the node must stop.
   */
  async update(state: ChainState, decided: readonly Evidence[]): Promise<void> {
    this.#state = state;
    const writes: Write[] = [];
    for (const evidence of decided) {
      const hash = hashOf(evidence);
      const height = evidenceHeight(evidence);
      this.#committed.set(hash, height);
      this.#pending.delete(hash);
      writes.push(
        { key: keyOf(committedPrefix, height, hash), value: new Uint8Array(0) },
        { key: keyOf(pendingPrefix, height, hash), value: undefined },
      );
      const bare = hashOf(withoutExtensions(evidence));
      if (bare === hash) continue;
      this.#settled.set(bare, height);
      this.#pending.delete(bare);
      writes.push(
        { key: keyOf(settledPrefix, height, bare), value: new Uint8Array(0) },
        { key: keyOf(pendingPrefix, height, bare), value: undefined },
      );
    }
    const before = this.#written;
    this.#takeReports();
    this.#expire();
    if (writes.length === 0) return;
    await before; // The piece itself may still be on its way to the disk.
    await this.#parts.db.batch(writes, { sync: true });
  }

  #takeReports(): void {
    const reports = this.#reports;
    this.#reports = [];
    for (const { a, b } of reports) {
      if (a.height > this.#state.lastBlockHeight) {
        this.reportConflictingVotes(a, b);
        continue;
      }
      const time = this.#timeOf(a.height);
      const validators = this.#validatorsOf(a.height);
      if (!time || !validators?.byAddress(a.validatorAddress)) continue;
      const found = duplicateVoteEvidence({ a, b, time, validators });
      this.#keep(withoutExtensions({ duplicateVoteEvidence: found }));
    }
  }

  #isKnown(hash: string): boolean {
    return this.#pending.has(hash) || this.#committed.has(hash) || this.#settled.has(hash);
  }

  #keep(evidence: Evidence): void {
    const hash = hashOf(evidence);
    if (!this.#isKnown(hash)) this.#addPending(hash, evidence);
  }

  /** The last block may not be in the stores yet while it is applied; the state knows it. */
  #timeOf(height: bigint) {
    const { lastBlockHeight, lastBlockTime } = this.#state;
    if (height === lastBlockHeight) return lastBlockTime;
    return this.#parts.blocks.loadBlockMeta(height)?.header.time;
  }

  #validatorsOf(height: bigint) {
    const { lastBlockHeight, lastValidators } = this.#state;
    return height === lastBlockHeight ? lastValidators : this.#parts.states.loadMembers(height);
  }

  #expire(): void {
    const { lastBlockHeight, consensusParams } = this.#state;
    const maxBlocks = consensusParams.evidence?.maxAgeNumBlocks;
    const old = (height: bigint) => {
      // Asked first, because it reads nothing: a liar makes a piece with every block.
      if (maxBlocks !== undefined && lastBlockHeight - height <= maxBlocks) return false;
      const time = this.#timeOf(height);
      return !time || isExpired(this.#state, { height, time });
    };
    for (const [hash, evidence] of this.#pending) {
      const height = evidenceHeight(evidence);
      if (!old(height)) continue;
      this.#pending.delete(hash);
      this.#write([{ key: keyOf(pendingPrefix, height, hash), value: undefined }]);
    }
    for (const [prefix, decided] of [
      [committedPrefix, this.#committed],
      [settledPrefix, this.#settled],
    ] as const) {
      for (const [hash, height] of decided) {
        if (!old(height)) continue;
        decided.delete(hash);
        this.#write([{ key: keyOf(prefix, height, hash), value: undefined }]);
      }
    }
  }

  #addPending(hash: string, evidence: Evidence): void {
    if (this.#pending.size >= pendingMax) return;
    this.#pending.set(hash, evidence);
    const height = evidenceHeight(evidence);
    this.#parts.log.info("evidence of misbehaviour", { height, hash });
    const value = Evidence.encode(evidence).finish();
    this.#write([{ key: keyOf(pendingPrefix, height, hash), value }]);
    this.#listener?.(evidence);
  }

  #byAge(): Evidence[] {
    return [...this.#pending]
      .sort(([hashA, a], [hashB, b]) => {
        const [heightA, heightB] = [evidenceHeight(a), evidenceHeight(b)];
        if (heightA !== heightB) return heightA < heightB ? -1 : 1;
        return hashA < hashB ? -1 : 1;
      })
      .map(([, evidence]) => evidence);
  }

  /** Writes in order. Pending evidence that a crash loses is reported or gossiped again. */
  #write(writes: readonly Write[]): void {
    this.#written = this.#written
      .then(() => this.#parts.db.batch(writes, { sync: false }))
      .catch((error: unknown) => {
        this.#parts.log.error("evidence not written", { error: String(error) });
      });
  }
}

const hashOf = (evidence: Evidence): string => toHex(evidenceHash(evidence));

function keyOf(prefix: number, height: bigint, hash: string): Uint8Array {
  return concat(Uint8Array.of(prefix), u64be(height), new Uint8Array(Buffer.from(hash, "hex")));
}
