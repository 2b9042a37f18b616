/** What the engine is made of; the composition root joins it. */
import type {
  BlockExecutor,
  BlockStore,
  Clock,
  EvidencePool,
  Logger,
  Signer,
} from "../expected.ts";
import type { IdlePolicy } from "../waiting/idle.ts";
import type { ConsensusTimeouts } from "../waiting/timeouts.ts";
import type { Wal } from "../wal/wal.ts";

/** What the engine works with. */
export interface EngineParts {
  readonly executor: BlockExecutor;
  readonly blocks: BlockStore;
  readonly evidence: Pick<EvidencePool, "reportConflictingVotes">;
  readonly clock: Clock;
  readonly log: Logger;
  readonly wal: Wal;
  /** Undefined: the node follows and never votes. */
  readonly signer: Signer | undefined;
  readonly timeouts: ConsensusTimeouts;
  /** Undefined: a block at every interval, empty or not. */
  readonly idle?: IdlePolicy | undefined;
  /** Disk, application or consensus failed; the engine stands still. The node must stop. */
  readonly fatal: (error: unknown) => void;
}
