/** The order in which our own engine calls an application, and the checker of it. spec/abci.md. */
import t from "tap";
import type { Application } from "../../../src/abci/application.ts";
import { KvStore } from "../../../src/kvstore/application.ts";
import { MemoryDb } from "../../../src/store/memory-db.ts";
import { type GrammarCall, outOfOrder } from "../../support/abci-grammar.ts";
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
  ];
  for (const text of bad) t.not(outOfOrder(parse(text)), undefined, text);
});

/** Notes every call of an application. */
function noted(app: Application, calls: GrammarCall[]): Application {
  return new Proxy(app, {
    get: (target, name) => {
      const member = Reflect.get(target, name) as unknown;
      if (typeof member !== "function") return member;
      return (request?: { height?: bigint }) => {
        calls.push({ call: String(name), height: request?.height });
        return (member as (input: unknown) => unknown).call(target, request);
      };
    },
  });
}

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
