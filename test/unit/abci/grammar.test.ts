/** The order in which our own engine calls an application, and the checker of it. spec/abci.md. */
import t from "tap";
import { KvStore } from "../../../src/kvstore/application.ts";
import { MemoryDb } from "../../../src/store/memory-db.ts";
import { type GrammarCall, noted, outOfOrder } from "../../support/abci-grammar.ts";
import { TestChain, testGenesis } from "../../support/test-chain.ts";

const parse = (text: string): GrammarCall[] =>
  text.split(" ").map((word) => {
    const [call = "", height] = word.split(":");
    return { call, height: height === undefined ? undefined : BigInt(height) };
  });

t.test("what ABCI allows", async (t) => {
  const good = [
    "info initChain prepareProposal:1 processProposal:1 finalizeBlock:1 commit",
    "initChain processProposal:1 processProposal:1 finalizeBlock:1 commit checkTx query",
    "initChain finalizeBlock:1 commit finalizeBlock:2 start info finalizeBlock:2 commit",
    "initChain start initChain processProposal:1 finalizeBlock:1 commit",
    "start finalizeBlock:1 commit processProposal:2",
    "initChain processProposal:1 extendVote:1 verifyVoteExtension:1 finalizeBlock:1 commit",
    "offerSnapshot:8 offerSnapshot:9 applySnapshotChunk info verifyVoteExtension:10",
  ];
  for (const text of good) t.equal(outOfOrder(parse(text)), undefined, text);
});

t.test("what it does not", async (t) => {
  const bad = [
    "finalizeBlock:1 finalizeBlock:2 commit",
    "commit",
    "initChain finalizeBlock:2 commit",
    "initChain finalizeBlock:1 commit initChain",
    "initChain finalizeBlock:1 commit start initChain",
    "initChain finalizeBlock:1 commit start finalizeBlock:3",
    "initChain finalizeBlock:1 processProposal:1 commit",
    "initChain finalizeBlock:1 commit prepareProposal:1",
    "initChain finalizeBlock:1 commit verifyVoteExtension:1",
    "initChain extendVote:2",
    "initChain finalizeBlock:1 extendVote:1 commit",
    "initChain finalizeBlock:1 commit start offerSnapshot:9 applySnapshotChunk",
    "offerSnapshot:9 applySnapshotChunk finalizeBlock:9 commit",
  ];
  for (const text of bad) t.not(outOfOrder(parse(text)), undefined, text);
});

/** One letter a call; every height is 1 but those behind a C. */
function parseLetters(text: string): GrammarCall[] {
  const names: Record<string, string> = {
    I: "initChain",
    O: "offerSnapshot",
    A: "applySnapshotChunk",
    P: "prepareProposal",
    R: "processProposal",
    E: "extendVote",
    V: "verifyVoteExtension",
    F: "finalizeBlock",
    C: "commit",
  };
  let next = 1n;
  return [...text].map((letter) => {
    const call = names[letter] ?? "";
    if (letter === "C") next++;
    const height = letter === "O" ? next - 1n : next;
    return { call, height: "IAC".includes(letter) ? undefined : height };
  });
}

t.test("CometBFT's own cases (v1.0.1 test/e2e/pkg/grammar/checker_test.go)", async (t) => {
  // TestVerifyCleanStart: how it may begin, and how not; consExecPart: one height.
  const begins = ["I", "OA", "OAA", "OAOA", "OAAAOA", "OOA"];
  const falseBegins = ["A", "O", "AOA", "IOA"];
  const heights =
    "FC VFC VVFC PRFC PFC EFC VEFC VVEFC EVFC EVVFC VVEVVFC VPFC VVPFC VPRFC VVPRFC PEFC PVEFC " +
    "PEVFC PVEVFC PREFC PRVEFC PREVFC PRVEVFC VPEFC VVPVEFC VPEVFC VVPVEVFC VPREFC VVPRVEFC " +
    "VPREVFC VVPRVEVFC RFC VRFC VVRFC REFC RVEFC REVFC RVEVFC VREFC VVRVEFC VREVFC VVRVEVFC " +
    "PRRPRRRFC";
  for (const height of heights.split(" ")) {
    for (const begin of [...begins, ""]) {
      t.equal(outOfOrder(parseLetters(begin + height)), undefined, begin + height);
    }
    for (const begin of falseBegins) {
      t.not(outOfOrder(parseLetters(begin + height)), undefined, begin + height);
    }
  }
  for (const begin of begins) t.not(outOfOrder(parseLetters(`${begin}C`)), undefined);
});

t.test("our engine's executor and handshake keep the order, over restarts", async (t) => {
  const [blockDb, stateDb, appDb] = [new MemoryDb(), new MemoryDb(), new MemoryDb()];
  const calls: GrammarCall[] = [];
  for (let life = 0; life < 3; life++) {
    calls.push({ call: "start", height: undefined });
    const app = noted(await KvStore.open(appDb), calls);
    const disks = { blockDb, stateDb };
    const chain = await TestChain.open(app, disks, { genesis: testGenesis(1) });
    for (let round = 0; round < 4; round++) {
      chain.executor.processProposal(chain.state, chain.propose());
      await chain.advance();
    }
  }
  t.equal(outOfOrder(calls), undefined);
  t.ok(calls.some(({ call }) => call === "prepareProposal"));
  t.equal(calls.filter(({ call }) => call === "initChain").length, 1);
});
