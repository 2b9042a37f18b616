/**
 * `gonkad sprint`: ISP-1 by hand. compute shows one nonce with its trace, hits a range of nonces
 * with their commitment: what two implementations compare when they disagree. The JSON has the
 * field names of test/vectors/isp1.json. bench, selftest and rehearse are about this machine.
 */
import { Command, InvalidArgumentError } from "commander";
import { toHex } from "../../encoding/bytes.ts";
import { isHit, isHitScore, scoreOutput } from "../../sprint/digest.ts";
import { commitmentOf, type Hit } from "../../sprint/hits.ts";
import {
  computeNonce,
  type PreparedSprint,
  prepareSprint,
  traceNonce,
} from "../../sprint/nonce.ts";
import { hostKeyBytes, type SprintId, seedBytes } from "../../sprint/seeds.ts";
import { benchCommand } from "./bench.ts";
import { hexParser, parseNonce, parseThreshold, profileOption } from "./flags.ts";
import { rehearseCommand } from "./rehearse.ts";
import { selfTestCommand } from "./self-test.ts";
import { reporter, type Terminal } from "./terminal.ts";

interface SprintOptions extends Omit<SprintId, "hostKey"> {
  readonly pubkey: Uint8Array;
  readonly c: number;
  readonly json?: true;
}

/** Flags that both examples share; beacons and key are those of test/vectors/isp1.json. */
const exampleFlags = [
  "    --profile T --chain-id isp1-public-1 --c 44314",
  "    --beacon1 7c698040e180930c5d539f68317682ca7c65fd6d4c76f91a189b8e8b969024e9",
  "    --beacon2 7daeec2080b161a081eafe61dbd8fb6d880ba93d8254834bd2259c8c5322cb70",
  "    --pubkey 02ed755feb061332d36a52357491a0a19b4e1f452a96c68a5b1cabba32ae61d170",
].join(" \\\n");
const exampleOf = (call: string): string =>
  `\nExample:\n  gonkad sprint ${call} \\\n${exampleFlags}\n`;

/** The command group `sprint`. */
export function sprintCommand(terminal: Terminal = process): Command {
  const compute = withSprintOptions(new Command("compute"))
    .description("compute one nonce: digest, hit rule and the trace of every sublayer")
    .requiredOption("--nonce <n>", "the nonce, 0 .. 2^64-1", parseNonce)
    .addHelpText("after", exampleOf("compute --nonce 0"))
    .action((options: SprintOptions & { nonce: bigint }) => showNonce(terminal, options));
  const hits = withSprintOptions(new Command("hits"))
    .description("search a range of nonces: the hits, their count and Merkle root")
    .requiredOption("--from <n>", "first nonce", parseNonce)
    .requiredOption("--to <n>", "last nonce, inclusive", parseNonce)
    .addHelpText("after", exampleOf("hits --from 0 --to 63"))
    .action((options: SprintOptions & { from: bigint; to: bigint }) => showHits(terminal, options));
  return new Command("sprint")
    .description("compute the integer Sprint ISP-1, and measure this machine (spec/sprint.md)")
    .addCommand(compute)
    .addCommand(hits)
    .addCommand(benchCommand(terminal))
    .addCommand(selfTestCommand(terminal))
    .addCommand(rehearseCommand(terminal));
}

function withSprintOptions(command: Command): Command {
  return command
    .addOption(profileOption().makeOptionMandatory())
    .requiredOption("--chain-id <id>", "chain that the seeds are bound to")
    .requiredOption("--beacon1 <hex>", "beacon 1, 32 bytes", hexParser(seedBytes))
    .requiredOption("--beacon2 <hex>", "beacon 2, 32 bytes", hexParser(seedBytes))
    .requiredOption("--pubkey <hex>", "worker key, 33 bytes compressed", hexParser(hostKeyBytes))
    .requiredOption("--c <int>", "threshold of the tier, 0 .. 2^20", parseThreshold)
    .option("--json", "print JSON");
}

const prepare = ({ pubkey, ...id }: SprintOptions): PreparedSprint =>
  prepareSprint({ ...id, hostKey: pubkey });

function showNonce(terminal: Terminal, options: SprintOptions & { nonce: bigint }): void {
  const { profile, nonce, c } = options;
  const sprint = prepare(options);
  const report = reporter(terminal, `nonce ${nonce}: state`, 2 * profile.layers + 2);
  const { digest, output, trace } = traceNonce(sprint, nonce, report);
  const score = scoreOutput({ digest, output, target: sprint.target });
  const found = {
    profile: profile.name,
    nonce: String(nonce),
    c,
    digest: toHex(digest),
    hit: isHitScore(score, c),
    dot: String(score.dot),
    v2: String(score.v2),
    t2: String(score.t2),
    trace: trace.map(toHex),
  };
  terminal.stdout.write(options.json ? `${JSON.stringify(found)}\n` : nonceText(found));
}

function nonceText(found: {
  readonly profile: string;
  readonly nonce: string;
  readonly c: number;
  readonly digest: string;
  readonly hit: boolean;
  readonly dot: string;
  readonly v2: string;
  readonly t2: string;
  readonly trace: readonly string[];
}): string {
  const last = found.trace.length - 1;
  const states = found.trace.map((hash, at) => [`trace ${traceName(at, last)}`, hash] as const);
  const lines = [
    ["profile", found.profile],
    ["nonce", found.nonce],
    ["digest", found.digest],
    ["hit", `${found.hit ? "yes" : "no"}, at c = ${found.c}`],
    ["dot", found.dot],
    ["v2", found.v2],
    ["t2", found.t2],
    ...states,
  ] as const;
  return lines.map(([name, value]) => `${name.padEnd(25)}${value}\n`).join("");
}

/** The input, two sublayers a layer, the output. */
function traceName(at: number, last: number): string {
  if (at === 0) return "input";
  if (at === last) return "output";
  return `layer ${(at - 1) >> 1} ${at % 2 === 1 ? "attention" : "mlp"}`;
}

function showHits(terminal: Terminal, options: SprintOptions & { from: bigint; to: bigint }): void {
  const { profile, from, to, c } = options;
  if (from > to) throw new InvalidArgumentError(`--from ${from} is above --to ${to}.`);
  const sprint = prepare(options);
  const report = reporter(terminal, "nonces", Number(to - from) + 1);
  const hits: Hit[] = [];
  for (let nonce = from; nonce <= to; nonce++) {
    const result = computeNonce(sprint, nonce);
    if (isHit({ ...result, target: sprint.target, c })) hits.push({ nonce, digest: result.digest });
    report(Number(nonce - from) + 1);
  }
  const { root, count } = commitmentOf(hits);
  const shown = hits.map(({ nonce, digest }) => ({ nonce: String(nonce), digest: toHex(digest) }));
  const range = { profile: profile.name, from: String(from), to: String(to), c };
  if (options.json) {
    const found = { ...range, hits: shown, count, root: toHex(root) };
    terminal.stdout.write(`${JSON.stringify(found)}\n`);
    return;
  }
  for (const { nonce, digest } of shown)
    terminal.stdout.write(`${nonce.padStart(20)}  ${digest}\n`);
  terminal.stdout.write(
    `${count} hits at c = ${c} in nonces ${from}..${to}\nroot ${toHex(root)}\n`,
  );
}
