/** A host agent on a chain in memory with two other hosts, for the tests of the agent. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Test } from "tap";
import { toBech32 } from "../../src/encoding/bech32.ts";
import { jsonLog } from "../../src/host/log.ts";
import { type AgentSettings, SprintAgent } from "../../src/host/sprint-agent.ts";
import { commitmentOf } from "../../src/sprint/hits.ts";
import { FakeSprintChain } from "./fake-sprint-chain.ts";
import { FakeSprintEngine, fakeHits } from "./fake-sprint-engine.ts";

const member = (n: number) => ({
  operator: toBech32("gonka", new Uint8Array(20).fill(n)),
  hostKey: new Uint8Array(33).fill(n),
});
export const [me, other, third] = [member(1), member(3), member(2)];

/** A chain with three hosts, of which the first is ours. */
export function world(t: Test, change: Partial<AgentSettings> = {}) {
  const stateFolder = mkdtempSync(path.join(tmpdir(), "host-"));
  t.teardown(() => rmSync(stateFolder, { recursive: true }));
  const chain = new FakeSprintChain([me, other, third]);
  const lines: string[] = [];
  const log = jsonLog((line) => lines.push(line));
  const settings = {
    chainId: chain.chainId,
    ...me,
    signer: "gonka1worker",
    stateFolder,
    maxNonces: 1n << 64n,
    ...change,
  };
  /** A new process: it has only the folder and the chain. */
  const start = (more: Partial<AgentSettings> = {}) => {
    const engine = new FakeSprintEngine();
    const agent = new SprintAgent({ ...settings, ...more }, { chain, engine, log });
    return { engine, agent };
  };
  return { chain, lines, start, ...start() };
}

/** Ticks after every block up to that height. */
export async function live(agent: SprintAgent, chain: FakeSprintChain, height: bigint) {
  let status = await agent.tick();
  while (chain.height < height) {
    chain.advanceTo(chain.height + 1n);
    status = await agent.tick();
  }
  return status;
}

/** Lets background work and disk writes go on. */
export const settle = () => new Promise((resolve) => setTimeout(resolve, 5));

/** Another host commits and opens honestly, or with these leaves changed. */
export async function playOther(
  chain: FakeSprintChain,
  who: { operator: string; hostKey: Uint8Array },
  forge: (hits: ReturnType<typeof fakeHits>) => ReturnType<typeof fakeHits> = (hits) => hits,
) {
  const hits = forge(fakeHits(who.hostKey, 30n));
  const { root, count } = commitmentOf(hits);
  const height = chain.height;
  const about = { operator: who.operator, epoch: chain.epoch.index, sprint: 0, height };
  chain.commits.push({ ...about, tier: 2, root, count: BigInt(count) });
  const leaves = hits.map((hit, index) => ({ ...hit, index: BigInt(index) }));
  chain.openings.push({ ...about, leaves });
}
