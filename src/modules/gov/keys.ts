/** Every key of the gov store, as cosmos-sdk x/gov 0.50 has them; those from 0xf0 on are ours. */
import { concat, lengthPrefixed, u64be, utf8 } from "../../encoding/bytes.ts";
import type { Time } from "../../encoding/time.ts";

/** Proposal id to Proposal. */
export const proposalPrefix = Uint8Array.of(0x00);
const votingQueuePrefix = Uint8Array.of(0x01);
const depositQueuePrefix = Uint8Array.of(0x02);
/** The next proposal id. */
export const nextIdKey = Uint8Array.of(0x03);
/** Proposal id and depositor to Deposit. */
export const depositPrefix = Uint8Array.of(0x10);
/** Proposal id and voter to Vote. */
export const votePrefix = Uint8Array.of(0x20);
/** Active parameters. */
export const paramsKey = Uint8Array.of(0x30);
/** A text that only governance changes. */
export const constitutionKey = Uint8Array.of(0x31);
/** Parameters that the next epoch starts with. */
export const scheduledParamsKey = Uint8Array.of(0xf0);
/** Proposal id and message index to the hash of the parameters that the message replaces. */
export const guardPrefix = Uint8Array.of(0xf1);

export const proposalKey = (id: bigint): Uint8Array => concat(proposalPrefix, u64be(id));
export const depositsPrefix = (id: bigint): Uint8Array => concat(depositPrefix, u64be(id));
export const depositKey = (id: bigint, depositor: Uint8Array): Uint8Array =>
  concat(depositsPrefix(id), lengthPrefixed(depositor));
export const votesPrefix = (id: bigint): Uint8Array => concat(votePrefix, u64be(id));
export const voteKey = (id: bigint, voter: Uint8Array): Uint8Array =>
  concat(votesPrefix(id), lengthPrefixed(voter));
export const guardsPrefix = (id: bigint): Uint8Array => concat(guardPrefix, u64be(id));
export const guardKey = (id: bigint, index: number): Uint8Array =>
  concat(guardsPrefix(id), u64be(BigInt(index)));

/** Which of the two clocks of a proposal. */
export type Queue = "deposit" | "voting";

const queuePrefix = (queue: Queue): Uint8Array =>
  queue === "deposit" ? depositQueuePrefix : votingQueuePrefix;
/** End of the period and proposal id to the id. */
export const queueKey = (queue: Queue, end: Time, id: bigint): Uint8Array =>
  concat(queuePrefix(queue), sortableTime(end), u64be(id));
/** All entries that ended at or before this time. */
export const endedRange = (queue: Queue, now: Time): { start: Uint8Array; end: Uint8Array } => {
  const last = concat(queuePrefix(queue), sortableTime(now), u64be((1n << 64n) - 1n));
  return { start: queuePrefix(queue), end: concat(last, Uint8Array.of(0)) };
};

/** "2006-01-02T15:04:05.000000000": as text, in the order of time. */
function sortableTime({ seconds, nanos }: Time): Uint8Array {
  const whole = new Date(Number(seconds) * 1000).toISOString().slice(0, 19);
  return utf8(`${whole}.${String(nanos).padStart(9, "0")}`);
}
