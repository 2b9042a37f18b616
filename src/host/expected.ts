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

/** A Sprint but for the host: what weights and target depend on. */
export type SprintNetwork = Omit<SprintId, "hostKey">;

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

/** Hears of a search; after onError nothing more comes. */
export interface MiningListener {
  onBatch(batch: MiningBatch): void;
  onError(error: Error): void;
}

/** A search under way. */
export interface Mining {
  /** Stops as soon as possible; resolves when the last batch has been delivered. */
  stop(): Promise<void>;
}

/** A nonce of somebody, to recompute. */
export interface LeafQuestion {
  readonly hostKey: Uint8Array;
  readonly nonce: bigint;
  /** Threshold of the tier that its host committed to. */
  readonly c: number;
}

/** One nonce recomputed for a verdict. */
export interface Recomputed {
  readonly nonce: bigint;
  readonly digest: Uint8Array;
  readonly isHit: boolean;
  /** The attestation tag of this verifier (spec/sprint.md, clause 9). */
  readonly tag: Uint8Array;
}

/** Leaves of any hosts to recompute: they share the weights, and so a batch. */
export interface RecomputeJob {
  readonly network: SprintNetwork;
  readonly verifierKey: Uint8Array;
  readonly leaves: readonly LeafQuestion[];
  /**
   * Who computes. The reference is the plainest code there is, on weights expanded anew: neither a
   * faulty backend nor a flipped bit in memory accuses anybody.
   */
  readonly by: "fastest" | "reference";
}

/** Computes nonces without blocking the agent. */
export interface SprintEngine {
  /** Nonces that one batch carries at full speed. */
  readonly batch: number;
  /** Beacon 1 is known: expands the weights ahead of the window. Failing is not an error yet. */
  prepare(network: Omit<SprintNetwork, "beacon2">): void;
  /** Searches; every hit has been computed twice. Errors end the search and reach onError. */
  mine(job: MiningJob, listener: MiningListener): Mining;
  /** In the order of the leaves. */
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
