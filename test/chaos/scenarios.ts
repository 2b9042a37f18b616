/** What is done to validators, one scenario each; what must hold afterwards is the arena's part. */
import { execFileSync } from "node:child_process";
import { mkdirSync, rmSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { RealNet } from "../support/real-net.ts";
import type { Arena } from "./arena.ts";
import type { Wire } from "./wire.ts";

/** What a scenario found, in words, with the figures that it measured. */
type Findings = Readonly<Record<string, number | string>>;

export interface Scenario {
  readonly name: string;
  /** Where it runs: processes alone; with a disk of its own for node 4; on a wire of its own. */
  readonly stage: "plain" | "small disk" | "wire";
  run(arena: Arena, wire: Wire | undefined): Promise<Findings>;
}

/** Without more than two thirds nothing may be decided; with them blocks come again within this. */
const boundSeconds = 60;
/** One block may be on its way when the majority goes. */
const lastBlocks = 1;

const kill: Scenario = {
  name: "kill",
  stage: "plain",
  async run(arena) {
    let worst = 0;
    for (const victims of [[2], [3], [2, 4], [2, 3, 4]]) {
      for (const number of victims) await arena.node(number).end("SIGKILL");
      await sleep(1000);
      for (const number of victims) arena.node(number).start();
      worst = Math.max(worst, await arena.progress(arena.nodes, 2, boundSeconds));
    }
    return { kills: 7, slowest_recovery_s: worst };
  },
};

const killOne: Scenario = {
  name: "kill-one",
  stage: "plain",
  async run(arena) {
    await arena.node(3).end("SIGKILL");
    arena.node(3).start();
    return { recovery_s: await arena.progress(arena.nodes, 2, boundSeconds) };
  },
};

const stopOne: Scenario = {
  name: "stop-one",
  stage: "plain",
  async run(arena) {
    arena.node(2).signal("SIGSTOP");
    const others = arena.nodes.filter((node) => node !== arena.node(2));
    await arena.progress(others, 2, boundSeconds);
    const blocks = await arena.blocksIn(5);
    if (blocks === 0) throw new Error("three of four make no blocks");
    arena.node(2).signal("SIGCONT");
    return { blocks_meanwhile: blocks, recovery_s: await arena.progress(arena.nodes, 2, 60) };
  },
};

const stopTwo: Scenario = {
  name: "stop-two",
  stage: "plain",
  async run(arena) {
    for (const number of [3, 4]) arena.node(number).signal("SIGSTOP");
    await arena.blocksIn(2);
    const blocks = await arena.blocksIn(5);
    if (blocks > lastBlocks) throw new Error(`two of four made ${blocks} blocks`);
    for (const number of [3, 4]) arena.node(number).signal("SIGCONT");
    return { blocks_meanwhile: blocks, recovery_s: await arena.progress(arena.nodes, 2, 60) };
  },
};

/** A clock that is wrong by an hour for a while, then right again: two steps. */
function clockStep(name: string, aheadMs: number): Scenario {
  return {
    name,
    stage: "plain",
    async run(arena) {
      arena.setClock(2, aheadMs);
      const away = await arena.progress(arena.nodes, 8, boundSeconds);
      arena.setClock(2, 0);
      const back = await arena.progress(arena.nodes, 8, boundSeconds);
      const skew = await arena.timeSkewSeconds();
      if (skew > boundSeconds) throw new Error(`block time is ${skew} s off: one of four moved it`);
      return { eight_blocks_s: away, eight_blocks_after_s: back, block_time_off_s: skew };
    },
  };
}

const diskMiB = 48;
const dataOf = (net: RealNet): string => path.join(net.plan.nodes[3]?.home ?? "", "data");

/** Gives node 4 a disk of its own. */
export function mountSmallDisk(net: RealNet): void {
  const data = dataOf(net);
  mkdirSync(data, { recursive: true });
  // What is there already, the sign state of the key, moves along.
  execFileSync("cp", ["-a", data, `${data}.before`]);
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${diskMiB}m`, "none", data]);
  execFileSync("cp", ["-a", `${data}.before/.`, data]);
  rmSync(`${data}.before`, { recursive: true });
}

export function unmountSmallDisk(net: RealNet): void {
  execFileSync("umount", ["-l", dataOf(net)]);
}

const diskFull: Scenario = {
  name: "disk-full",
  stage: "small disk",
  async run(arena) {
    const victim = arena.node(4);
    const filler = path.join(victim.home, "data/filler");
    const before = await victim.height();
    try {
      execFileSync("dd", ["if=/dev/zero", `of=${filler}`, "bs=64k"], { stdio: "ignore" });
    } catch {} // It ends when the disk is full: that is the point.
    const began = Date.now();
    const how = await Promise.race([victim.ended, sleep(60_000, "goes on", { ref: false })]);
    const seconds = (Date.now() - began) / 1000;
    if (!/^exit code [1-9]/.test(how)) throw new Error(`with a full disk the node: ${how}`);
    const last = victim.log().trim().split("\n").slice(-12).join("\n");
    if (!/no space left/i.test(last)) throw new Error(`the log does not say why:\n${last}`);
    const others = arena.nodes.filter((node) => node !== victim);
    await arena.progress(others, 3, boundSeconds);
    victim.start(); // Still full: it must refuse again, and harm nothing.
    const again = await Promise.race([victim.ended, sleep(20_000, "goes on", { ref: false })]);
    if (victim.isRunning) await victim.end("SIGKILL");
    rmSync(filler);
    victim.start();
    const recovery = await arena.progress(arena.nodes, 2, boundSeconds);
    if ((await victim.height()) < before) throw new Error("blocks are lost");
    return { stopped_after_s: seconds, start_while_full: again, recovery_s: recovery };
  },
};

const loss: Scenario = {
  name: "loss",
  stage: "wire",
  async run(arena, wire) {
    if (!wire) throw new Error("no wire");
    const rounds: Record<string, number> = {};
    for (const lost of [0.05, 0.2]) {
      await wire.set({ loss: lost, delayMs: 40, jitterMs: 20 });
      rounds[`five_blocks_at_${lost * 100}_percent_s`] = await arena.progress(arena.nodes, 5, 120);
    }
    await wire.set({ loss: 0, delayMs: 0, jitterMs: 0 });
    const counts = await wire.set({});
    return { ...rounds, ...counts, recovery_s: await arena.progress(arena.nodes, 3, boundSeconds) };
  },
};

function partition(name: string, groups: readonly (readonly number[])[]): Scenario {
  const majority = groups.find((group) => group.length > 2);
  return {
    name,
    stage: "wire",
    async run(arena, wire) {
      if (!wire) throw new Error("no wire");
      await wire.set({ groups: groups.map((group) => group.map((number) => number - 1)) });
      await arena.blocksIn(2);
      const blocks = await arena.blocksIn(15);
      if (majority && blocks < 2) throw new Error("the majority makes no blocks");
      if (!majority && blocks > lastBlocks) throw new Error(`halves made ${blocks} blocks`);
      await wire.set({ groups: [] });
      const recovery = await arena.progress(arena.nodes, 2, boundSeconds);
      return { blocks_meanwhile: blocks, recovery_s: recovery };
    },
  };
}

const hourMs = 3_600_000;

export const scenarios: readonly Scenario[] = [
  killOne,
  kill,
  stopOne,
  stopTwo,
  clockStep("clock-forward", hourMs),
  clockStep("clock-back", -hourMs),
  diskFull,
  loss,
  partition("partition-2-2", [
    [1, 2],
    [3, 4],
  ]),
  partition("partition-3-1", [[1, 2, 3], [4]]),
];
