/**
 * One height back: application and chain state, so that the last block is executed again at the
 * next start (cometbft state/rollback.go). The block stays, and so does the signer's state: a
 * validator cannot be made to sign twice. spec/node.md, "Rollback".
 */
import { SnapshotShelf } from "../../abci/snapshots/snapshot-shelf.ts";
import { BlockStore } from "../../blockstore/block-store.ts";
import { StateStore } from "../../execution/state-store.ts";
import { lastVersion, RollbackRefused, rollBack } from "../../store/rollback.ts";
import type { ChainState } from "../../types/chain-state.ts";
import { type Databases, openDatabases } from "../databases.ts";

export interface RolledBack {
  readonly height: bigint;
  readonly appHash: Uint8Array;
}

/** The node must not be running. Throws RollbackRefused; then nothing has changed. */
export async function rollBackNode(home: string): Promise<RolledBack> {
  const databases = await openDatabases(home);
  try {
    return await rollBackDatabases(databases);
  } finally {
    await databases.close();
  }
}

async function rollBackDatabases(databases: Databases): Promise<RolledBack> {
  const states = new StateStore(databases.state);
  const blocks = new BlockStore(databases.blocks);
  const state = states.load();
  if (!state || state.lastBlockHeight === 0n) throw new RollbackRefused("there is no block yet");
  const app = lastVersion(databases.app);
  const height = state.lastBlockHeight;
  // A crash between Commit and the state: the application alone is ahead.
  if (app === height + 1n) {
    await rollBackApp(databases);
    return { height, appHash: state.appHash };
  }
  if (app !== height) {
    throw new RollbackRefused(`application at ${app}, state at ${height}: start the node once`);
  }
  if (blocks.height() !== height) {
    throw new RollbackRefused(`block ${blocks.height()} is still to be executed: start the node`);
  }
  const before = stateBefore(state, states, blocks);
  await rollBackApp(databases);
  await states.save(before);
  return { height: before.lastBlockHeight, appHash: before.appHash };
}

/** Snapshots of heights that are undone may hold what the rollback is to get rid of. */
async function rollBackApp({ app }: Databases): Promise<void> {
  const version = await rollBack(app);
  const shelf = await SnapshotShelf.open(app);
  for (const { height } of shelf.list()) if (height > version) await shelf.remove(height);
}

/** The state before the last block, from what the stores keep of it. */
function stateBefore(state: ChainState, states: StateStore, blocks: BlockStore): ChainState {
  const height = state.lastBlockHeight - 1n;
  const last = blocks.loadBlockMeta(state.lastBlockHeight);
  const before = blocks.loadBlockMeta(height);
  const lastValidators = states.loadValidators(height);
  const consensusParams = states.loadConsensusParams(height + 1n);
  if (!last || !before || !lastValidators || !consensusParams) {
    throw new RollbackRefused(`block ${height} or what belongs to it is pruned`);
  }
  const atMost = (changed: bigint, most: bigint): bigint => (changed > most ? most : changed);
  return {
    ...state,
    appVersion: consensusParams.version?.app ?? state.appVersion,
    lastBlockHeight: height,
    lastBlockId: before.blockId,
    lastBlockTime: before.header.time,
    nextValidators: state.validators,
    validators: state.lastValidators,
    lastValidators,
    lastHeightValidatorsChanged: atMost(state.lastHeightValidatorsChanged, height + 2n),
    consensusParams,
    lastHeightConsensusParamsChanged: atMost(state.lastHeightConsensusParamsChanged, height + 1n),
    lastResultsHash: last.header.lastResultsHash,
    appHash: last.header.appHash,
  };
}
