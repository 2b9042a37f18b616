/** Reads evidence that a client sends as JSON: the inverse of evidenceJson, total. */
import type { Evidence } from "cosmjs-types/tendermint/types/evidence";
import { BlockID, Vote } from "cosmjs-types/tendermint/types/types";
import { parseBase64, parseHex } from "../../encoding/bytes.ts";
import { parseTime, type Time } from "../../encoding/time.ts";

type Fields = Readonly<Record<string, unknown>>;

/** The evidence, or what is wrong with the JSON. */
export function evidenceFromJson(input: unknown): Evidence | string {
  const { type, value } = fields(input) ?? {};
  if (type !== "tendermint/DuplicateVoteEvidence") {
    const got = typeof type === "string" ? type.slice(0, 80) : typeof type;
    return `evidence.type: expected "tendermint/DuplicateVoteEvidence", got ${got}`;
  }
  const parts = fields(value);
  if (!parts) return "evidence.value: expected an object";
  const voteA = vote(parts.vote_a);
  const voteB = vote(parts.vote_b);
  const totalVotingPower = integer(parts.TotalVotingPower);
  const validatorPower = integer(parts.ValidatorPower);
  const timestamp = time(parts.Timestamp);
  if (!voteA) return "evidence.value.vote_a: not a vote";
  if (!voteB) return "evidence.value.vote_b: not a vote";
  if (totalVotingPower === undefined) return "evidence.value.TotalVotingPower: not an int64 string";
  if (validatorPower === undefined) return "evidence.value.ValidatorPower: not an int64 string";
  if (!timestamp) return "evidence.value.Timestamp: not an RFC 3339 time";
  return {
    duplicateVoteEvidence: { voteA, voteB, totalVotingPower, validatorPower, timestamp },
  };
}

const fields = (value: unknown): Fields | undefined =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? (value as Fields)
    : undefined;

function vote(value: unknown): Vote | undefined {
  const f = fields(value);
  if (!f) return undefined;
  const height = integer(f.height);
  const timestamp = time(f.timestamp);
  const validatorAddress = hex(f.validator_address);
  const blockId = blockIdFrom(f.block_id);
  const [type, round, index] = [small(f.type), small(f.round), small(f.validator_index)];
  const signature = typeof f.signature === "string" ? parseBase64(f.signature) : undefined;
  if (type === undefined || round === undefined || index === undefined) return undefined;
  if (height === undefined || !timestamp || !validatorAddress || !blockId || !signature) {
    return undefined;
  }
  return Vote.fromPartial({
    type,
    height,
    round,
    blockId,
    timestamp,
    validatorAddress,
    validatorIndex: index,
    signature,
  });
}

function blockIdFrom(value: unknown): BlockID | undefined {
  const f = fields(value);
  const parts = fields(f?.parts);
  const hash = hex(f?.hash);
  const partsHash = hex(parts?.hash);
  const total = small(parts?.total);
  if (!hash || !partsHash || total === undefined) return undefined;
  return BlockID.fromPartial({ hash, partSetHeader: { total, hash: partsHash } });
}

const hex = (value: unknown): Uint8Array | undefined =>
  typeof value === "string" ? parseHex(value) : undefined;
const time = (value: unknown): Time | undefined =>
  typeof value === "string" ? parseTime(value) : undefined;
const small = (value: unknown): number | undefined =>
  typeof value === "number" && Number.isInteger(value) && value >= 0 && value < 2 ** 31
    ? value
    : undefined;

function integer(value: unknown): bigint | undefined {
  if (typeof value !== "string" || !/^-?\d{1,19}$/.test(value)) return undefined;
  const number = BigInt(value);
  return BigInt.asIntN(64, number) === number ? number : undefined;
}
