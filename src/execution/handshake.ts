/**
 * Brings application, state and block store to one height at start, whatever a crash left
 * (cometbft consensus/replay.go; spec/execution.md, clause H). Heights: a = application,
 * s = block store, t = state. Regular: a = s = t. A crash leaves t <= s and a <= s; one of a node
 * in consensus s <= t + 1 too.
 */
import type { ResponseFinalizeBlock } from "cosmjs-types/tendermint/abci/types";
import type { Application } from "../abci/application.ts";
import { sha256 } from "../crypto/hash.ts";
import { equalBytes, toUpperHex, utf8 } from "../encoding/bytes.ts";
import type { ChainState } from "../types/chain-state.ts";
import { updateConsensusParams } from "../types/consensus-params.ts";
import type { GenesisDoc } from "../types/genesis/genesis.ts";
import { genesisState } from "../types/genesis/genesis.ts";
import { ValidatorSet } from "../types/validator-set.ts";
import { publicKeyToProto } from "../types/validators/validator.ts";
import { finalizeBlockRequest } from "./abci-requests.ts";
import type { BlockApplication, ExecutorParts } from "./block-executor.ts";
import { BlockExecutor } from "./block-executor.ts";
import { fromValidatorUpdates } from "./next-state.ts";

/** Application, state and blocks contradict each other: the node must not start. */
export class HandshakeError extends Error {
  override readonly name = "HandshakeError";
}

/** What the handshake works with: the executor's parts over the whole application. */
export interface HandshakeParts extends Omit<ExecutorParts, "app"> {
  readonly app: Application;
  readonly genesis: GenesisDoc;
  /** Software version told to the application. */
  readonly version: string;
}

/** What the application said of itself. */
interface AppPoint {
  readonly height: bigint;
  readonly hash: Uint8Array;
}

/**
 * Info, InitChain on a new chain, then replay of what the application or the state lacks.
 * Returns the state to go on from. Throws HandshakeError when that is impossible.
 */
export async function handshake(parts: HandshakeParts): Promise<ChainState> {
  const { app, states, blocks, genesis, log } = parts;
  const info = app.info({
    version: parts.version,
    blockVersion: 11n,
    p2pVersion: 8n,
    abciVersion: "2.0.0",
  });
  let point: AppPoint = { height: info.lastBlockHeight, hash: info.lastBlockAppHash };
  let state = states.load() ?? genesisState(genesis);
  // Only before InitChain: its answer may name another, and the first block was made with that.
  if (point.height === 0n && state.lastBlockHeight === 0n) {
    state = { ...state, appVersion: info.appVersion };
  }
  log.info("handshake", {
    app: point.height,
    store: blocks.height(),
    state: state.lastBlockHeight,
  });
  if (point.height === 0n) [state, point] = await initChain(parts, state);
  if (isJustSynced(parts, state, point)) return checkAppHash(point.hash, state);
  refuseHeights(parts, { state, point });
  return replay(parts, state, point);
}

/** InitChain. Its answer makes the first state, unless the state has blocks already. */
async function initChain(
  { app, genesis, states }: HandshakeParts,
  state: ChainState,
): Promise<[ChainState, AppPoint]> {
  const set = genesisState(genesis).validators;
  const response = app.initChain({
    time: genesis.genesisTime,
    chainId: genesis.chainId,
    initialHeight: genesis.initialHeight,
    consensusParams: genesis.consensusParams,
    validators: set.validators.map(({ pubKey, power }) => ({
      pubKey: publicKeyToProto(pubKey),
      power,
    })),
    appStateBytes: utf8(JSON.stringify(genesis.appState ?? {})),
  });
  const point = { height: 0n, hash: response.appHash };
  if (state.lastBlockHeight > 0n) return [state, point];
  const chosen =
    response.validators.length > 0
      ? ValidatorSet.from(fromValidatorUpdates(response.validators))
      : set;
  if (chosen.size === 0) {
    throw new HandshakeError("no validators in genesis, and none after InitChain");
  }
  const params = response.consensusParams
    ? updateConsensusParams(state.consensusParams, response.consensusParams)
    : state.consensusParams;
  const first: ChainState = {
    ...state,
    appHash: response.appHash.length > 0 ? response.appHash : state.appHash,
    validators: chosen,
    nextValidators: chosen.incrementPriority(1),
    consensusParams: params,
    appVersion: response.consensusParams?.version?.app ?? state.appVersion,
    lastResultsHash: sha256(new Uint8Array()), // The Merkle root of no results (RFC 6962).
  };
  await states.save(first);
  return [first, { height: 0n, hash: first.appHash }];
}

/** After state sync there is the commit of the last height and no block yet: nothing to replay. */
function isJustSynced({ blocks }: HandshakeParts, state: ChainState, point: AppPoint): boolean {
  const { lastBlockHeight: height } = state;
  if (blocks.height() > 0n || height === 0n || point.height !== height) return false;
  return blocks.loadSeenCommit(height) !== undefined;
}

/** H3: the cases that no crash explains and no replay mends. */
function refuseHeights(
  { blocks }: HandshakeParts,
  { state, point }: { readonly state: ChainState; readonly point: AppPoint },
): void {
  const [a, s, t] = [point.height, blocks.height(), state.lastBlockHeight];
  const base = blocks.base();
  if (a > s) throw new HandshakeError(`application height ${a} is above block height ${s}`);
  if (s > 0n && (a === 0n ? state.initialHeight < base : a < base - 1n)) {
    throw new HandshakeError(`application height ${a} is too low: blocks start at ${base}`);
  }
  if (s < t) throw new HandshakeError(`state height ${t} is above block height ${s}`);
  const next = nextHeight(state);
  if (a > next) throw new HandshakeError(`application height ${a} is above ${next}`);
}

const nextHeight = ({ lastBlockHeight, initialHeight }: ChainState): bigint =>
  lastBlockHeight === 0n ? initialHeight : lastBlockHeight + 1n;

async function replay(
  parts: HandshakeParts,
  before: ChainState,
  point: AppPoint,
): Promise<ChainState> {
  const [a, s, t] = [point.height, parts.blocks.height(), before.lastBlockHeight];
  if (a < t) checkAppHash(await reexecute(parts, { after: a, to: t }), before);
  else if (a === t) checkAppHash(point.hash, before);
  let state = before;
  for (let height = nextHeight(before); height <= s; height++) {
    const app = height > a ? parts.app : answering(storedAnswer(parts, point));
    state = await applyStored({ ...parts, app }, state, height);
  }
  return state;
}

/**
 * Committed, but the state was not saved: its answer is on the disk, the application must not
 * execute the block twice.
 */
function storedAnswer({ states }: HandshakeParts, { height, hash }: AppPoint) {
  const stored = states.loadFinalizeBlock(height);
  if (!stored) throw new HandshakeError(`no FinalizeBlock answer stored for height ${height}`);
  if (equalBytes(stored.appHash, hash)) return stored;
  throw new HandshakeError(mismatch(`height ${height}`, stored.appHash, hash));
}

/** FinalizeBlock and Commit only: state and events of these heights exist already. */
async function reexecute(
  { app, blocks, states, genesis, log }: HandshakeParts,
  range: { readonly after: bigint; readonly to: bigint },
): Promise<Uint8Array> {
  let hash = new Uint8Array();
  const first = range.after === 0n ? genesis.initialHeight : range.after + 1n;
  for (let height = first; height <= range.to; height++) {
    const block = blocks.loadBlock(height);
    if (!block) throw new HandshakeError(`block ${height} is missing`);
    if (hash.length > 0 && !equalBytes(hash, block.header.appHash)) {
      throw new HandshakeError(mismatch(`block ${height}`, block.header.appHash, hash));
    }
    const isFirst = height === genesis.initialHeight;
    const lastSet = isFirst ? ValidatorSet.from([]) : states.loadMembers(height - 1n);
    if (!lastSet) throw new HandshakeError(`no validators stored for height ${height - 1n}`);
    log.info("replaying block", { height });
    await app.lookAhead?.(block.data.txs);
    hash = Uint8Array.from(app.finalizeBlock(finalizeBlockRequest(block, lastSet)).appHash);
    await app.commit();
  }
  return hash;
}

/** A block goes the whole way, so that the state and the listeners get it too. */
async function applyStored(
  parts: Omit<HandshakeParts, "app"> & { readonly app: BlockApplication },
  state: ChainState,
  height: bigint,
): Promise<ChainState> {
  const [block, blockId] = [parts.blocks.loadBlock(height), parts.blocks.loadBlockId(height)];
  if (!block || !blockId) throw new HandshakeError(`block ${height} is missing`);
  parts.log.info("replaying a block of which the state is missing", { height });
  return new BlockExecutor(parts).applyBlock(state, blockId, block);
}

/** An application that repeats a stored answer and commits nothing. */
function answering(stored: ResponseFinalizeBlock): BlockApplication {
  const refuse = (): never => {
    throw new HandshakeError("proposals are not replayed");
  };
  return {
    prepareProposal: refuse,
    processProposal: refuse,
    extendVote: refuse,
    verifyVoteExtension: refuse,
    finalizeBlock: () => stored,
    commit: async () => ({ retainHeight: 0n }),
  };
}

function checkAppHash(hash: Uint8Array, state: ChainState): ChainState {
  if (equalBytes(hash, state.appHash)) return state;
  const where = `the state after height ${state.lastBlockHeight}`;
  throw new HandshakeError(mismatch(where, state.appHash, hash));
}

const mismatch = (where: string, expected: Uint8Array, got: Uint8Array): string =>
  `app hash of ${where} is ${toUpperHex(expected)}, the application has ${toUpperHex(got)}`;
