/**
 * Blocks from proposal to state. Restates the scenarios of cometbft v0.38.25
 * state/execution_test.go and state/state_test.go; names in brackets are its test names.
 */

import type {
  RequestExtendVote,
  RequestFinalizeBlock,
  RequestPrepareProposal,
  RequestVerifyVoteExtension,
} from "cosmjs-types/tendermint/abci/types";
import type { Evidence } from "cosmjs-types/tendermint/types/evidence";
import { Vote } from "cosmjs-types/tendermint/types/types";
import t from "tap";
import { fromUtf8, utf8 } from "../../../src/encoding/bytes.ts";
import { ApplicationError, nextState } from "../../../src/execution/next-state.ts";
import { MemoryDb } from "../../../src/store/memory-db.ts";
import { defaultConsensusParams } from "../../../src/types/consensus-params.ts";
import { duplicateVoteEvidence } from "../../../src/types/evidence.ts";
import { precommitType } from "../../../src/types/vote.ts";
import { emptyDisk, KvStoreApp, validatorTx } from "../../support/kvstore.ts";
import { blockIdOf, TestChain, testGenesis, validatorKey } from "../../support/test-chain.ts";

class RecordingApp extends KvStoreApp {
  readonly finalized: RequestFinalizeBlock[] = [];
  override finalizeBlock(request: RequestFinalizeBlock) {
    this.finalized.push(request);
    return super.finalizeBlock(request);
  }
}

/** Records what it is told of vote extensions, and accepts those that name their height. */
class ExtendingApp extends RecordingApp {
  readonly proposals: RequestPrepareProposal[] = [];
  readonly extended: RequestExtendVote[] = [];
  override prepareProposal(request: RequestPrepareProposal) {
    this.proposals.push(request);
    return super.prepareProposal(request);
  }
  override extendVote = (request: RequestExtendVote) => {
    this.extended.push(request);
    return { voteExtension: utf8(String(request.height)) };
  };
  override verifyVoteExtension = (request: RequestVerifyVoteExtension) => ({
    status: [1, 2, 0][request.voteExtension[0] ?? 0] ?? 0,
  });
}

const disks = () => ({ blockDb: new MemoryDb(), stateDb: new MemoryDb() });

async function chainOf(validators: number, app = new RecordingApp(emptyDisk())) {
  const chain = await TestChain.open(app, disks(), { genesis: testGenesis(validators) });
  return { app, chain };
}

t.test(
  "PrepareProposal sees the extensions [LocalLastCommit_BuildExtendedCommitInfo]",
  async (t) => {
    const app = new ExtendingApp(emptyDisk());
    const consensusParams = {
      ...defaultConsensusParams(),
      abci: { voteExtensionsEnableHeight: 2n },
    };
    const genesis = testGenesis(4, { consensusParams });
    const chain = await TestChain.open(app, disks(), { genesis });
    await chain.advance();
    await chain.advance([], [2]);
    await chain.advance();
    const told = app.proposals.map(({ localLastCommit }) =>
      localLastCommit.votes.map(({ blockIdFlag, voteExtension, extensionSignature }) =>
        [blockIdFlag, fromUtf8(voteExtension), extensionSignature.length].join("/"),
      ),
    );
    t.same(told, [[], Array(4).fill("2//0"), ["2/2 0/64", "2/2 1/64", "1//0", "2/2 3/64"]]);
    t.same(
      app.proposals[2]?.localLastCommit.votes.map((vote) => vote.validator),
      chain.state.lastValidators.validators.map(({ address, power }) => ({ address, power })),
    );
  },
);

t.test("ExtendVote is told the block, VerifyVoteExtension the vote", async (t) => {
  const app = new ExtendingApp(emptyDisk());
  const { chain } = await chainOf(3, app);
  await chain.advance();
  const block = chain.propose();
  t.same(chain.executor.extendVote(chain.state, block), utf8("2"));
  const [asked] = app.extended;
  const { blockId } = blockIdOf(block);
  t.same(asked?.hash, blockId.hash);
  t.same([asked?.height, asked?.time], [2n, block.header.time]);
  t.same(asked?.txs, block.data.txs);
  t.same(asked?.nextValidatorsHash, block.header.nextValidatorsHash);
  t.same(asked?.proposerAddress, block.header.proposerAddress);
  t.equal(asked?.proposedLastCommit.votes.length, 3);
  const vote = (first: number) => ({
    ...Vote.fromPartial({ type: 2, height: 2n, extension: Uint8Array.of(first) }),
    blockId,
  });
  t.ok(chain.executor.acceptsExtension(vote(0)));
  t.notOk(chain.executor.acceptsExtension(vote(1)));
  t.throws(() => chain.executor.acceptsExtension(vote(2)), ApplicationError, "status 0");
});

t.test("a block executes, commits, and shows in the next header", async (t) => {
  const { app, chain } = await chainOf(4);
  const heard: string[] = [];
  chain.feed.onBlock(({ block, finalize }) =>
    heard.push(`${block.header.height}: ${finalize.txResults.length} results`),
  );
  const first = await chain.advance([utf8("a=1"), utf8("b:2")]);
  t.same(first.data.txs, [utf8("a=1"), utf8("b=2")], "PrepareProposal rewrote b:2");
  const second = await chain.advance();
  t.same(second.header.appHash, Uint8Array.of(4, 0, 0, 0, 0, 0, 0, 0));
  t.same(second.header.lastBlockId, blockIdOf(first).blockId);
  t.same(heard, ["1: 2 results", "2: 1 results"], "b:2 was decided as b=2, so it waited on");
  t.same(
    app.calls.filter((call) => /finalize|commit/.test(call)),
    ["finalizeBlock 1", "commit 1", "finalizeBlock 2", "commit 2"],
  );
  t.equal(chain.states.loadFinalizeBlock(1n)?.txResults.length, 2);
  t.equal(chain.states.load()?.lastBlockHeight, 2n);
});

t.test(
  "FinalizeBlock sees who signed the last commit [FinalizeBlockDecidedLastCommit]",
  async (t) => {
    const { app, chain } = await chainOf(7);
    await chain.advance();
    await chain.advance([], [1, 6]);
    await chain.advance();
    const flags = app.finalized.map((request) =>
      request.decidedLastCommit.votes.map((vote) => vote.blockIdFlag),
    );
    t.same(flags, [[], [2, 2, 2, 2, 2, 2, 2], [2, 1, 2, 2, 2, 2, 1]]);
    t.same(
      app.finalized[2]?.decidedLastCommit.votes.map((vote) => vote.validator),
      chain.state.validators.validators.map(({ address, power }) => ({ address, power })),
    );
  },
);

t.test(
  "FinalizeBlock sees misbehaviour, the kvstore punishes it [FinalizeBlockMisbehavior]",
  async (t) => {
    const app = new RecordingApp(emptyDisk());
    const evidence: Evidence[] = [];
    const decided: number[] = [];
    const pool = {
      pending: () => [...evidence],
      check: () => undefined,
      update: async (_: unknown, list: readonly unknown[]) => {
        decided.push(list.length);
        evidence.length = 0;
      },
    };
    const genesis = testGenesis(4);
    const chain = await TestChain.open(app, disks(), { genesis, evidence: pool });
    const first = await chain.advance();
    const offender = chain.state.lastValidators.at(2)!;
    const vote = (fill: number) => ({
      type: precommitType,
      height: 1n,
      round: 0,
      blockId: {
        hash: new Uint8Array(32).fill(fill),
        partSetHeader: { total: 1, hash: new Uint8Array(32).fill(fill) },
      },
      timestamp: first.header.time,
      validatorAddress: offender.address,
      validatorIndex: 2,
      signature: new Uint8Array(64).fill(fill),
      extension: new Uint8Array(),
      extensionSignature: new Uint8Array(),
    });
    const found = { a: vote(1), b: vote(2), time: first.header.time };
    const validators = chain.state.lastValidators;
    evidence.push({ duplicateVoteEvidence: duplicateVoteEvidence({ ...found, validators }) });
    await chain.advance();
    t.same(app.finalized[1]?.misbehavior, [
      {
        type: 1,
        validator: { address: offender.address, power: 10n },
        height: 1n,
        time: first.header.time,
        totalVotingPower: 40n,
      },
    ]);
    t.same(decided, [0, 1]);
    t.equal(chain.state.nextValidators.byAddress(offender.address)?.validator.power, 9n);
  },
);

t.test("a validator update of height h decides from h + 2 on [UpdateValidators]", async (t) => {
  const { chain } = await chainOf(2);
  await chain.advance([validatorTx(validatorKey(5), 30n)]);
  t.equal(chain.state.validators.size, 2);
  t.equal(chain.state.nextValidators.size, 3);
  t.equal(chain.state.lastHeightValidatorsChanged, 3n);
  await chain.advance([validatorTx(validatorKey(0), 0n)]);
  t.equal(chain.state.validators.totalPower, 50n);
  t.equal(chain.states.loadValidators(3n)?.totalPower, 50n);
  await chain.advance();
  t.same([chain.state.validators.size, chain.state.lastValidators.size], [2, 3]);
  const block = await chain.advance();
  t.equal(block.lastCommit?.signatures.length, 3);
});

t.test(
  "updates the application may not give stop the chain [ValidateValidatorUpdates]",
  async (t) => {
    const { chain } = await chainOf(2);
    const block = chain.propose();
    const { blockId } = blockIdOf(block);
    const { header } = block;
    const ed25519 = validatorKey(5);
    const secp256k1 = new Uint8Array(33).fill(2);
    const all = [0, 1].map((n) => ({ pubKey: { ed25519: validatorKey(n) }, power: 0n }));
    const answer = (validatorUpdates: { pubKey: object; power: bigint }[]) => () =>
      nextState(
        chain.state,
        { header, blockId },
        { events: [], txResults: [], validatorUpdates, appHash: new Uint8Array() },
      );
    const refused: [string, { pubKey: object; power: bigint }[]][] = [
      ["negative power", [{ pubKey: { ed25519 }, power: -100n }]],
      ["no key", [{ pubKey: {}, power: 1n }]],
      ["short key", [{ pubKey: { ed25519: ed25519.slice(1) }, power: 1n }]],
      ["key type not in the parameters", [{ pubKey: { secp256k1 }, power: 1n }]],
      ["removal of a stranger", [{ pubKey: { ed25519 }, power: 0n }]],
      ["one key twice", [1n, 2n].map((power) => ({ pubKey: { ed25519 }, power }))],
      ["an empty set [ValidatorUpdatesResultingInEmptySet]", all],
      ["too much power", [{ pubKey: { ed25519 }, power: (1n << 60n) + 1n }]],
    ];
    for (const [name, updates] of refused) t.throws(answer(updates), ApplicationError, name);
    t.equal(answer([{ pubKey: { ed25519 }, power: 1n }])().nextValidators.size, 3);
    t.equal(answer([{ pubKey: { ed25519: validatorKey(0) }, power: 0n }])().nextValidators.size, 1);
  },
);

t.test("parameters of height h hold from h + 1 on, bad ones stop the chain", async (t) => {
  const { chain } = await chainOf(1);
  const block = chain.propose();
  const rest = { events: [], txResults: [], validatorUpdates: [], appHash: new Uint8Array() };
  const place = { header: block.header, blockId: blockIdOf(block).blockId };
  const changed = nextState(chain.state, place, {
    ...rest,
    consensusParamUpdates: { block: { maxBytes: 2_000_000n, maxGas: 7n }, version: { app: 9n } },
  });
  t.same(changed.consensusParams.block, { maxBytes: 2_000_000n, maxGas: 7n });
  t.same(changed.consensusParams.evidence, chain.state.consensusParams.evidence);
  t.same([changed.appVersion, changed.lastHeightConsensusParamsChanged], [9n, 2n]);
  const bad = { ...rest, consensusParamUpdates: { block: { maxBytes: 0n, maxGas: 7n } } };
  t.throws(() => nextState(chain.state, place, bad), ApplicationError);
});

t.test("a proposal of too many bytes is the application's fault [ErrorOnTooManyTxs]", async (t) => {
  const { chain, app } = await chainOf(1);
  const consensusParams = {
    ...defaultConsensusParams(),
    block: { maxBytes: 1500n, maxGas: -1n },
  };
  chain.state = { ...chain.state, consensusParams };
  let room = 0n;
  app.prepareProposal = ({ maxTxBytes }) => {
    room = maxTxBytes;
    return { txs: [new Uint8Array(Number(maxTxBytes) - 2)] }; // Tag and two bytes of length.
  };
  t.throws(() => chain.propose(), ApplicationError, "[CountSerializationOverhead]");
  t.equal(room, 1500n - 11n - 626n - (94n + 111n), "max bytes - overhead - header - commit");
  app.prepareProposal = ({ maxTxBytes }) => ({ txs: [new Uint8Array(Number(maxTxBytes) - 3)] });
  t.equal(chain.propose().data.txs.length, 1);
});

t.test("PrepareProposal may reorder what the mempool gave [ReorderTxs]", async (t) => {
  const { chain, app } = await chainOf(1);
  const txs = ["a=1", "b=2", "c=3"].map(utf8);
  for (const tx of txs) await chain.mempool.checkTx(tx);
  app.prepareProposal = (request) => {
    t.same(request.txs, txs, "[TxsAllIncluded]");
    return { txs: request.txs.toReversed() };
  };
  t.same(chain.propose().data.txs, txs.toReversed());
});

t.test("an answer that misses a result stops the chain before Commit", async (t) => {
  const { chain, app } = await chainOf(1);
  const finalize = app.finalizeBlock.bind(app);
  app.finalizeBlock = (request) => ({ ...finalize(request), txResults: [] });
  await t.rejects(chain.advance([utf8("a=1")]), ApplicationError);
  t.notMatch(app.calls, ["commit 1"]);
  t.equal(chain.states.load()?.lastBlockHeight, 0n);
});

t.test("ProcessProposal's answer is the verdict; UNKNOWN stops the node", async (t) => {
  const { chain, app } = await chainOf(1);
  const block = chain.propose();
  t.equal(chain.executor.processProposal(chain.state, block), true);
  app.processProposal = () => ({ status: 2 });
  t.equal(chain.executor.processProposal(chain.state, block), false);
  app.processProposal = () => ({ status: 0 });
  t.throws(() => chain.executor.processProposal(chain.state, block), ApplicationError);
});

t.test("no transaction is checked while Commit runs", async (t) => {
  const { chain, app } = await chainOf(1);
  const order: string[] = [];
  const commit = app.commit.bind(app);
  app.commit = async () => {
    void chain.mempool.checkTx(utf8("late=1")).then(() => order.push("checked"));
    await new Promise((resolve) => setImmediate(resolve));
    order.push("committed");
    return commit();
  };
  await chain.advance();
  await new Promise((resolve) => setImmediate(resolve));
  t.same(order, ["committed", "checked"]);
  t.equal(chain.mempool.size, 1);
});

t.test("blocks below the retain height go, once evidence cannot need them", async (t) => {
  const after8Blocks = async (seconds: bigint) => {
    const app = new RecordingApp(emptyDisk(), 2n);
    const consensusParams = defaultConsensusParams();
    const maxAgeDuration = { seconds, nanos: 0 };
    const evidence = { ...consensusParams.evidence, maxAgeNumBlocks: 4n, maxAgeDuration };
    const genesis = testGenesis(1, { consensusParams: { ...consensusParams, evidence } });
    const chain = await TestChain.open(app, disks(), { genesis });
    for (let height = 1n; height <= 8n; height++) await chain.advance();
    return chain;
  };
  const chain = await after8Blocks(1n);
  t.same([chain.blocks.base(), chain.blocks.height()], [4n, 8n]);
  t.equal((await after8Blocks(5n)).blocks.base(), 3n, "five seconds count, six do not");
  t.equal((await after8Blocks(3600n)).blocks.base(), 1n, "old in blocks, but not in time");
  t.equal(chain.states.loadFinalizeBlock(3n), undefined);
  t.ok(chain.states.loadValidators(4n));
  t.ok(chain.states.loadConsensusParams(4n));
});

t.test(
  "who begins to prune a long chain deletes a little after each block, told before",
  async (t) => {
    const consensusParams = defaultConsensusParams();
    const maxAgeDuration = { seconds: 1n, nanos: 0 };
    const evidence = { ...consensusParams.evidence, maxAgeNumBlocks: 4n, maxAgeDuration };
    const genesis = testGenesis(1, { consensusParams: { ...consensusParams, evidence } });
    const [kept, disk] = [disks(), emptyDisk()];
    const long = await TestChain.open(new KvStoreApp(disk), kept, { genesis });
    for (let height = 1n; height <= 450n; height++) await long.advance();
    const chain = await TestChain.open(new KvStoreApp(disk, 2n), kept, { genesis });
    const told: string[] = [];
    chain.feed.onPrune(async ({ from, to }) => {
      const isThere = chain.blocks.loadBlock(from) && chain.states.loadFinalizeBlock(to - 1n);
      told.push(`${from} to ${to}${isThere ? "" : ", gone already"}`);
    });
    for (let height = 451n; height <= 454n; height++) await chain.advance();
    t.same(told, ["1 to 201", "201 to 401", "401 to 449", "449 to 450"]);
    t.equal(chain.blocks.base(), 450n);
    chain.feed.onPrune(() => Promise.reject(new Error("the index is broken")));
    await t.rejects(chain.advance(), /the index is broken/);
  },
);

t.test("a decided block that is invalid stops the node", async (t) => {
  const { chain } = await chainOf(1);
  const block = chain.propose();
  const forged = { ...block, header: { ...block.header, appHash: Uint8Array.of(1) } };
  const { blockId } = blockIdOf(forged);
  await t.rejects(chain.executor.applyBlock(chain.state, blockId, forged), /wrong AppHash/);
});
