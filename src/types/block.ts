/** Blocks: what their header hashes, their encoding, and their form. */
import { Block } from "cosmjs-types/tendermint/types/block";
import type { Evidence } from "cosmjs-types/tendermint/types/evidence";
import { type Commit, CommitSig } from "cosmjs-types/tendermint/types/types";
import { merkleRoot } from "../crypto/merkle.ts";
import { equalBytes } from "../encoding/bytes.ts";
import { zeroTime } from "../encoding/time.ts";
import { decodeTotal } from "../encoding/wire.ts";
import { zeroBlockId } from "./block-id.ts";
import { validateCommitBasic } from "./commit.ts";
import { maxBlockSizeBytes } from "./consensus-params.ts";
import { hashEvidence, validateEvidenceBasic } from "./evidence.ts";
import { blockProtocol, validateHeaderBasic } from "./header.ts";
import { txHash } from "./tx.ts";

/** Largest encoded header. */
export const maxHeaderBytes = 626n;
/** Tags and lengths of a block's four fields. */
const maxOverheadBytes = 11n;
/** A commit without signatures, one signature, and the tag and length before it. */
const maxCommitOverheadBytes = 94n;
const maxCommitSigBytes = 109n;
const commitSigPrefixBytes = 2n;

/** The data hash of headers: the Merkle root over the transactions' hashes. */
export function hashData(txs: readonly Uint8Array[]): Uint8Array {
  return merkleRoot(txs.map(txHash));
}

/** The last commit hash of headers: the Merkle root over the entries. */
export function hashCommit(commit: Commit): Uint8Array {
  return merkleRoot(commit.signatures.map((entry) => CommitSig.encode(entry).finish()));
}

/**
 * A block with the three hashes of its contents filled in. The rest of the header is empty: it
 * comes from the state (execution/).
 */
export function makeBlock(content: {
  height: bigint;
  txs: readonly Uint8Array[];
  lastCommit: Commit;
  evidence: readonly Evidence[];
}): Block {
  const { height, txs, lastCommit, evidence } = content;
  const empty = new Uint8Array(0);
  return {
    header: {
      version: { block: blockProtocol, app: 0n },
      chainId: "",
      height,
      time: { ...zeroTime },
      lastBlockId: zeroBlockId(),
      lastCommitHash: hashCommit(lastCommit),
      dataHash: hashData(txs),
      validatorsHash: empty,
      nextValidatorsHash: empty,
      consensusHash: empty,
      appHash: empty,
      lastResultsHash: empty,
      evidenceHash: hashEvidence(evidence),
      proposerAddress: empty,
    },
    data: { txs: [...txs] },
    evidence: { evidence: [...evidence] },
    lastCommit,
  };
}

/** The canonical encoding: what is cut into parts and stored. */
export function encodeBlock(block: Block): Uint8Array {
  return Block.encode(block).finish();
}

/**
 * The block of foreign bytes; undefined when they are malformed, too many, or not the canonical
 * encoding of what they hold: one block has one encoding, so its part set hash is unique
 * (docs/adr/002). Never throws.
 */
export function decodeBlock(bytes: Uint8Array): Block | undefined {
  const block = decodeTotal(Block, bytes, { maxBytes: Number(maxBlockSizeBytes) });
  if (!block || !equalBytes(encodeBlock(block), bytes)) return undefined;
  return block;
}

/** Why a block is malformed in itself, or undefined (Block.ValidateBasic). Knows no state. */
export function validateBlockBasic(block: Block): string | undefined {
  const { header, data, evidence, lastCommit } = block;
  const badHeader = validateHeaderBasic(header);
  if (badHeader !== undefined) return `header: ${badHeader}`;
  if (!lastCommit) return "last commit is missing";
  const badCommit = validateCommitBasic(lastCommit);
  if (badCommit !== undefined) return `last commit: ${badCommit}`;
  if (!equalBytes(header.lastCommitHash, hashCommit(lastCommit))) return "wrong last commit hash";
  if (!equalBytes(header.dataHash, hashData(data.txs))) return "wrong data hash";
  for (const [index, each] of evidence.evidence.entries()) {
    const problem = validateEvidenceBasic(each);
    if (problem !== undefined) return `evidence ${index}: ${problem}`;
  }
  return equalBytes(header.evidenceHash, hashEvidence(evidence.evidence))
    ? undefined
    : "wrong evidence hash";
}

/** Largest encoded commit of so many validators. */
export function maxCommitBytes(validatorCount: number): bigint {
  const perSignature = maxCommitSigBytes + commitSigPrefixBytes;
  return maxCommitOverheadBytes + perSignature * BigInt(validatorCount);
}

/**
 * How many bytes of transactions fit a block of maxBytes (-1: the largest block) with this much
 * evidence and a commit of so many validators. Undefined when not even an empty block fits.
 */
export function maxDataBytes(limits: {
  maxBytes: bigint;
  evidenceBytes: bigint;
  validatorCount: number;
}): bigint | undefined {
  const maxBytes = limits.maxBytes === -1n ? maxBlockSizeBytes : limits.maxBytes;
  const fixed = maxOverheadBytes + maxHeaderBytes + maxCommitBytes(limits.validatorCount);
  const rest = maxBytes - fixed - limits.evidenceBytes;
  return rest >= 0n ? rest : undefined;
}
