/**
 * What reaches the engine from peers and from the node's own signer, and how the write-ahead log
 * remembers it.
 */
import type { BlockID, Part, Proposal, Vote } from "cosmjs-types/tendermint/types/types";
import { fromNanos } from "../../encoding/time.ts";
import { messageOf, readMessage } from "../gossip/messages.ts";
import type { TimeoutStep } from "../round.ts";
import type { VoteType } from "../votes.ts";
import type { WalRecord } from "../wal/records.ts";

/** A message that may change the round state. Well-formed; nothing else was checked. */
export type EngineInput =
  | { readonly type: "proposal"; readonly proposal: Proposal }
  | {
      readonly type: "blockPart";
      readonly height: bigint;
      readonly round: number;
      readonly part: Part;
    }
  | { readonly type: "vote"; readonly vote: Vote };

/** A peer's word that a block has +2/3 somewhere. Not logged: it proves nothing. */
export interface MajorityClaim {
  readonly height: bigint;
  readonly round: number;
  readonly voteType: VoteType;
  readonly blockId: BlockID;
}

/** A timer that fired. */
export interface FiredTimeout {
  readonly height: bigint;
  readonly round: number;
  readonly step: TimeoutStep;
  readonly delayMs: number;
}

/** RoundStepType of the wire; step 2 (new round) and the wait after precommits have no use here. */
const timeoutSteps: Readonly<Record<TimeoutStep, number>> = {
  newHeight: 1,
  propose: 3,
  prevote: 5,
  precommit: 7,
};

/** The record of an input; peer is "" for the node's own. */
export function inputRecord(input: EngineInput, peer: string): WalRecord {
  return { msgInfo: { msg: messageOf(input), peerId: peer } };
}

/** The record of a timer that fired. */
export function timeoutRecord({ height, round, step, delayMs }: FiredTimeout): WalRecord {
  const duration = fromNanos(BigInt(Math.round(delayMs)) * 1_000_000n);
  return { timeoutInfo: { duration, height, round, step: timeoutSteps[step] } };
}

/** What a record tells the engine again; undefined for records that only people read. */
export function readRecord(
  record: WalRecord,
):
  | { readonly input: EngineInput; readonly peer: string }
  | { readonly timeout: FiredTimeout }
  | undefined {
  const { msgInfo, timeoutInfo } = record;
  if (msgInfo?.msg) {
    const input = readMessage(msgInfo.msg);
    if ("refused" in input) return undefined;
    if (input.type !== "proposal" && input.type !== "blockPart" && input.type !== "vote") {
      return undefined;
    }
    return { input, peer: msgInfo.peerId };
  }
  if (!timeoutInfo) return undefined;
  const { height, round } = timeoutInfo;
  for (const step of ["newHeight", "propose", "prevote", "precommit"] as const) {
    if (timeoutSteps[step] === timeoutInfo.step) {
      return { timeout: { height, round, step, delayMs: 0 } };
    }
  }
  return undefined;
}

/** The end of the wait before round 0. */
export const startOf = (height: bigint): FiredTimeout => ({
  height,
  step: "newHeight",
  round: 0,
  delayMs: 0,
});
