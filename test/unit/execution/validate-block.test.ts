/**
 * Which blocks may follow a state. Restates cometbft v0.38.25 state/validation_test.go:
 * ValidateBlockHeader (field by field), ValidateBlockCommit, ValidateBlockEvidence.
 */

import type { Block } from "cosmjs-types/tendermint/types/block";
import type { Commit, Header } from "cosmjs-types/tendermint/types/types";
import t from "tap";
import { utf8 } from "../../../src/encoding/bytes.ts";
import { addNanos } from "../../../src/encoding/time.ts";
import { MemoryDb } from "../../../src/store/memory-db.ts";
import { hashCommit } from "../../../src/types/block.ts";
import { emptyDisk, KvStoreApp } from "../../support/kvstore.ts";
import { signCommit, TestChain, testGenesis } from "../../support/test-chain.ts";

const hash = new Uint8Array(32).fill(7);

async function chainAt(height: number, changes: Parameters<typeof testGenesis>[1] = {}) {
  const disks = { blockDb: new MemoryDb(), stateDb: new MemoryDb() };
  const genesis = testGenesis(4, changes);
  const chain = await TestChain.open(new KvStoreApp(emptyDisk()), disks, { genesis });
  for (let i = 0; i < height; i++) await chain.advance([utf8(`k${i}=v`)]);
  return chain;
}

const withHeader = (block: Block, change: Partial<Header>): Block => ({
  ...block,
  header: { ...block.header, ...change },
});

/** With another last commit and the header that goes with it. */
const withCommit = (block: Block, lastCommit: Commit): Block => ({
  ...withHeader(block, { lastCommitHash: hashCommit(lastCommit) }),
  lastCommit,
});

t.test("the header is compared with the state field by field [ValidateBlockHeader]", async (t) => {
  const chain = await chainAt(3);
  const block = chain.propose();
  const { header } = block;
  const cases: readonly [name: string, change: Partial<Header>, refusal: RegExp][] = [
    ["Version.block", { version: { ...header.version, block: 12n } }, /block protocol 12/],
    ["Version.app", { version: { ...header.version, app: 2n } }, /wrong Version/],
    ["ChainID", { chainId: "not-the-real-one" }, /wrong ChainID/],
    ["Height + 10", { height: header.height + 10n }, /wrong Height|height/],
    ["Time earlier", { time: addNanos(header.time, -1n) }, /invalid block time/],
    ["Time later", { time: addNanos(header.time, 1n) }, /invalid block time/],
    ["Time that is none", { time: { seconds: 1n << 60n, nanos: 0 } }, /time/],
    ["Time of 2 s in nanos", { time: { ...header.time, nanos: 2_000_000_000 } }, /time/],
    ["Time not after the last", { time: chain.state.lastBlockTime }, /not after/],
    [
      "LastBlockID",
      { lastBlockId: { ...header.lastBlockId, partSetHeader: { total: 10, hash } } },
      /wrong LastBlockID/,
    ],
    ["LastCommitHash", { lastCommitHash: hash }, /last commit/i],
    ["DataHash", { dataHash: hash }, /data/i],
    ["EvidenceHash", { evidenceHash: hash }, /evidence/i],
    ["ValidatorsHash", { validatorsHash: hash }, /wrong ValidatorsHash/],
    ["NextValidatorsHash", { nextValidatorsHash: hash }, /wrong NextValidatorsHash/],
    ["ConsensusHash", { consensusHash: hash }, /wrong ConsensusHash/],
    ["AppHash", { appHash: hash }, /wrong AppHash/],
    ["LastResultsHash", { lastResultsHash: hash }, /wrong LastResultsHash/],
    ["Proposer a stranger", { proposerAddress: new Uint8Array(20).fill(1) }, /not a validator/],
    ["Proposer of wrong size", { proposerAddress: utf8("wrong size") }, /proposer/i],
  ];
  t.equal(chain.executor.validateBlock(chain.state, block), undefined, "unchanged, it is valid");
  for (const [name, change, refusal] of cases) {
    t.match(chain.executor.validateBlock(chain.state, withHeader(block, change)), refusal, name);
  }
});

t.test("the initial block has the genesis time and no signatures", async (t) => {
  const chain = await chainAt(0, { initialHeight: 5n });
  const block = chain.propose();
  const refusalOf = (changed: Block) => chain.executor.validateBlock(chain.state, changed);
  t.equal(block.header.height, 5n);
  t.equal(refusalOf(block), undefined);
  const later = addNanos(block.header.time, 1n);
  t.match(refusalOf(withHeader(block, { time: later })), /not the genesis time/);
  t.match(refusalOf(withHeader(block, { height: 1n })), /wrong Height: expected 5/);
  const next = await chain.advance().then(() => chain.propose());
  const signed = withCommit(block, next.lastCommit!);
  t.match(refusalOf(signed), /wrong Height/, "the chain has moved on");
  const fresh = await chainAt(0, { initialHeight: 5n });
  t.match(
    fresh.executor.validateBlock(fresh.state, signed),
    /initial block can't have LastCommit signatures/,
  );
});

t.test(
  "the last commit must be +2/3 of the last set, whole and good [ValidateBlockCommit]",
  async (t) => {
    const chain = await chainAt(2);
    const block = chain.propose();
    const commit = block.lastCommit!;
    const previous = {
      blockId: commit.blockId,
      height: commit.height,
      time: chain.state.lastBlockTime,
    };
    const refusalOf = (changed: Commit) =>
      chain.executor.validateBlock(chain.state, withCommit(block, changed));
    const entries = commit.signatures;
    const garbled = entries.map((entry, index) =>
      index === 3 ? { ...entry, signature: new Uint8Array(64).fill(1) } : entry,
    );
    const swapped = [entries[1]!, entries[0]!, ...entries.slice(2)];
    const nil = { ...entries[3]!, blockIdFlag: 3 };
    t.equal(refusalOf(signCommit(chain.state, previous, [3])), undefined, "3 of 4 are enough");
    t.ok(refusalOf(signCommit(chain.state, previous, [2, 3])), "2 of 4 are not");
    t.ok(refusalOf({ ...commit, signatures: garbled }), "a bad signature beyond +2/3");
    t.ok(refusalOf({ ...commit, signatures: [...entries.slice(0, 3), nil] }), "a forged nil vote");
    t.ok(refusalOf({ ...commit, signatures: swapped }), "signatures in another order");
    t.ok(refusalOf({ ...commit, signatures: entries.slice(0, 3) }), "too few entries");
    t.ok(refusalOf({ ...commit, signatures: [...entries, entries[0]!] }), "too many entries");
    t.ok(refusalOf({ ...commit, height: commit.height - 1n }), "of another height");
    t.ok(refusalOf({ ...commit, round: commit.round + 1 }), "signed in another round");
  },
);

t.test(
  "evidence has its limit in bytes, and the pool its say [ValidateBlockEvidence]",
  async (t) => {
    const chain = await chainAt(1);
    const params = chain.state.consensusParams;
    const block = chain.propose();
    const tight = { ...params, evidence: { ...params.evidence!, maxBytes: -1n } };
    t.match(
      chain.executor.validateBlock({ ...chain.state, consensusParams: tight }, block),
      /evidence of 0 bytes, at most -1/,
    );
    const disks = { blockDb: new MemoryDb(), stateDb: new MemoryDb() };
    const evidence = { pending: () => [], check: () => "not true", update: async () => undefined };
    const app = new KvStoreApp(emptyDisk());
    const genesis = testGenesis(1);
    const doubting = await TestChain.open(app, disks, { genesis, evidence });
    t.equal(doubting.executor.validateBlock(doubting.state, doubting.propose()), "not true");
  },
);
