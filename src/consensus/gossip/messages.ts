/**
 * The messages of the consensus channels, CometBFT's wire format (consensus/msgs.go): from bytes
 * to checked values, and back. Reading is total: a value, or why there is none.
 */
import type {
  BlockID,
  Part,
  PartSetHeader,
  Proposal,
  Vote,
} from "cosmjs-types/tendermint/types/types";
import { zeroTime } from "../../encoding/time.ts";
import { decodeTotal } from "../../encoding/wire.ts";
import { Message } from "../../gen/tendermint/consensus/types.ts";
import type {
  BlockID as WireBlockId,
  Part as WirePart,
  Proposal as WireProposal,
  Vote as WireVote,
} from "../../gen/tendermint/types/types.ts";
import { BitArray } from "../../types/bit-array.ts";
import { validateBlockIdBasic, validateHashSize, zeroBlockId } from "../../types/block-id.ts";
import { validatePartBasic } from "../../types/part-set.ts";
import {
  precommitType,
  prevoteType,
  validateProposalBasic,
  validateVoteBasic,
} from "../../types/vote.ts";
import type { VoteType } from "../votes.ts";

/** Largest message of any consensus channel (CometBFT maxMsgSize). */
export const maxConsensusMessageBytes = 1_048_576;
/** Votes in one vote set (CometBFT MaxVotesCount). */
const maxVotesCount = 10_000;
/** Parts of the largest block (CometBFT MaxBlockPartsCount). */
const maxBlockParts = 1601;
/** Steps of the wire are 1 to 8 (RoundStepType). */
const maxStep = 8;

/** A checked message. */
export type ConsensusMessage =
  | {
      readonly type: "newRoundStep";
      readonly height: bigint;
      readonly round: number;
      readonly step: number;
      readonly secondsSinceStartTime: bigint;
      readonly lastCommitRound: number;
    }
  | {
      readonly type: "newValidBlock";
      readonly height: bigint;
      readonly round: number;
      readonly header: PartSetHeader;
      readonly parts: BitArray;
      readonly isCommit: boolean;
    }
  | { readonly type: "proposal"; readonly proposal: Proposal }
  | {
      readonly type: "proposalPol";
      readonly height: bigint;
      readonly polRound: number;
      readonly votes: BitArray;
    }
  | {
      readonly type: "blockPart";
      readonly height: bigint;
      readonly round: number;
      readonly part: Part;
    }
  | { readonly type: "vote"; readonly vote: Vote }
  | {
      readonly type: "hasVote";
      readonly height: bigint;
      readonly round: number;
      readonly voteType: VoteType;
      readonly index: number;
    }
  | {
      readonly type: "voteSetMaj23";
      readonly height: bigint;
      readonly round: number;
      readonly voteType: VoteType;
      readonly blockId: BlockID;
    }
  | {
      readonly type: "voteSetBits";
      readonly height: bigint;
      readonly round: number;
      readonly voteType: VoteType;
      readonly blockId: BlockID;
      readonly votes: BitArray;
    };

/** Why bytes are no acceptable message. */
export interface MessageRefusal {
  readonly refused: string;
}

/** The bytes of a message. */
export function encodeMessage(message: ConsensusMessage): Uint8Array {
  return Message.encode(messageOf(message)).finish();
}

/** The message of foreign bytes. */
export function decodeMessage(bytes: Uint8Array): ConsensusMessage | MessageRefusal {
  const wire = decodeTotal(Message, bytes, { maxBytes: maxConsensusMessageBytes });
  return wire ? readMessage(wire) : { refused: "not a consensus message" };
}

/** The wire form of a message. */
export function messageOf(m: ConsensusMessage): Message {
  switch (m.type) {
    case "newRoundStep":
      return { newRoundStep: m };
    case "newValidBlock": {
      const { height, round, header: blockPartSetHeader, isCommit } = m;
      const blockParts = m.parts.toProto();
      return { newValidBlock: { height, round, blockPartSetHeader, blockParts, isCommit } };
    }
    case "proposal":
      return { proposal: { proposal: m.proposal } };
    case "proposalPol": {
      const { height, polRound: proposalPolRound } = m;
      return { proposalPol: { height, proposalPolRound, proposalPol: m.votes.toProto() } };
    }
    case "blockPart":
      return { blockPart: m };
    case "vote":
      return { vote: { vote: m.vote } };
    case "hasVote":
      return { hasVote: { ...m, type: wireType(m.voteType) } };
    case "voteSetMaj23":
      return { voteSetMaj23: { ...m, type: wireType(m.voteType) } };
    case "voteSetBits":
      return { voteSetBits: { ...m, type: wireType(m.voteType), votes: m.votes.toProto() } };
  }
}

/** Checks a decoded message (ValidateBasic of consensus/msgs.go). */
export function readMessage(wire: Message): ConsensusMessage | MessageRefusal {
  const kinds = Object.values(wire).filter((value) => value !== undefined);
  if (kinds.length !== 1) return { refused: `message of ${kinds.length} kinds` };
  const message = readStateMessage(wire) ?? readDataMessage(wire) ?? readVoteMessage(wire);
  return message ?? { refused: "message lacks a field" };
}

type Read = ConsensusMessage | MessageRefusal | undefined;

function readStateMessage({ newRoundStep, newValidBlock }: Message): Read {
  if (newRoundStep) {
    const { height, round, step, lastCommitRound } = newRoundStep;
    if (height < 0n || round < 0) return { refused: "negative height or round" };
    if (step < 1 || step > maxStep) return { refused: `step ${step}` };
    if (lastCommitRound < -1) return { refused: `last commit round ${lastCommitRound}` };
    return { type: "newRoundStep", ...newRoundStep };
  }
  if (!newValidBlock) return undefined;
  const { height, round, blockPartSetHeader: header, blockParts, isCommit } = newValidBlock;
  if (height < 0n || round < 0) return { refused: "negative height or round" };
  if (!header || !blockParts) return undefined;
  const badHash = validateHashSize("part set hash", header.hash);
  if (badHash !== undefined) return { refused: badHash };
  const parts = BitArray.fromProto(blockParts, maxBlockParts);
  if (!parts || parts.size === 0 || parts.size !== header.total) {
    return { refused: `${blockParts.bits} bits for ${header.total} parts` };
  }
  return { type: "newValidBlock", height, round, header, parts, isCommit };
}

function readDataMessage({ proposal: offered, proposalPol, blockPart }: Message): Read {
  if (offered?.proposal) {
    const proposal = proposalFromWire(offered.proposal);
    const problem = validateProposalBasic(proposal);
    return problem === undefined ? { type: "proposal", proposal } : { refused: problem };
  }
  if (proposalPol) {
    const { height, proposalPolRound: polRound } = proposalPol;
    if (height < 0n || polRound < 0) return { refused: "negative height or round" };
    const votes = BitArray.fromProto(proposalPol.proposalPol ?? noBits, maxVotesCount);
    if (!votes || votes.size === 0) return { refused: "proof-of-lock bits" };
    return { type: "proposalPol", height, polRound, votes };
  }
  if (!blockPart?.part) return undefined;
  const { height, round } = blockPart;
  if (height < 0n || round < 0) return { refused: "negative height or round" };
  const part = partFromWire(blockPart.part);
  const problem = part ? validatePartBasic(part) : "part without proof";
  if (!part || problem !== undefined) return { refused: problem ?? "" };
  return { type: "blockPart", height, round, part };
}

function readVoteMessage({ vote: cast, hasVote, voteSetMaj23, voteSetBits }: Message): Read {
  if (cast?.vote) {
    const vote = voteFromWire(cast.vote);
    const problem = validateVoteBasic(vote);
    return problem === undefined ? { type: "vote", vote } : { refused: problem };
  }
  const about = hasVote ?? voteSetMaj23 ?? voteSetBits;
  if (!about) return undefined;
  const { height, round } = about;
  const voteType = voteTypeOf(about.type);
  if (height < 0n || round < 0) return { refused: "negative height or round" };
  if (!voteType) return { refused: `vote type ${about.type}` };
  if (hasVote) {
    const { index } = hasVote;
    if (index < 0) return { refused: `validator index ${index}` };
    return { type: "hasVote", height, round, voteType, index };
  }
  const blockId = blockIdFromWire((voteSetMaj23 ?? voteSetBits)?.blockId);
  const problem = validateBlockIdBasic(blockId);
  if (problem !== undefined) return { refused: problem };
  if (voteSetMaj23) return { type: "voteSetMaj23", height, round, voteType, blockId };
  const votes = BitArray.fromProto(voteSetBits?.votes ?? noBits, maxVotesCount);
  if (!votes) return { refused: "vote set bits" };
  return { type: "voteSetBits", height, round, voteType, blockId, votes };
}

const noBits = { bits: 0n, elems: [] };
const wireType = (type: VoteType): 1 | 2 => (type === "prevote" ? prevoteType : precommitType);

/** The vote type of the wire; undefined for anything else. */
export function voteTypeOf(type: number): VoteType | undefined {
  if (type === prevoteType) return "prevote";
  return type === precommitType ? "precommit" : undefined;
}

/** Absent embedded messages are zero values, as gogoproto reads them. */
function blockIdFromWire(id: WireBlockId | undefined): BlockID {
  const zero = zeroBlockId();
  return { hash: id?.hash ?? zero.hash, partSetHeader: id?.partSetHeader ?? zero.partSetHeader };
}

function voteFromWire(wire: WireVote): Vote {
  const { blockId, timestamp = { ...zeroTime } } = wire;
  return { ...wire, blockId: blockIdFromWire(blockId), timestamp };
}

function proposalFromWire(wire: WireProposal): Proposal {
  const { blockId, timestamp = { ...zeroTime } } = wire;
  return { ...wire, blockId: blockIdFromWire(blockId), timestamp };
}

function partFromWire({ index, bytes, proof }: WirePart): Part | undefined {
  return proof && { index, bytes, proof };
}
