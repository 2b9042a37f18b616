/**
 * A chain without consensus: blocks are built by the executor, signed by all validators and
 * applied, over the real block store, state store and mempool. For tests of everything that
 * stands on decided blocks.
 */
import type { Block } from "cosmjs-types/tendermint/types/block";
import type { BlockID, Commit, ExtendedCommit } from "cosmjs-types/tendermint/types/types";
import { BlockIDFlag } from "cosmjs-types/tendermint/types/validator";
import type { Application } from "../../src/abci/application.ts";
import { BlockStore } from "../../src/blockstore/block-store.ts";
import { ed25519PublicKey, ed25519Sign } from "../../src/crypto/ed25519.ts";
import { sha256 } from "../../src/crypto/hash.ts";
import { toHex, utf8 } from "../../src/encoding/bytes.ts";
import { addNanos, type Time } from "../../src/encoding/time.ts";
import { BlockExecutor } from "../../src/execution/block-executor.ts";
import { BlockFeed } from "../../src/execution/block-feed.ts";
import type { Db, EvidencePool } from "../../src/execution/expected.ts";
import { handshake } from "../../src/execution/handshake.ts";
import { StateStore } from "../../src/execution/state-store.ts";
import { defaultMempoolLimits, Mempool } from "../../src/mempool/mempool.ts";
import { encodeBlock } from "../../src/types/block.ts";
import type { ChainState } from "../../src/types/chain-state.ts";
import { absentCommitSig, emptyCommit, medianTime } from "../../src/types/commit.ts";
import { areExtensionsOn, defaultConsensusParams } from "../../src/types/consensus-params.ts";
import type { GenesisDoc } from "../../src/types/genesis/genesis.ts";
import { hashHeader } from "../../src/types/header.ts";
import { PartSet } from "../../src/types/part-set.ts";
import { newValidator } from "../../src/types/validators/validator.ts";
import { extensionSignBytes, precommitType, voteSignBytes } from "../../src/types/vote.ts";

export const chainId = "test-chain";
const second = 1_000_000_000n;

/** The seed of the n-th test validator's key. */
export const validatorSeed = (n: number): Uint8Array => sha256(utf8(`validator ${n}`));
export const validatorKey = (n: number): Uint8Array => ed25519PublicKey(validatorSeed(n));

/** Seeds by hex of the address, for every validator a test may use. */
const seeds = new Map(
  Array.from({ length: 8 }, (_, n) => {
    const { address } = newValidator({ type: "ed25519", key: validatorKey(n) }, 1n);
    return [toHex(address), validatorSeed(n)] as const;
  }),
);

/** A genesis document of that many validators of power 10. */
export function testGenesis(validatorCount: number, changes: Partial<GenesisDoc> = {}): GenesisDoc {
  const validators = Array.from({ length: validatorCount }, (_, n) => ({
    ...newValidator({ type: "ed25519", key: validatorKey(n) }, 10n),
    name: `validator-${n}`,
  }));
  return {
    genesisTime: { seconds: 1_700_000_000n, nanos: 0 },
    chainId,
    initialHeight: 1n,
    consensusParams: defaultConsensusParams(),
    validators,
    appHash: new Uint8Array(),
    appState: undefined,
    ...changes,
  };
}

export const silentLog = { debug() {}, info() {}, warn() {}, error() {} };

/** An evidence pool that holds nothing and accepts everything. */
export const noEvidence: EvidencePool = {
  pending: () => [],
  check: () => undefined,
  update: async () => undefined,
};

/** What a chain runs over; what a restart finds again. */
export interface ChainDisks {
  readonly blockDb: Db;
  readonly stateDb: Db;
}

/** The commit of a block by all of the set but those absent, each a second after the block. */
export function signCommit(
  state: ChainState,
  block: { readonly blockId: BlockID; readonly height: bigint; readonly time: Time },
  absent: readonly number[] = [],
): Commit {
  const { blockId, height } = block;
  const timestamp = addNanos(block.time, second);
  const signatures = state.validators.validators.map(({ address }, index) => {
    if (absent.includes(index)) return absentCommitSig();
    const vote = { type: precommitType, height, round: 0, blockId, timestamp };
    const signature = ed25519Sign(seeds.get(toHex(address))!, voteSignBytes(chainId, vote));
    return {
      blockIdFlag: BlockIDFlag.BLOCK_ID_FLAG_COMMIT,
      validatorAddress: address,
      timestamp,
      signature,
    };
  });
  return { height, round: 0, blockId, signatures };
}

/** The same commit with an extension of each precommit that names its height and validator. */
export function signExtensions(commit: Commit): ExtendedCommit {
  const { height, round, blockId } = commit;
  const extendedSignatures = commit.signatures.map((entry, index) => {
    const seed = seeds.get(toHex(entry.validatorAddress));
    if (!seed)
      return { ...entry, extension: new Uint8Array(), extensionSignature: new Uint8Array() };
    const extension = utf8(`${height} ${index}`);
    const bytes = extensionSignBytes(chainId, { extension, height, round });
    return { ...entry, extension, extensionSignature: ed25519Sign(seed, bytes) };
  });
  return { height, round, blockId, extendedSignatures };
}

export function blockIdOf(block: Block): { blockId: BlockID; parts: PartSet } {
  const parts = PartSet.fromBytes(encodeBlock(block));
  return { parts, blockId: { hash: hashHeader(block.header), partSetHeader: parts.header } };
}

/** One node's chain. */
export class TestChain {
  readonly blocks: BlockStore;
  readonly states: StateStore;
  readonly mempool: Mempool;
  readonly feed: BlockFeed;
  readonly executor: BlockExecutor;
  state: ChainState;
  lastCommit: Commit = emptyCommit();

  private constructor(parts: {
    blocks: BlockStore;
    states: StateStore;
    mempool: Mempool;
    state: ChainState;
    app: Application;
    evidence: EvidencePool;
    feed: BlockFeed;
  }) {
    this.feed = parts.feed;
    this.blocks = parts.blocks;
    this.states = parts.states;
    this.mempool = parts.mempool;
    this.state = parts.state;
    this.executor = new BlockExecutor({ ...parts, log: silentLog });
    const { lastBlockHeight } = parts.state;
    if (lastBlockHeight > 0n) this.lastCommit = this.blocks.loadSeenCommit(lastBlockHeight)!;
  }

  /** Opens the disks, runs the handshake and goes on from there. */
  static async open(
    app: Application,
    disks: ChainDisks,
    options: { genesis: GenesisDoc; evidence?: EvidencePool; feed?: BlockFeed },
  ): Promise<TestChain> {
    const { genesis, evidence = noEvidence, feed = new BlockFeed(silentLog) } = options;
    const blocks = new BlockStore(disks.blockDb);
    const states = new StateStore(disks.stateDb);
    const mempool = new Mempool(app, defaultMempoolLimits, silentLog);
    const parts = { app, blocks, states, mempool, evidence, feed };
    const version = "test";
    const state = await handshake({ ...parts, genesis, log: silentLog, version });
    return new TestChain({ ...parts, state });
  }

  /** The next block, proposed by the validator whose turn it is. */
  propose(): Block {
    const { state, lastCommit } = this;
    const isFirst = state.lastBlockHeight === 0n;
    const isExtended = areExtensionsOn(state.consensusParams, state.lastBlockHeight);
    return this.executor.createProposal({
      state,
      extendedCommit: isExtended && !isFirst ? signExtensions(lastCommit) : undefined,
      height: isFirst ? state.initialHeight : state.lastBlockHeight + 1n,
      lastCommit,
      proposerAddress: state.validators.proposer().address,
      time: isFirst ? state.lastBlockTime : medianTime(lastCommit, state.lastValidators),
    });
  }

  /** Signs a block and saves it, as consensus does before it applies it. */
  async save(block: Block, absent: readonly number[] = []): Promise<BlockID> {
    const { blockId, parts } = blockIdOf(block);
    const { height, time } = block.header;
    const commit = signCommit(this.state, { blockId, height, time }, absent);
    const isExtended = areExtensionsOn(this.state.consensusParams, height);
    await this.blocks.saveBlock(
      block,
      parts,
      commit,
      isExtended ? signExtensions(commit) : undefined,
    );
    this.lastCommit = commit;
    return blockId;
  }

  /** Puts these transactions into the mempool, then proposes, signs, saves and applies. */
  async advance(txs: readonly Uint8Array[] = [], absent: readonly number[] = []): Promise<Block> {
    for (const tx of txs) {
      const outcome = await this.mempool.checkTx(tx);
      if ("refused" in outcome || outcome.code !== 0) throw new Error(JSON.stringify(outcome));
    }
    const block = this.propose();
    const blockId = await this.save(block, absent);
    this.state = await this.executor.applyBlock(this.state, blockId, block);
    return block;
  }
}
