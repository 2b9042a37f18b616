/** `gonkad sprint`: what it prints for the known answers, and what it refuses. */
import type { Command, CommanderError } from "commander";
import t from "tap";
import { sprintCommand } from "../../../src/cli/sprint/sprint-command.ts";
import { fromHex, toHex } from "../../../src/encoding/bytes.ts";
import { commitmentOf } from "../../../src/sprint/hits.ts";
import { sprintVectors } from "../../support/sprint-vectors.ts";

interface Ran {
  stdout: string;
  stderr: string;
  /** Commander's code when it refused. */
  code: string;
}

function run(args: string[]): Ran {
  const ran: Ran = { stdout: "", stderr: "", code: "" };
  const toStderr = (text: string): void => {
    ran.stderr += text;
  };
  const toStdout = (text: string): void => {
    ran.stdout += text;
  };
  const command = sprintCommand({ stdout: { write: toStdout }, stderr: { write: toStderr } });
  const quiet = (c: Command): void => {
    c.exitOverride().configureOutput({ writeErr: toStderr });
    c.commands.forEach(quiet);
  };
  quiet(command);
  try {
    command.parse(args, { from: "user" });
  } catch (error) {
    ran.code = (error as CommanderError).code;
  }
  return ran;
}

const inputs = sprintVectors.sets.P!;
const common = [
  ...["--chain-id", inputs.chain_id, "--beacon1", inputs.beacon1],
  ...["--beacon2", inputs.beacon2, "--pubkey", inputs.pubkey],
];

t.test("compute --json prints a nonce with the vectors' field names", async (t) => {
  const { set: _, ...vector } = sprintVectors.nonces[0]!;
  const options = ["--profile", vector.profile, "--nonce", vector.nonce, "--c", `${vector.c}`];
  const ran = run(["compute", ...common, ...options, "--json"]);
  t.same(JSON.parse(ran.stdout), vector);
  t.same([ran.stderr, ran.code], ["", ""]);
});

t.test("compute prints the same for people", async (t) => {
  const vector = sprintVectors.nonces[2]!;
  const options = ["--profile", vector.profile, "--nonce", vector.nonce, "--c", `${vector.c}`];
  const { stdout } = run(["compute", ...common, ...options]);
  const expected = [
    `digest                   ${vector.digest}`,
    "hit                      no, at c = 44314",
    `dot                      ${vector.dot}`,
    `trace input              ${vector.trace[0]}`,
    `trace layer 0 attention  ${vector.trace[1]}`,
    `trace layer 1 mlp        ${vector.trace[4]}`,
    `trace output             ${vector.trace[5]}`,
  ];
  for (const line of expected) t.ok(stdout.split("\n").includes(line), line);
});

t.test("hits prints the hits of a range, inclusive, and their root", async (t) => {
  const { set: _, ...vector } = sprintVectors.hits[0]!;
  const { profile, c } = vector;
  const hits = vector.hits.filter(({ nonce }) => Number(nonce) <= 9);
  const { root, count } = commitmentOf(
    hits.map(({ nonce, digest }) => ({ nonce: BigInt(nonce), digest: fromHex(digest) })),
  );
  const options = ["--profile", profile, "--from", "0", "--to", "9", "--c", String(c)];
  const expected = { profile, from: "0", to: "9", c, hits, count, root: toHex(root) };
  t.same(JSON.parse(run(["hits", ...common, ...options, "--json"]).stdout), expected);
  const few = ["--profile", profile, "--from", "0", "--to", "1", "--c", String(c)];
  const { stdout } = run(["hits", ...common, ...few]);
  t.match(stdout, /^ {19}0 {2}92bfd637[0-9a-f]{56}\n1 hits at c = 44314 in nonces 0\.\.1\nroot /);
});

t.test("bad options are refused before anything is computed", async (t) => {
  const good: Record<string, string> = { "--profile": "T", "--nonce": "0", "--c": "1" };
  const bad: [option: string, value: string, says: RegExp][] = [
    ["--profile", "X", /Not one of T, C, M, L/],
    ["--nonce", "18446744073709551616", /Not a decimal number below 2\^64/],
    ["--nonce", "-1", /Not a decimal number/],
    ["--nonce", "0x10", /Not a decimal number/],
    ["--c", "1048577", /Not an integer from 0 to 1048576/],
    ["--c", "1.5", /Not an integer/],
    ["--beacon1", "abcd", /Not 32 bytes of hex \(64 digits\)/],
    ["--pubkey", inputs.beacon1, /Not 33 bytes of hex \(66 digits\)/],
  ];
  for (const [option, value, says] of bad) {
    const options = Object.entries({ ...good, [option]: value }).flat();
    const ran = run(["compute", ...common, ...options]);
    t.equal(ran.code, "commander.invalidArgument", `${option} ${value}`);
    t.match(ran.stderr, says);
    t.equal(ran.stdout, "");
  }
  const backwards = ["--profile", "T", "--from", "2", "--to", "1", "--c", "1"];
  t.equal(run(["hits", ...common, ...backwards]).code, "commander.invalidArgument");
  t.equal(run(["compute", ...common]).code, "commander.missingMandatoryOptionValue");
});
