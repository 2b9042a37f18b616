/**
 * kill -9 at every distinct point of the path from the start of a node through its blocks: each
 * operation that changes the disk, named by its kind and the functions that asked for it, before
 * and after it, and in the middle of an append; three lives in a row end there, then the node must
 * go on. Points that only a recovery meets are found on the way and tried too.
 * `npm run test:crash -- --workers 2`, with --only TEXT for labels that contain it, --list to only
 * list them, --kinds before,after. With --done FILE what has passed is noted there, and not tried
 * again by a run that goes on from it. Checked: nothing signed twice, no decided block lost or
 * another, every header has the app hash that execution gave, and executing all again gives it too.
 */
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { build } from "esbuild";
import { RealNet } from "../support/real-net.ts";
import { type CrashPoint, Victim } from "./victim.ts";

const { values } = parseArgs({
  options: {
    workers: { type: "string", default: "2" },
    only: { type: "string", default: "" },
    list: { type: "boolean", default: false },
    kinds: { type: "string", default: "before,torn,after" },
    done: { type: "string", default: "" },
  },
});
const root = fileURLToPath(new URL("../..", import.meta.url));
/** At the depth of the modules themselves: some look for files relative to where they are. */
const bundle = path.join(root, "dist/crash/node.mjs");

/**
 * One file in place of hundreds: a life begins in a third of the time. Native modules stay outside.
 */
async function bundleNode(): Promise<void> {
  await build({
    absWorkingDir: root,
    entryPoints: ["dist/node/node.js"],
    outfile: bundle,
    bundle: true,
    platform: "node",
    format: "esm",
    external: ["classic-level", "secp256k1", "swagger-ui-dist"],
    banner: {
      js: 'import { createRequire as of } from "node:module"; const require = of(import.meta.url);',
    },
    logLevel: "error",
  });
  writeFileSync(`${bundle}.modules`, JSON.stringify(modulesOf(readFileSync(bundle, "utf8"))));
}

/** Lines of the bundle at which modules begin, as it says in comments; "" for dependencies. */
function modulesOf(text: string): [line: number, module: string][] {
  return text.split("\n").flatMap((line, index): [number, string][] => {
    const own = /^\/\/ dist\/(.*)\.js$/.exec(line);
    if (own) return [[index + 1, own[1] ?? ""]];
    return /^\/\/ \S*node_modules\//.test(line) ? [[index + 1, ""]] : [];
  });
}

/** What a victim begins with, and the points that its lives meet. */
interface Stage {
  readonly name: "fresh" | "pruned";
  readonly template: string;
  readonly tried: Set<string>;
}

/** A home that has never run, and one that makes snapshots and prunes at every other block. */
async function prepareStages(folder: string): Promise<Stage[]> {
  const stages: Stage[] = [];
  for (const name of ["fresh", "pruned"] as const) {
    const net = await RealNet.prepare({
      validators: 1,
      profile: "gonka",
      timeouts: { timeout_commit: "0s" },
      config: {
        "": { log_level: '"error"' },
        rpc: { laddr: '"tcp://127.0.0.1:0"' },
        p2p: { laddr: '"tcp://127.0.0.1:0"' },
      },
      ...(name === "pruned" && {
        app: {
          "": { "min-retain-blocks": "2", "pruning-keep-recent": "2" },
          "state-sync": { "snapshot-interval": "2", "snapshot-keep-recent": "1" },
        },
        editGenesis: ({ consensus_params: { evidence } }) => {
          evidence.max_age_num_blocks = "1";
          evidence.max_age_duration = "1";
        },
      }),
    });
    const template = path.join(folder, `${name}-home`);
    cpSync(net.plan.nodes[0]?.home ?? "", template, { recursive: true });
    net.remove();
    if (name === "pruned") await grow(template, path.join(folder, "growing"));
    stages.push({ name, template, tried: new Set() });
  }
  return stages;
}

async function grow(template: string, folder: string): Promise<void> {
  const victim = new Victim(template, folder, bundle);
  await victim.live(12);
  rmSync(template, { recursive: true, force: true });
  cpSync(path.join(folder, "home"), template, { recursive: true });
  victim.remove();
}

/** A point to try. */
interface Task {
  readonly stage: Stage;
  readonly label: string;
  readonly when: CrashPoint["when"];
  /** Whether it comes again in the same life: at every height. */
  readonly isRepeated: boolean;
}

/** Three lives end at the point, the second one at its second occurrence; then the checks. */
async function attempt(task: Task, folder: string): Promise<{ crashes: number; met: string[] }> {
  const { stage, label, when, isRepeated } = task;
  const victim = new Victim(stage.template, folder, bundle);
  let crashes = 0;
  for (const nth of isRepeated ? [1, 2, 1] : [1, 1, 1]) {
    const isEnded =
      (await victim.crash({ label, when, nth })) ||
      (nth > 1 && (await victim.crash({ label, when, nth: 1 })));
    if (!isEnded) break; // What is done once in the life of a home is not done again.
    crashes++;
  }
  await victim.live(2);
  const met = victim.points(); // Not those of the replay, which is no recovery.
  if (stage.name === "fresh") await victim.replay();
  victim.remove();
  return { crashes, met };
}

const kinds = new Set(values.kinds.split(","));
const tasks: Task[] = [];
const { done: doneFile } = values;
/** What an earlier run has tried, as nameOf has it. */
const passed = new Set(existsSync(doneFile) ? readFileSync(doneFile, "utf8").split("\n") : []);

const nameOf = ({ stage, label, when }: Task): string => `${when} ${label} (${stage.name})`;

/** Points that have not been seen become tasks; those of one stage are not tried in the next. */
function discover(stage: Stage, stages: readonly Stage[], met: readonly string[]): void {
  for (const label of met) {
    if (stages.some(({ tried }) => tried.has(label))) continue;
    stage.tried.add(label);
    if (!label.includes(values.only)) continue;
    const whens = label.startsWith("append") ? ["before", "torn", "after"] : ["before", "after"];
    const isRepeated = met.filter((each) => each === label).length > 3;
    for (const when of whens as CrashPoint["when"][]) {
      const task = { stage, label, when, isRepeated };
      if (kinds.has(when) && !passed.has(nameOf(task))) tasks.push(task);
    }
  }
}

async function survey(stage: Stage, folder: string): Promise<string[]> {
  const victim = new Victim(stage.template, path.join(folder, "survey"), bundle);
  await victim.live(4);
  await victim.live(2);
  const met = victim.points();
  victim.remove();
  return met;
}

async function main(): Promise<void> {
  const folder = mkdtempSync(path.join(tmpdir(), "gonka-crash-"));
  mkdirSync(path.dirname(bundle), { recursive: true });
  await bundleNode();
  const started = Date.now();
  const failures: string[] = [];
  let crashes = 0;
  try {
    const stages = await prepareStages(folder);
    for (const stage of stages) discover(stage, stages, await survey(stage, folder));
    const work = async (worker: number): Promise<void> => {
      for (let task = tasks.shift(); task; task = tasks.shift()) {
        const what = nameOf(task);
        try {
          const done = await attempt(task, path.join(folder, `worker-${worker}`));
          crashes += done.crashes;
          discover(task.stage, stages, done.met);
          if (doneFile !== "") appendFileSync(doneFile, `${what}\n`);
          process.stdout.write(`${done.crashes} crashes ${what}: ok, ${tasks.length} left\n`);
        } catch (error) {
          failures.push(`${what}: ${error}`);
          process.stdout.write(`FAILED ${what}: ${error}\n`);
        }
      }
    };
    if (!values.list) {
      await Promise.all(Array.from({ length: Number(values.workers) }, (_, index) => work(index)));
    }
    const labels = stages.flatMap(({ name, tried }) => [...tried].map((at) => `${name}: ${at}`));
    process.stdout.write(`\n${labels.join("\n")}\n`);
    const seconds = Math.round((Date.now() - started) / 1000);
    const summary = `${labels.length} points, ${crashes} crashes, ${failures.length} failures`;
    process.stdout.write(`${summary}, ${seconds} s\n${failures.join("\n")}`);
    if (failures.length > 0) process.exitCode = 1;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

await main();
