/**
 * Faults of machines, disks, clocks and networks against four validators as processes, under
 * transactions. `npm run chaos`, or `npm run chaos -- kill stop-one` for some; --list names them;
 * --json FILE writes the report. After each: the same blocks and app hashes everywhere, nothing
 * signed twice, no evidence, blocks again within a bound. Exit code 1 when one fails, 77 when
 * one was skipped because the machine lacks what it needs: a skipped test has shown nothing.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { Arena } from "./arena.ts";
import { mountSmallDisk, type Scenario, scenarios, unmountSmallDisk } from "./scenarios.ts";
import { Wire } from "./wire.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    list: { type: "boolean", default: false },
    json: { type: "string", default: "" },
  },
});
const skippedCode = 77;

interface Outcome {
  readonly name: string;
  readonly verdict: "ok" | "FAILED" | "SKIPPED";
  readonly seconds: number;
  readonly findings: object;
}

/** Why a stage cannot be had here; undefined when it can. */
function missing(stage: Scenario["stage"]): string | undefined {
  if (stage === "plain") return undefined;
  if (process.getuid?.() !== 0) return "needs root";
  if (stage === "small disk") return undefined;
  if (!existsSync("/dev/net/tun")) return "needs /dev/net/tun";
  const tools = ["ip", "python3", "unshare"];
  const lacking = tools.filter((tool) => spawnSync("which", [tool]).status !== 0);
  if (lacking.length > 0) return `needs ${lacking.join(", ")} (Debian: iproute2, python3)`;
  return undefined;
}

/** Devices and mounts are made in namespaces of this process's own, which end with it. */
const isInside = process.env.CHAOS_INSIDE === "1";
function enterNamespaces(): never {
  const own = ["--net", "--mount", "--propagation", "private", process.execPath];
  const args = [...own, ...process.execArgv, ...process.argv.slice(1)];
  const env = { ...process.env, CHAOS_INSIDE: "1" };
  process.exit(spawnSync("unshare", args, { stdio: "inherit", env }).status ?? 1);
}

async function onStage(
  stage: Scenario["stage"],
  run: (arena: Arena, wire: Wire | undefined) => Promise<void>,
): Promise<void> {
  const wire = stage === "wire" ? await Wire.lay(4) : undefined;
  let unmount = (): void => undefined;
  const arena = await Arena.start((net) => {
    if (stage === "small disk") {
      mountSmallDisk(net);
      unmount = () => unmountSmallDisk(net);
    }
    return wire?.prepare(net) ?? (() => ({}));
  });
  try {
    await run(arena, wire);
  } finally {
    await arena.end(unmount);
    wire?.cut();
  }
}

async function tryScenario(scenario: Scenario, arena: Arena, wire: Wire | undefined) {
  const began = Date.now();
  const since = () => Math.round((Date.now() - began) / 100) / 10;
  const { name } = scenario;
  try {
    const found = await scenario.run(arena, wire);
    const findings = { ...found, ...(await arena.judge()) };
    return { name, verdict: "ok", seconds: since(), findings } as const;
  } catch (error) {
    return { name, verdict: "FAILED", seconds: since(), findings: { why: String(error) } } as const;
  }
}

async function main(): Promise<void> {
  const chosen = scenarios.filter(
    ({ name }) => positionals.length === 0 || positionals.includes(name),
  );
  const unknown = positionals.filter((name) => !scenarios.some((each) => each.name === name));
  if (unknown.length > 0) throw new Error(`no scenario ${unknown.join(", ")}; see --list`);
  if (values.list) {
    process.stdout.write(`${scenarios.map(({ name }) => name).join("\n")}\n`);
    return;
  }
  const needsMore = chosen.some(({ stage }) => stage !== "plain" && !missing(stage));
  if (needsMore && !isInside) enterNamespaces();
  if (isInside) execFileSync("ip", ["link", "set", "lo", "up"]);
  const outcomes: Outcome[] = [];
  const tell = (outcome: Outcome): void => {
    outcomes.push(outcome);
    const { name, verdict, seconds, findings } = outcome;
    const shown = `${name.padEnd(15)} ${verdict.padEnd(8)} ${String(seconds).padStart(6)} s  `;
    process.stdout.write(`${shown}${JSON.stringify(findings)}\n`);
  };
  for (const stage of ["plain", "small disk", "wire"] as const) {
    const here = chosen.filter((scenario) => scenario.stage === stage);
    const why = missing(stage);
    if (why) for (const { name } of here) tell(skipped(name, why));
    if (why || here.length === 0) continue;
    await onStage(stage, async (arena, wire) => {
      for (const scenario of here) tell(await tryScenario(scenario, arena, wire));
    });
  }
  if (values.json !== "") writeFileSync(values.json, `${JSON.stringify(outcomes, null, 2)}\n`);
  if (outcomes.some(({ verdict }) => verdict === "SKIPPED")) process.exitCode = skippedCode;
  if (outcomes.some(({ verdict }) => verdict === "FAILED")) process.exitCode = 1;
}

const skipped = (name: string, why: string): Outcome => ({
  name,
  verdict: "SKIPPED",
  seconds: 0,
  findings: { why },
});

await main();
process.exit();
