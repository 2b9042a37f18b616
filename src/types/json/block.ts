/**
 * Blocks and what is in them as CometBFT's JSON shows them (cometbft libs/json, types/block.go):
 * 64-bit integers as strings, hashes in upper-case hex, other bytes in base64 with nil as null.
 */
import type { Block } from "cosmjs-types/tendermint/types/block";
import type {
  DuplicateVoteEvidence,
  Evidence,
  LightClientAttackEvidence,
} from "cosmjs-types/tendermint/types/evidence";
import type {
  BlockID,
  Commit,
  CommitSig,
  Header,
  Proposal,
  Vote,
} from "cosmjs-types/tendermint/types/types";
import type { Validator as ProtoValidator } from "cosmjs-types/tendermint/types/validator";
import { toBase64, toUpperHex } from "../../encoding/bytes.ts";
import { formatTime } from "../../encoding/time.ts";

/** Base64; null for no bytes. */
export function base64OrNull(bytes: Uint8Array): string | null {
  return bytes.length === 0 ? null : toBase64(bytes);
}

export function blockIdJson(id: BlockID): object {
  const { total, hash } = id.partSetHeader;
  return { hash: toUpperHex(id.hash), parts: { total, hash: toUpperHex(hash) } };
}

/** A zero block id: what block_by_hash answers for an unknown hash. */
export const zeroBlockIdJson = { hash: "", parts: { total: 0, hash: "" } };

export function headerJson(h: Header): object {
  const app = h.version.app === 0n ? {} : { app: String(h.version.app) };
  return {
    version: { block: String(h.version.block), ...app },
    chain_id: h.chainId,
    height: String(h.height),
    time: formatTime(h.time),
    last_block_id: blockIdJson(h.lastBlockId),
    last_commit_hash: toUpperHex(h.lastCommitHash),
    data_hash: toUpperHex(h.dataHash),
    validators_hash: toUpperHex(h.validatorsHash),
    next_validators_hash: toUpperHex(h.nextValidatorsHash),
    consensus_hash: toUpperHex(h.consensusHash),
    app_hash: toUpperHex(h.appHash),
    last_results_hash: toUpperHex(h.lastResultsHash),
    evidence_hash: toUpperHex(h.evidenceHash),
    proposer_address: toUpperHex(h.proposerAddress),
  };
}

export function commitJson(commit: Commit): object {
  return {
    height: String(commit.height),
    round: commit.round,
    block_id: blockIdJson(commit.blockId),
    signatures: commit.signatures.map(commitSigJson),
  };
}

function commitSigJson(sig: CommitSig): object {
  return {
    block_id_flag: sig.blockIdFlag,
    validator_address: toUpperHex(sig.validatorAddress),
    timestamp: formatTime(sig.timestamp),
    signature: base64OrNull(sig.signature),
  };
}

/** The block; before the first block there is no last commit, and CometBFT shows an empty one. */
export function blockJson(block: Block): object {
  const none = { height: "0", round: 0, block_id: zeroBlockIdJson, signatures: [] };
  return {
    header: headerJson(block.header),
    data: { txs: block.data.txs.map(toBase64) },
    evidence: { evidence: block.evidence.evidence.map(evidenceJson) },
    last_commit: block.lastCommit ? commitJson(block.lastCommit) : none,
  };
}

/** A proposal; CometBFT's type has no name of its own for the member "Type". */
export function proposalJson(proposal: Proposal): object {
  return {
    Type: proposal.type,
    height: String(proposal.height),
    round: proposal.round,
    pol_round: proposal.polRound,
    block_id: blockIdJson(proposal.blockId),
    timestamp: formatTime(proposal.timestamp),
    signature: base64OrNull(proposal.signature),
  };
}

export function voteJson(vote: Vote): object {
  return {
    type: vote.type,
    height: String(vote.height),
    round: vote.round,
    block_id: blockIdJson(vote.blockId),
    timestamp: formatTime(vote.timestamp),
    validator_address: toUpperHex(vote.validatorAddress),
    validator_index: vote.validatorIndex,
    signature: base64OrNull(vote.signature),
    extension: base64OrNull(vote.extension),
    extension_signature: base64OrNull(vote.extensionSignature),
  };
}

export function evidenceJson(evidence: Evidence): object | null {
  if (evidence.duplicateVoteEvidence) {
    const value = duplicateVoteJson(evidence.duplicateVoteEvidence);
    return { type: "tendermint/DuplicateVoteEvidence", value };
  }
  if (evidence.lightClientAttackEvidence) {
    const value = lightClientAttackJson(evidence.lightClientAttackEvidence);
    return { type: "tendermint/LightClientAttackEvidence", value };
  }
  return null;
}

function duplicateVoteJson(e: DuplicateVoteEvidence): object {
  return {
    vote_a: e.voteA ? voteJson(e.voteA) : null,
    vote_b: e.voteB ? voteJson(e.voteB) : null,
    TotalVotingPower: String(e.totalVotingPower),
    ValidatorPower: String(e.validatorPower),
    Timestamp: formatTime(e.timestamp),
  };
}

function lightClientAttackJson(e: LightClientAttackEvidence): object {
  const block = e.conflictingBlock;
  const signed = block?.signedHeader;
  return {
    ConflictingBlock: block && {
      signed_header: signed && {
        header: signed.header ? headerJson(signed.header) : null,
        commit: signed.commit ? commitJson(signed.commit) : null,
      },
      validator_set: block.validatorSet && {
        validators: block.validatorSet.validators.map(protoValidatorJson),
        proposer: block.validatorSet.proposer
          ? protoValidatorJson(block.validatorSet.proposer)
          : null,
      },
    },
    CommonHeight: String(e.commonHeight),
    ByzantineValidators: e.byzantineValidators.map(protoValidatorJson),
    TotalVotingPower: String(e.totalVotingPower),
    Timestamp: formatTime(e.timestamp),
  };
}

function protoValidatorJson(v: ProtoValidator): object {
  const key = v.pubKey.ed25519
    ? { type: "ed25519" as const, key: v.pubKey.ed25519 }
    : { type: "secp256k1" as const, key: v.pubKey.secp256k1 ?? new Uint8Array() };
  return {
    address: toUpperHex(v.address),
    pub_key: pubKeyJson(key),
    voting_power: String(v.votingPower),
    proposer_priority: String(v.proposerPriority),
  };
}

/** {"type": "tendermint/PubKeyEd25519", "value": base64}. */
export function pubKeyJson(pubKey: {
  readonly type: "ed25519" | "secp256k1";
  readonly key: Uint8Array;
}): object {
  const name = pubKey.type === "ed25519" ? "PubKeyEd25519" : "PubKeySecp256k1";
  return { type: `tendermint/${name}`, value: toBase64(pubKey.key) };
}
