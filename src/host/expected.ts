/**
 * What the host agent needs from outside: a chain that it reaches as a client, somebody who
 * computes, and a place for log lines. run-host.ts joins them; tests put stand-ins here.
 */
import type { Params } from "../gen/gonka/pow/v1/params.ts";
import type {
  Assignment,
  Attestation,
  Commitment,
  Epoch,
  Host,
  Opening,
  Participant,
} from "../gen/gonka/pow/v1/types.ts";
import type { Hit } from "../sprint/hits.ts";
import type { SprintId } from "../sprint/seeds.ts";

/** A message for a transaction: type URL and the decoded message. */
export interface OutgoingMsg {
  readonly typeUrl: string;
  readonly value: object;
}

/** A transaction to sign and send. */
export interface OutgoingTx {
  readonly msg: OutgoingMsg;
  readonly gasLimit: number;
  /** Last height that may include it. */
  readonly timeoutHeight: bigint;
}

/** The running epoch as of a height: the last block that the node has executed. */
export interface ChainView {
  readonly height: bigint;
  readonly epoch: Epoch;
}

/** The chain, over its public interfaces. Every call throws when the node cannot be reached. */
export interface Chain {
  /** undefined before the first block. */
  view(): Promise<ChainView | undefined>;
  params(): Promise<Params>;
  /** undefined when there is no such host. */
  host(operator: string): Promise<Host | undefined>;
  participants(epoch: bigint): Promise<readonly Participant[]>;
  commitments(epoch: bigint): Promise<readonly Commitment[]>;
  /** undefined when that host has not opened. */
  opening(epoch: bigint, operator: string): Promise<Opening | undefined>;
  assignments(epoch: bigint): Promise<readonly Assignment[]>;
  attestations(epoch: bigint): Promise<readonly Attestation[]>;
  /** Signs and sends; the transaction's hash. Throws TxRefusal when the node does not take it. */
  send(tx: OutgoingTx): Promise<string>;
  /** How a sent transaction ended; undefined while it is in no block. Code 0 is success. */
  outcome(hash: string): Promise<{ readonly code: number; readonly log: string } | undefined>;
}

/** The node refused a transaction: CheckTx, with its codespace and code. */
export class TxRefusal extends Error {
  readonly codespace: string;
  readonly code: number;
  constructor(codespace: string, code: number, log: string) {
    super(`${codespace} ${code}: ${log}`);
    this.name = "TxRefusal";
    this.codespace = codespace;
    this.code = code;
  }
}

/** A stretch of nonces to search. */
export interface MiningJob {
  readonly sprint: SprintId;
  /** Threshold of the tier. */
  readonly c: number;
  readonly from: bigint;
  /** First nonce that is not searched. */
  readonly end: bigint;
}

/** What mining found since the last batch: every nonce below `next` has been searched. */
export interface MiningBatch {
  readonly next: bigint;
  readonly hits: readonly Hit[];
}

/** A search under way. */
export interface Mining {
  /** Stops after the present nonce; resolves when the last batch has been delivered. */
  stop(): Promise<void>;
}

/** One nonce recomputed for a verdict. */
export interface Recomputed {
  readonly nonce: bigint;
  readonly digest: Uint8Array;
  readonly isHit: boolean;
  /** The attestation tag of this verifier (spec/sprint.md, clause 9). */
  readonly tag: Uint8Array;
}

/** Leaves of one host to recompute. */
export interface RecomputeJob {
  readonly sprint: SprintId;
  readonly c: number;
  readonly verifierKey: Uint8Array;
  readonly nonces: readonly bigint[];
  /** fresh: weights expanded anew, so that a flipped bit in memory accuses nobody. */
  readonly weights: "kept" | "fresh";
}

/** Computes nonces without blocking the agent. */
export interface SprintEngine {
  /** Searches; every hit has been computed twice. Errors end the search and reach onError. */
  mine(
    job: MiningJob,
    listener: { onBatch(batch: MiningBatch): void; onError(error: Error): void },
  ): Mining;
  /** In the order of the nonces. */
  recompute(job: RecomputeJob): Promise<readonly Recomputed[]>;
  close(): Promise<void>;
}

/** Fields of a log line; bigint and bytes are written as decimal and hex strings. */
export type LogFields = Readonly<Record<string, unknown>>;

/** Where events go. Levels as in syslog. */
export interface Log {
  info(event: string, fields?: LogFields): void;
  warn(event: string, fields?: LogFields): void;
  error(event: string, fields?: LogFields): void;
}
