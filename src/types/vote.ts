/** Votes and proposals: the exact bytes that validators sign (CometBFT types/canonical.go). */
import { Timestamp } from "cosmjs-types/google/protobuf/timestamp";
import type { BlockID, Proposal, Vote } from "cosmjs-types/tendermint/types/types";
import { concat, equalBytes } from "../encoding/bytes.ts";
import { ProtoWriter } from "../encoding/proto-writer.ts";
import { isTime } from "../encoding/time.ts";
import { uvarint } from "../encoding/varint.ts";
import {
  encodeBlockId,
  isCompleteBlockId,
  isNilBlockId,
  validateBlockIdBasic,
} from "./block-id.ts";
import { type PublicKey, publicKeyAddress, verifySignature } from "./validators/validator.ts";

/** SignedMsgType of the wire. */
export const prevoteType = 1;
export const precommitType = 2;
export const proposalType = 32;

/** Longest signature of a vote, proposal or extension. */
export const maxSignatureBytes = 64;

const addressBytes = 20;

/** What a validator signs for a vote: a length prefix and CanonicalVote. */
export function voteSignBytes(
  chainId: string,
  vote: Pick<Vote, "type" | "height" | "round" | "blockId" | "timestamp">,
): Uint8Array {
  const writer = new ProtoWriter()
    .int64(1, BigInt(vote.type))
    .sfixed64(2, vote.height)
    .sfixed64(3, BigInt(vote.round));
  return delimited(finishCanonical(writer, 4, vote, chainId));
}

/** What a proposer signs: a length prefix and CanonicalProposal. */
export function proposalSignBytes(chainId: string, proposal: Proposal): Uint8Array {
  const writer = new ProtoWriter()
    .uint(1, proposalType)
    .sfixed64(2, proposal.height)
    .sfixed64(3, BigInt(proposal.round))
    .int64(4, BigInt(proposal.polRound));
  return delimited(finishCanonical(writer, 5, proposal, chainId));
}

/** What a validator signs for a vote extension: a length prefix and CanonicalVoteExtension. */
export function extensionSignBytes(
  chainId: string,
  vote: Pick<Vote, "extension" | "height" | "round">,
): Uint8Array {
  const writer = new ProtoWriter()
    .bytes(1, vote.extension)
    .sfixed64(2, vote.height)
    .sfixed64(3, BigInt(vote.round))
    .string(4, chainId);
  return delimited(writer.finish());
}

/** Block id (left out when nil), time (always there) and chain id, from this field number on. */
function finishCanonical(
  writer: ProtoWriter,
  field: number,
  message: { blockId: BlockID; timestamp: Timestamp },
  chainId: string,
): Uint8Array {
  if (!isNilBlockId(message.blockId)) writer.message(field, encodeBlockId(message.blockId));
  return writer
    .message(field + 1, Timestamp.encode(message.timestamp).finish())
    .string(field + 2, chainId)
    .finish();
}

function delimited(message: Uint8Array): Uint8Array {
  return concat(uvarint(message.length), message);
}

/** Whether the vote is of this key's validator and correctly signed. Ignores extensions. */
export function verifyVote(chainId: string, vote: Vote, pubKey: PublicKey): boolean {
  if (!equalBytes(publicKeyAddress(pubKey), vote.validatorAddress)) return false;
  return verifySignature(pubKey, voteSignBytes(chainId, vote), vote.signature);
}

/** Whether the extension of a precommit for a block is correctly signed. */
export function verifyVoteExtension(chainId: string, vote: Vote, pubKey: PublicKey): boolean {
  return verifySignature(pubKey, extensionSignBytes(chainId, vote), vote.extensionSignature);
}

/** Whether the proposal is correctly signed by this key. */
export function verifyProposal(chainId: string, proposal: Proposal, pubKey: PublicKey): boolean {
  return verifySignature(pubKey, proposalSignBytes(chainId, proposal), proposal.signature);
}

/** Why a vote is malformed, or undefined (Vote.ValidateBasic). Knows no state. */
export function validateVoteBasic(vote: Vote): string | undefined {
  const type: number = vote.type;
  if (type !== prevoteType && type !== precommitType) return `vote type ${type}`;
  if (vote.height <= 0n) return `height ${vote.height} is not positive`;
  if (vote.round < 0) return `round ${vote.round} is negative`;
  const badId = validateBlockIdBasic(vote.blockId);
  if (badId !== undefined) return badId;
  const isNil = isNilBlockId(vote.blockId);
  if (!isNil && !isCompleteBlockId(vote.blockId)) return "block id is neither nil nor complete";
  if (!isTime(vote.timestamp)) return "time is none";
  if (vote.validatorAddress.length !== addressBytes) {
    return `validator address has ${vote.validatorAddress.length} bytes`;
  }
  if (vote.validatorIndex < 0) return `validator index ${vote.validatorIndex} is negative`;
  const problem = validateSignatureSize(vote.signature);
  if (problem !== undefined) return problem;
  return validateExtension(vote, type === precommitType && !isNil);
}

/** Only a precommit for a block may carry an extension, and then it must be signed. */
function validateExtension(vote: Vote, mayExtend: boolean): string | undefined {
  const { extension, extensionSignature } = vote;
  if (!mayExtend) {
    const isBare = extension.length === 0 && extensionSignature.length === 0;
    return isBare ? undefined : "unexpected vote extension";
  }
  if (extensionSignature.length > maxSignatureBytes) return "extension signature is too long";
  const isUnsigned = extension.length > 0 && extensionSignature.length === 0;
  return isUnsigned ? "vote extension is not signed" : undefined;
}

/** Why a proposal is malformed, or undefined (Proposal.ValidateBasic). Knows no state. */
export function validateProposalBasic(proposal: Proposal): string | undefined {
  const type: number = proposal.type;
  if (type !== proposalType) return `proposal type ${type}`;
  if (proposal.height < 0n) return `height ${proposal.height} is negative`;
  if (proposal.round < 0) return `round ${proposal.round} is negative`;
  if (proposal.polRound < -1) return `proof-of-lock round ${proposal.polRound}`;
  const problem = validateBlockIdBasic(proposal.blockId);
  if (problem !== undefined) return problem;
  if (!isCompleteBlockId(proposal.blockId)) return "block id is not complete";
  if (!isTime(proposal.timestamp)) return "time is none";
  return validateSignatureSize(proposal.signature);
}

function validateSignatureSize(signature: Uint8Array): string | undefined {
  if (signature.length === 0) return "signature is missing";
  return signature.length > maxSignatureBytes ? "signature is too long" : undefined;
}
