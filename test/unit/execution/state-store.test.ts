/**
 * The history of states. Restates cometbft v0.38.25 state/state_test.go
 * (StoreLoadValidatorsIncrementsProposerPriority, ManyValidatorChangesSaveLoad,
 * ConsensusParamsChangesSaveLoad) and store_test.go (StoreLoadValidators, PruneStates).
 */
import t from "tap";
import { decodeState, encodeState } from "../../../src/execution/state-codec.ts";
import { StateStore } from "../../../src/execution/state-store.ts";
import { MemoryDb } from "../../../src/store/memory-db.ts";
import type { ChainState } from "../../../src/types/chain-state.ts";
import { genesisState } from "../../../src/types/genesis/genesis.ts";
import { ValidatorSet } from "../../../src/types/validator-set.ts";
import { newValidator } from "../../../src/types/validators/validator.ts";
import { testGenesis, validatorKey } from "../../support/test-chain.ts";

const next = (state: ChainState): ChainState => ({
  ...state,
  lastBlockHeight: state.lastBlockHeight + 1n,
  lastValidators: state.validators,
  validators: state.nextValidators,
  nextValidators: state.nextValidators.incrementPriority(1),
});

const priorities = (set: ValidatorSet | undefined) =>
  set?.validators.map(({ priority }) => priority);

t.test("a state survives the disk", async (t) => {
  const state = { ...next(next(genesisState(testGenesis(3)))), appHash: Uint8Array.of(1, 2) };
  t.same(encodeState(decodeState(encodeState(state))), encodeState(state));
  const decoded = decodeState(encodeState(state));
  t.same(decoded.consensusParams, state.consensusParams);
  t.same(decoded.lastBlockTime, state.lastBlockTime);
  t.same(decoded.lastBlockId, state.lastBlockId);
  t.same(priorities(decoded.nextValidators), priorities(state.nextValidators));
  t.same(decoded.nextValidators.proposer(), state.nextValidators.proposer());
  t.equal(decodeState(encodeState(genesisState(testGenesis(1)))).lastValidators.size, 0);
});

t.test("an empty database has no state", async (t) => {
  const store = new StateStore(new MemoryDb());
  t.equal(store.load(), undefined);
  t.equal(store.loadValidators(1n), undefined);
  t.equal(store.loadConsensusParams(1n), undefined);
  t.equal(store.loadFinalizeBlock(1n), undefined);
});

t.test("sets between two changes are those of one increment by the distance", async (t) => {
  const store = new StateStore(new MemoryDb());
  let state = genesisState(testGenesis(3));
  const stored = state.validators;
  await store.save(state);
  for (let i = 0; i < 5; i++) {
    state = next(state);
    await store.save(state);
  }
  t.same(priorities(store.loadValidators(1n)), priorities(stored));
  for (let height = 2n; height <= 7n; height++) {
    const expected = stored.incrementPriority(Number(height - 1n));
    t.same(priorities(store.loadValidators(height)), priorities(expected), `height ${height}`);
  }
  t.same(store.loadValidators(6n)?.proposer().address, state.validators.proposer().address);
  t.equal(store.loadValidators(8n), undefined, "not decided yet");
});

t.test("a change is found from its height on, the old set before it", async (t) => {
  const store = new StateStore(new MemoryDb());
  let state = genesisState(testGenesis(2));
  await store.save(state);
  state = next(state);
  await store.save(state);
  const key = { type: "ed25519", key: validatorKey(5) } as const;
  const grown = state.nextValidators.update([newValidator(key, 3n)]);
  if ("refused" in grown) throw new Error(grown.refused);
  state = {
    ...next(state),
    nextValidators: grown.incrementPriority(1),
    lastHeightValidatorsChanged: 4n,
    consensusParams: { ...state.consensusParams, block: { maxBytes: 5n, maxGas: 5n } },
    lastHeightConsensusParamsChanged: 3n,
  };
  await store.save(state);
  await store.save(next(state));
  t.same(
    [1n, 2n, 3n, 4n, 5n].map((height) => store.loadValidators(height)?.size),
    [2, 2, 2, 3, 3],
  );
  t.same(
    [1n, 2n, 3n, 4n].map((height) => store.loadConsensusParams(height)?.block?.maxGas),
    [-1n, -1n, 5n, 5n],
  );
});

t.test("any height's priorities are those that the set had then", async (t) => {
  const store = new StateStore(new MemoryDb());
  let state = genesisState(testGenesis(3));
  const live = new Map([[1n, priorities(state.validators)]]);
  await store.save(state);
  while (state.lastBlockHeight < 2_200n) {
    state = next(state);
    live.set(state.lastBlockHeight + 2n, priorities(state.nextValidators));
    await store.save(state);
  }
  for (const height of [500n, 999n, 1_000n, 1_001n, 1_100n, 2_202n]) {
    t.same(priorities(store.loadValidators(height)), live.get(height), `height ${height}`);
  }
});

t.test("at a checkpoint the whole set is stored though nothing changed", async (t) => {
  const db = new MemoryDb();
  const store = new StateStore(db);
  let state = next(genesisState(testGenesis(2, { initialHeight: 99_990n })));
  state = { ...state, lastBlockHeight: 99_998n };
  await store.save(state);
  t.same(priorities(store.loadValidators(100_000n)), priorities(state.nextValidators));
});

t.test("pruning keeps what later heights point at", async (t) => {
  const store = new StateStore(new MemoryDb());
  let state = genesisState(testGenesis(3));
  await store.save(state);
  for (let height = 1n; height <= 9n; height++) {
    state = next(state);
    const appHash = Uint8Array.of(Number(height));
    const answer = { events: [], txResults: [], validatorUpdates: [], appHash };
    await store.saveFinalizeBlock(height, answer);
    await store.save(state);
  }
  const before = priorities(store.loadValidators(6n));
  await store.prune(1n, 6n);
  t.equal(store.loadValidators(3n), undefined);
  t.equal(store.loadConsensusParams(3n), undefined);
  t.equal(store.loadFinalizeBlock(5n), undefined);
  t.same(priorities(store.loadValidators(6n)), before);
  t.same(store.loadConsensusParams(6n), state.consensusParams);
  t.same(store.loadFinalizeBlock(6n)?.appHash, Uint8Array.of(6));
  await t.rejects(store.prune(6n, 100n), /no validators/);
});

t.test("pruning step by step leaves nothing behind but what the oldest height needs", async (t) => {
  const db = new MemoryDb();
  const store = new StateStore(db);
  let state = genesisState(testGenesis(3));
  await store.save(state);
  for (let height = 1n; height <= 3_300n; height++) {
    state = next(state);
    if (height === 1_500n) {
      state = { ...state, lastHeightConsensusParamsChanged: height + 1n };
    }
    await store.save(state);
  }
  const before = priorities(store.loadValidators(3_205n));
  for (let from = 1n; from < 3_201n; from += 100n) await store.prune(from, from + 100n);
  await store.prune(3_201n, 3_205n);
  t.same(priorities(store.loadValidators(3_205n)), before);
  t.same(store.loadConsensusParams(3_205n), state.consensusParams);
  let records = 0;
  for await (const _ of db.iterate()) records++;
  // Sets of 3205 to 3302, parameters of 3205 to 3301, and the state; set 3000, set 1, params 1501.
  t.equal(records, 98 + 97 + 1 + 3);
});

t.test(
  "members of a height come without its turns: a message must not cost hundreds",
  async (t) => {
    const store = new StateStore(new MemoryDb());
    const first = genesisState(testGenesis(4));
    await store.save(first);
    const later = { ...first, lastBlockHeight: 900n, lastValidators: first.validators };
    await store.save(later);
    const incrementPriority = ValidatorSet.prototype.incrementPriority;
    let turns = 0;
    ValidatorSet.prototype.incrementPriority = function count(rounds) {
      turns += rounds;
      return incrementPriority.call(this, rounds);
    };
    t.teardown(() => {
      ValidatorSet.prototype.incrementPriority = incrementPriority;
    });
    const members = store.loadMembers(902n);
    t.equal(turns, 0);
    const all = store.loadValidators(902n);
    t.equal(turns, 901);
    t.same(members?.hash(), all?.hash());
    t.equal(store.loadMembers(6_000n), undefined);
  },
);
