/**
 * npm run test:cosmjs -- PATH [SUITE...]: CosmJS's own specs, compiled from the checkout at PATH,
 * against our chains. test/cosmjs/README.md.
 */
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { startEcho, startProfile } from "./chains.ts";
import { bundleSuite, type Suite, suites } from "./suites.ts";

interface SpecLine {
  readonly name: string;
  readonly status: string;
  readonly reason: string;
  readonly problems: readonly string[];
}

const jasmineVersion = "4.6.0";
const runner = fileURLToPath(new URL("run-specs.ts", import.meta.url));

async function main([given, ...names]: readonly string[]): Promise<number> {
  const checkout = given === undefined ? "" : path.resolve(given);
  if (!existsSync(path.join(checkout, "packages/stargate/src")) || given === undefined) {
    process.stderr.write(
      "SKIPPED: no CosmJS checkout. git clone https://github.com/cosmos/cosmjs, then\n" +
        "  npm run test:cosmjs -- PATH\n",
    );
    return given === undefined ? 0 : 1;
  }
  const to = mkdtempSync(path.join(tmpdir(), "gonka-cosmjs-"));
  try {
    const jasmine = await findJasmine(checkout, to);
    const wanted = suites.filter(({ name }) => names.length === 0 || names.includes(name));
    let failed = 0;
    for (const suite of wanted) failed += await runSuite(suite, { checkout, to, jasmine });
    return failed === 0 ? 0 : 1;
  } finally {
    rmSync(to, { recursive: true, force: true });
  }
}

/** Jasmine of the checkout where its packages were installed, else one of our own for this run. */
async function findJasmine(checkout: string, to: string): Promise<string> {
  const installed = path.join(checkout, "node_modules/jasmine");
  if (existsSync(installed)) return installed;
  const args = ["install", "--loglevel", "error", "--prefix", to, `jasmine@${jasmineVersion}`];
  const code = await ended(spawn("npm", args, { stdio: ["ignore", "ignore", "inherit"] }));
  if (code !== 0) throw new Error("jasmine could not be installed");
  return path.join(to, "node_modules/jasmine");
}

interface Place {
  readonly checkout: string;
  readonly to: string;
  readonly jasmine: string;
}

/** Runs a suite and prints what came of it; returns how many specs failed. */
async function runSuite(suite: Suite, place: Place): Promise<number> {
  const specs = await bundleSuite(suite, place);
  const running = [];
  const echo = suite.env.HTTPSERVER_ENABLED === undefined ? undefined : await startEcho();
  try {
    for (const profile of suite.profiles) running.push(await startProfile(profile));
    return report(suite, await runSpecs(specs, suite, place.jasmine));
  } finally {
    echo?.close();
    for (const chain of running) await chain.stop();
  }
}

async function runSpecs(
  specs: readonly string[],
  suite: Suite,
  jasmine: string,
): Promise<SpecLine[]> {
  const [files, foreign] = [specs, suite.foreign ?? []].map((list) => JSON.stringify(list));
  const ours = { JASMINE: jasmine, SPECS: files, FOREIGN: foreign };
  const env = { ...process.env, ...suite.env, ...ours };
  const child = spawn(process.execPath, ["--import", "tsx", runner], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const lines: SpecLine[] = [];
  const end = ended(child);
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith('{"spec":')) lines.push((JSON.parse(line) as { spec: SpecLine }).spec);
  }
  const code = await end;
  if (lines.length === 0 || (code !== 0 && code !== 1)) {
    const problems = [`the specs ended with ${code}`];
    lines.push({ name: suite.name, status: "failed", reason: "", problems });
  }
  return lines;
}

function report({ name }: Suite, lines: readonly SpecLine[]): number {
  const of = (status: string) => lines.filter((line) => line.status === status);
  const [passed, failed] = [of("passed"), of("failed")];
  for (const spec of failed) {
    process.stdout.write(`FAILED ${spec.name}\n    ${spec.problems.join("\n    ")}\n`);
  }
  const others = lines.length - passed.length - failed.length;
  const reasons = new Map<string, number>();
  for (const { status, reason } of lines) {
    if (status === "passed" || status === "failed") continue;
    reasons.set(reason || status, (reasons.get(reason || status) ?? 0) + 1);
  }
  const ran = passed.length + failed.length;
  process.stdout.write(`${name}: ${passed.length} of ${ran} specs pass, ${others} not run\n`);
  for (const [reason, count] of reasons) process.stdout.write(`  ${count} not run: ${reason}\n`);
  return failed.length;
}

function ended(child: ReturnType<typeof spawn>): Promise<number | null> {
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => resolve(code));
  });
}

process.exitCode = await main(process.argv.slice(2));
