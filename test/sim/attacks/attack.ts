/**
 * An attack schedules messages by what they say: it holds or loses votes and proposals of chosen
 * rounds, which chance alone hardly ever does. The network is the adversary of the paper; a
 * Byzantine validator is a node whose messages are changed when they leave it.
 */
import type { ConsensusMessage } from "../../../src/consensus/gossip/messages.ts";
import type { ValidatorKey } from "../../../src/privval/key-file.ts";
import type { PartSet } from "../../../src/types/part-set.ts";
import type { ValidatorSet } from "../../../src/types/validator-set.ts";

/** A message on its way between two machines; keys are numbers of validators. */
export interface Sent {
  readonly from: string;
  readonly fromKey: number;
  readonly to: string;
  readonly toKey: number;
  readonly channel: number;
  readonly bytes: Uint8Array;
  /** Undefined on channels that carry nothing signed. */
  readonly message: ConsensusMessage | undefined;
}

/** The one validator that need not be correct. */
export interface Liar {
  readonly key: ValidatorKey;
  readonly number: number;
}

/** What an attack sees and can do besides. */
export interface Stage {
  readonly chainId: string;
  readonly nowMs: () => number;
  readonly random: () => number;
  /** The set of a height with the priorities of round 0, when somebody is there. */
  readonly validatorsAt: (height: bigint) => ValidatorSet | undefined;
  readonly keyOf: (address: Uint8Array) => number;
  /** The complete block that a validator's machine has under this part set hash. */
  readonly blockOf: (key: number, partsHash: Uint8Array) => PartSet | undefined;
  /** What this validator's application would say with a precommit; undefined where none may. */
  readonly extensionOf: (height: bigint, address: Uint8Array) => Uint8Array | undefined;
  /** Cuts the power of the machines of these validators after a while, for a while. */
  readonly crash: (keys: readonly number[], afterMs: number, downMs: number) => void;
}

/** Asked for every message. */
export interface Attack {
  /** In words, for the log of a seed. */
  readonly plan: string;
  /** The validator that is not correct, if one is not; it goes on when the faults have ended. */
  readonly faulty: number | undefined;
  /** How long the message is held; Infinity loses it. */
  holdMs(sent: Sent): number;
  /** What is sent in its place, when something else is. */
  replaced(sent: Sent): readonly Uint8Array[] | undefined;
}
