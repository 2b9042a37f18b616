/** Bugs in gossip, block sync, evidence, execution, stores and mempool. */
import { change, type Mutant } from "./mutant.ts";

const sending = "src/consensus/gossip/sending.ts";
const reactor = "src/consensus/gossip/reactor.ts";
const pool = "src/evidence/pool.ts";
const verify = "src/evidence/verify.ts";
const blockSync = "src/blocksync/reactor.ts";
const handshake = "src/execution/handshake.ts";
const executor = "src/execution/block-executor.ts";
const nextState = "src/execution/next-state.ts";
const validateBlock = "src/execution/validate-block.ts";
const stateStore = "src/execution/state-store.ts";
const blockStore = "src/blockstore/block-store.ts";
const mempool = "src/mempool/mempool.ts";
const commit = "src/types/commit.ts";

const gossip: readonly Mutant[] = [
  {
    name: "what a peer may have lost is not sent again (G4)",
    patches: [change(reactor, "entry.state.forget();", "{}")],
  },
  {
    name: "old commits are not sent to who lags (G5)",
    patches: [change(sending, "else sendStoredCommit(view, entry, blocks);", "")],
  },
  {
    name: "old blocks are not sent to who lags (G5)",
    patches: [
      change(
        sending,
        "else if (state.height > 0n && state.height < view.height) sendStoredParts(entry, blocks);",
        "",
      ),
    ],
  },
  {
    name: "only one vote of an equivocator is passed on (G3)",
    patches: [change(sending, "for (const vote of set.extra) sendUntracked(entry, vote);", "")],
  },
];

const sync: readonly Mutant[] = [
  {
    name: "block sync takes blocks that nobody signed",
    patches: [
      change(blockSync, "if (unproven !== undefined) return { refused: unproven, senders };", ""),
    ],
  },
  {
    name: "block sync stores the wrong commit",
    patches: [
      change(
        blockSync,
        "await blocks.saveBlock(first.block, parts, commit, first.extendedCommit);",
        "await blocks.saveBlock(first.block, parts, first.block.lastCommit ?? commit);",
      ),
    ],
  },
  {
    name: "block sync never ends while a peer is ahead by one",
    patches: [
      change(
        blockSync,
        "if (pool.maxPeerHeight > pool.nextHeight ||",
        "if (pool.maxPeerHeight >= pool.nextHeight - 1n ||",
      ),
    ],
  },
];

const evidence: readonly Mutant[] = [
  {
    name: "committed evidence is not synced (V5)",
    patches: [
      change(
        pool,
        "await this.#parts.db.batch(writes, { sync: true });",
        "await this.#parts.db.batch(writes, { sync: false });",
      ),
    ],
  },
  {
    name: "committed evidence stays pending (V3)",
    patches: [
      change(pool, "      this.#pending.delete(hash);\n      writes.push(", "      writes.push("),
    ],
  },
  {
    name: "evidence may be committed again (V3)",
    patches: [
      change(
        pool,
        'if (this.#committed.has(hash)) return "evidence that is committed already";',
        "",
      ),
      change(
        pool,
        'if (this.#isKnown(hash)) return "valid";',
        'if (this.#pending.has(hash)) return "valid";',
      ),
    ],
  },
  {
    name: "evidence expires by blocks alone (V4)",
    patches: [
      change(
        verify,
        "ageBlocks > params.maxAgeNumBlocks && ageNanos >",
        "ageBlocks > params.maxAgeNumBlocks || ageNanos >",
      ),
    ],
  },
  {
    name: "evidence names the powers of another height (V1)",
    patches: [
      change(
        pool,
        "return height === lastBlockHeight ? lastValidators : this.#parts.states.loadMembers(height);",
        "return lastBlockHeight > 0n ? lastValidators : this.#parts.states.loadMembers(height);",
      ),
    ],
  },
];

const execution: readonly Mutant[] = [
  {
    name: "validator updates decide a height too early",
    patches: [
      change(
        nextState,
        "    validators: state.nextValidators,",
        "    validators: changedSet(state.nextValidators, changes),",
      ),
    ],
  },
  {
    name: "the set of a height is stored at the wrong one",
    patches: [
      change(
        nextState,
        "changes.length > 0 ? header.height + 2n",
        "changes.length > 0 ? header.height + 1n",
      ),
    ],
  },
  {
    name: "BFT time is not the median",
    patches: [change(commit, "let rest = total / 2n; // Floors.", "let rest = total;")],
  },
  {
    name: "the app hash of a header is not checked (V6)",
    patches: [change(validateBlock, '["AppHash", state.appHash, header.appHash],', "")],
  },
  {
    name: "the last commit of a block is not checked (V11)",
    patches: [
      change(
        validateBlock,
        "return verifyCommit(chainId, lastValidators, lastBlockId, header.height - 1n, lastCommit);",
        "return chainId && lastValidators && lastBlockId ? undefined : verifyCommit.name;",
      ),
    ],
  },
  {
    name: "a block is executed again after a crash",
    patches: [change(handshake, "height > a ? parts.app", "height > 0n ? parts.app")],
  },
  {
    name: "the answer of FinalizeBlock is not stored",
    patches: [
      change(executor, "await states.saveFinalizeBlock(block.header.height, finalized);", ""),
    ],
  },
  {
    name: "blocks are not synced",
    patches: [
      change(
        blockStore,
        "await this.#db.batch(writes, { sync: true });",
        "await this.#db.batch(writes, { sync: false });",
      ),
    ],
  },
  {
    name: "the state is not synced",
    patches: [
      change(
        stateStore,
        "paramsRecord(next, state.lastHeightConsensusParamsChanged, state.consensusParams),\n    );\n    await this.#db.batch(writes, { sync: true });",
        "paramsRecord(next, state.lastHeightConsensusParamsChanged, state.consensusParams),\n    );\n    await this.#db.batch(writes, { sync: false });",
      ),
    ],
  },
  {
    name: "decided transactions stay in the mempool",
    patches: [
      change(
        mempool,
        "      this.#drop(key);\n    });\n    this.#expire();\n    await this.#recheck();",
        "    });\n    this.#expire();",
      ),
    ],
  },
];

/** All of them. */
export const nodeMutants: readonly Mutant[] = [...gossip, ...sync, ...evidence, ...execution];
