/** Block headers: their hash, which is what validators sign, and their form. */
import { Timestamp } from "cosmjs-types/google/protobuf/timestamp";
import type { Header } from "cosmjs-types/tendermint/types/types";
import { Consensus } from "cosmjs-types/tendermint/version/types";
import { merkleRoot } from "../crypto/merkle.ts";
import { utf8 } from "../encoding/bytes.ts";
import { ProtoWriter } from "../encoding/proto-writer.ts";
import { isTime } from "../encoding/time.ts";
import { encodeBlockId, validateBlockIdBasic, validateHashSize } from "./block-id.ts";

/** CometBFT's BlockProtocol: Version.block of every header. */
export const blockProtocol = 11n;
/** Longest chain id, in bytes of UTF-8. */
export const maxChainIdBytes = 50;

const addressBytes = 20;

/**
 * The Merkle root over the 14 encoded fields (CometBFT Header.Hash). Empty when validatorsHash is
 * empty: such a header is unfinished.
 */
export function hashHeader(header: Header): Uint8Array {
  if (header.validatorsHash.length === 0) return new Uint8Array(0);
  return merkleRoot([
    Consensus.encode(header.version).finish(),
    new ProtoWriter().string(1, header.chainId).finish(),
    new ProtoWriter().int64(1, header.height).finish(),
    Timestamp.encode(header.time).finish(),
    encodeBlockId(header.lastBlockId),
    wrapBytes(header.lastCommitHash),
    wrapBytes(header.dataHash),
    wrapBytes(header.validatorsHash),
    wrapBytes(header.nextValidatorsHash),
    wrapBytes(header.consensusHash),
    wrapBytes(header.appHash),
    wrapBytes(header.lastResultsHash),
    wrapBytes(header.evidenceHash),
    wrapBytes(header.proposerAddress),
  ]);
}

/** google.protobuf.BytesValue: nothing at all when empty. */
function wrapBytes(value: Uint8Array): Uint8Array {
  return new ProtoWriter().bytes(1, value).finish();
}

/** Why a header is malformed, or undefined (Header.ValidateBasic). Knows no state. */
export function validateHeaderBasic(header: Header): string | undefined {
  if (header.version.block !== blockProtocol) {
    return `block protocol ${header.version.block} instead of ${blockProtocol}`;
  }
  if (utf8(header.chainId).length > maxChainIdBytes) return "chain id is too long";
  if (header.height <= 0n) return `height ${header.height} is not positive`;
  if (!isTime(header.time)) return "time is none";
  if (header.proposerAddress.length !== addressBytes) {
    return `proposer address has ${header.proposerAddress.length} bytes`;
  }
  return (
    validateBlockIdBasic(header.lastBlockId) ??
    validateHashSize("last commit hash", header.lastCommitHash) ??
    validateHashSize("data hash", header.dataHash) ??
    validateHashSize("evidence hash", header.evidenceHash) ??
    validateHashSize("validators hash", header.validatorsHash) ??
    validateHashSize("next validators hash", header.nextValidatorsHash) ??
    validateHashSize("consensus hash", header.consensusHash) ??
    validateHashSize("last results hash", header.lastResultsHash)
  );
}
