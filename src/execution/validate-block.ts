/**
 * Whether a block may follow a state: cometbft state/validation.go, rule by rule, in its order,
 * so that both refuse the same blocks. spec/execution.md, clauses V1 to V15.
 */
import type { Block } from "cosmjs-types/tendermint/types/block";
import { EvidenceList } from "cosmjs-types/tendermint/types/evidence";
import type { BlockID } from "cosmjs-types/tendermint/types/types";
import { equalBytes, toUpperHex } from "../encoding/bytes.ts";
import { compareTime, formatTime } from "../encoding/time.ts";
import { validateBlockBasic } from "../types/block.ts";
import { equalBlockId } from "../types/block-id.ts";
import type { ChainState } from "../types/chain-state.ts";
import { medianTime, verifyCommit } from "../types/commit.ts";
import { hashConsensusParams } from "../types/consensus-params.ts";
import { blockProtocol } from "./state-codec.ts";

const addressBytes = 20;

/** Why the block may not follow the state, or undefined. Evidence itself is not judged here. */
export function refuseBlock(state: ChainState, block: Block): string | undefined {
  return (
    validateBlockBasic(block) ??
    refuseIdentity(state, block) ??
    refuseHashes(state, block) ??
    refuseLastCommit(state, block) ??
    refuseProposer(state, block) ??
    refuseTime(state, block) ??
    refuseEvidenceSize(state, block)
  );
}

/** V2 to V5: version, chain, height and predecessor. */
function refuseIdentity(state: ChainState, { header }: Block): string | undefined {
  const { version } = header;
  if (version.block !== blockProtocol || version.app !== state.appVersion) {
    const expected = `${blockProtocol}/${state.appVersion}`;
    return `wrong Version: expected ${expected}, got ${version.block}/${version.app}`;
  }
  if (header.chainId !== state.chainId) {
    return `wrong ChainID: expected ${state.chainId}, got ${header.chainId}`;
  }
  const height = nextHeight(state);
  if (header.height !== height) return `wrong Height: expected ${height}, got ${header.height}`;
  if (!equalBlockId(header.lastBlockId, state.lastBlockId)) {
    const [expected, got] = [state.lastBlockId, header.lastBlockId].map(showBlockId);
    return `wrong LastBlockID: expected ${expected}, got ${got}`;
  }
  return undefined;
}

/** V6 to V10: what the header says of the state it stands on. */
function refuseHashes(state: ChainState, { header }: Block): string | undefined {
  const fields: readonly [name: string, expected: Uint8Array, got: Uint8Array][] = [
    ["AppHash", state.appHash, header.appHash],
    ["ConsensusHash", hashConsensusParams(state.consensusParams), header.consensusHash],
    ["LastResultsHash", state.lastResultsHash, header.lastResultsHash],
    ["ValidatorsHash", state.validators.hash(), header.validatorsHash],
    ["NextValidatorsHash", state.nextValidators.hash(), header.nextValidatorsHash],
  ];
  const wrong = fields.find(([, expected, got]) => !equalBytes(expected, got));
  if (!wrong) return undefined;
  const [name, expected, got] = wrong;
  return `wrong ${name}: expected ${toUpperHex(expected)}, got ${toUpperHex(got)}`;
}

/** V11: none at the initial height, then +2/3 of the previous set, every signature good. */
function refuseLastCommit(state: ChainState, { header, lastCommit }: Block): string | undefined {
  if (header.height === state.initialHeight) {
    if ((lastCommit?.signatures.length ?? 0) === 0) return undefined;
    return "initial block can't have LastCommit signatures";
  }
  if (!lastCommit) return "nil LastCommit";
  const { chainId, lastBlockId, lastValidators } = state;
  return verifyCommit(chainId, lastValidators, lastBlockId, header.height - 1n, lastCommit);
}

/** V12: any validator of the height. Which round it proposed in is not known here. */
function refuseProposer(state: ChainState, { header }: Block): string | undefined {
  const { proposerAddress } = header;
  if (proposerAddress.length !== addressBytes) {
    return `ProposerAddress of ${proposerAddress.length} bytes, expected ${addressBytes}`;
  }
  if (state.validators.byAddress(proposerAddress)) return undefined;
  return `ProposerAddress ${toUpperHex(proposerAddress)} is not a validator`;
}

/** V13, V14: BFT time. The genesis time first, then later than before and the commit's median. */
function refuseTime(state: ChainState, { header, lastCommit }: Block): string | undefined {
  const got = formatTime(header.time);
  const last = formatTime(state.lastBlockTime);
  if (header.height === state.initialHeight) {
    if (compareTime(header.time, state.lastBlockTime) === 0) return undefined;
    return `block time ${got} is not the genesis time ${last}`;
  }
  if (compareTime(header.time, state.lastBlockTime) <= 0) {
    return `block time ${got} is not after the last block time ${last}`;
  }
  if (!lastCommit) return "nil LastCommit";
  const median = medianTime(lastCommit, state.lastValidators);
  if (compareTime(header.time, median) === 0) return undefined;
  return `invalid block time: expected ${formatTime(median)}, got ${got}`;
}

/** V15: encoded evidence within params.evidence.max_bytes. */
function refuseEvidenceSize(state: ChainState, block: Block): string | undefined {
  const { evidence } = block.evidence;
  const got = BigInt(EvidenceList.encode({ evidence }).finish().length);
  const max = state.consensusParams.evidence?.maxBytes ?? 0n;
  return got > max ? `evidence of ${got} bytes, at most ${max} allowed` : undefined;
}

/** The height after a state: the chain may start above 1. */
export const nextHeight = (state: ChainState): bigint =>
  state.lastBlockHeight === 0n ? state.initialHeight : state.lastBlockHeight + 1n;

const showBlockId = (id: BlockID): string =>
  `${toUpperHex(id.hash)}:${id.partSetHeader.total}:${toUpperHex(id.partSetHeader.hash)}`;
