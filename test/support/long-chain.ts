/**
 * Makes the chain of a home that has never run without consensus: blocks of its only validator,
 * over the node's own stores, as fast as they execute. For tests of those who catch up with it.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { ed25519Sign } from "../../src/crypto/ed25519.ts";
import { addNanos } from "../../src/encoding/time.ts";
import type { PlannedNode } from "../../src/localnet/plan.ts";
import { openChain } from "../../src/node/chain.ts";
import { loadConfig } from "../../src/node/config.ts";
import { openDatabases } from "../../src/node/databases.ts";
import { homePaths } from "../../src/node/home.ts";
import { Logger } from "../../src/node/logger.ts";
import { encodeBlock } from "../../src/types/block.ts";
import { emptyCommit, medianTime } from "../../src/types/commit.ts";
import { parseGenesis } from "../../src/types/genesis/genesis.ts";
import { hashHeader } from "../../src/types/header.ts";
import { PartSet } from "../../src/types/part-set.ts";
import { precommitType, voteSignBytes } from "../../src/types/vote.ts";

const commitFlag = 2;
const blockNanos = 1_000_000n;
/** Blocks that reach the disk together. */
const blocksPerWrite = 50;

/** Blocks from 1 to `heights`; txsOf says what each holds. Returns the milliseconds it took. */
export async function makeLongChain(
  node: PlannedNode,
  heights: number,
  txsOf: (height: number) => readonly Uint8Array[],
): Promise<number> {
  const paths = homePaths(node.home);
  const genesis = parseGenesis(readFileSync(paths.genesis, "utf8"));
  const databases = await openDatabases(node.home);
  const config = loadConfig(node.home);
  const log = new Logger({ module: "chain", level: "error", format: "plain" });
  const chain = await openChain({ genesis, config, databases, log });
  const began = Date.now();
  databases.writes.hold();
  let state = chain.state();
  let commit = emptyCommit();
  for (let height = 1; height <= heights; height++) {
    const txs = txsOf(height);
    const outcomes = await Promise.all(txs.map((tx) => chain.mempool.checkTx(tx)));
    const refused = outcomes.find((each) => "refused" in each || each.code !== 0);
    if (refused) throw new Error(`block ${height}: ${JSON.stringify(refused)}`);
    const isFirst = height === 1;
    const block = chain.executor.createProposal({
      state,
      height: BigInt(height),
      lastCommit: commit,
      proposerAddress: state.validators.proposer().address,
      time: isFirst ? state.lastBlockTime : medianTime(commit, state.lastValidators),
    });
    if (block.data.txs.length !== txs.length) throw new Error(`block ${height} holds too little`);
    const parts = PartSet.fromBytes(encodeBlock(block));
    const blockId = { hash: hashHeader(block.header), partSetHeader: parts.header };
    const timestamp = addNanos(block.header.time, blockNanos);
    const vote = { type: precommitType, height: BigInt(height), round: 0, blockId, timestamp };
    const signature = ed25519Sign(node.validatorSeed, voteSignBytes(genesis.chainId, vote));
    const validatorAddress = state.validators.proposer().address;
    const signed = { blockIdFlag: commitFlag, validatorAddress, timestamp, signature };
    commit = { height: BigInt(height), round: 0, blockId, signatures: [signed] };
    await chain.blocks.saveBlock(block, parts, commit);
    state = await chain.executor.applyBlock(state, blockId, block);
    if (height % blocksPerWrite === 0) await databases.writes.settle();
  }
  const tookMs = Date.now() - began;
  await chain.app.snapshots?.settled();
  await databases.writes.release();
  await databases.close();
  // What consensus would have left: nothing up to here may be signed again.
  const signState = { height: String(heights), round: 0, step: 3 };
  writeFileSync(paths.privValidatorState, JSON.stringify(signState));
  return tookMs;
}
