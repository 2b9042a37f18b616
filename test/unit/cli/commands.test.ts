/** Every command: its help, its usage errors, the version, and the table of exit codes. */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import type { Command } from "commander";
import t from "tap";
import { CliError, exitCodes, formatError, toCliError } from "../../../src/cli/errors.ts";
import { program } from "../../../src/cli/main.ts";
import { ConfigError } from "../../../src/node/config.ts";
import { appVersion } from "../../../src/node/version.ts";
import { runCli } from "../../support/run-cli.ts";

const root = new URL("../../../", import.meta.url);

/** Every command that does something, as the words that call it. */
function leaves(command: Command, words: readonly string[] = []): string[][] {
  if (command.commands.length === 0) return [[...words]];
  return command.commands.flatMap((inner) => leaves(inner, [...words, inner.name()]));
}

t.test("the help of every command has a description and an example that calls it", async (t) => {
  const commands = leaves(await program());
  t.ok(commands.length > 70, `${commands.length} commands`);
  for (const words of commands) {
    const { code, out } = await runCli([...words, "--help"]);
    t.equal(code, 0, words.join(" "));
    t.match(out.split("\n")[2], /^[a-z]/, `${words.join(" ")} has a description`);
    t.ok(out.includes(`\n  gonkad ${words.join(" ")}`), `${words.join(" ")} has an example`);
    t.match(out, /--home <dir>/, `${words.join(" ")} knows the common flags`);
  }
});

t.test("docs/cli.md names every command and every exit code", async (t) => {
  const docs = readFileSync(new URL("docs/cli.md", root), "utf8");
  for (const words of leaves(await program())) {
    t.ok(docs.includes(`\`${words.join(" ")}`), words.join(" "));
  }
  for (const [name, code] of Object.entries(exitCodes)) {
    t.match(docs, new RegExp(`^\\| ${code} \\| `, "m"), `${code} ${name}`);
  }
});

t.test("the version is that of package.json", async (t) => {
  const { version } = JSON.parse(readFileSync(new URL("package.json", root), "utf8"));
  t.equal(appVersion, version);
  t.equal((await runCli(["version"])).out, `${version}\n`);
  t.equal((await runCli(["--version"])).out, `${version}\n`);
  t.same(JSON.parse((await runCli(["version", "-o", "json"])).out), { version });
});

t.test(
  "a command line that cannot be understood ends with 2 and says what was meant",
  async (t) => {
    const cases: readonly (readonly [args: string[], said: RegExp])[] = [
      [["stat"], /unknown command 'stat'[\s\S]*Did you mean start/],
      [["status", "--humn"], /unknown option '--humn'[\s\S]*--human/],
      [["tx", "bank", "send", "alice"], /missing required argument 'to'/],
      [["host"], /required option '--operator <key>'/],
      [["status", "-o", "xml"], /unknown output format "xml"\nfix: use -o json or -o text/],
      [["status", "--node", "localhost"], /--node localhost is no address/],
      [["keys", "list", "--keyring-backend", "os"], /unknown keyring backend "os"/],
      [["query", "block", "tip"], /"tip" is no height/],
      [["query", "tx", "abc"], /"abc" is no transaction hash\nfix: give 64 hex digits/],
      [["query", "bank", "balances", "x", "--height", "tip"], /--height is no height/],
      [["localnet", "--validators", "101"], /from 1 to 100/],
      [["localnet", "--host-nonces", "two=24"], /write host2=24/],
      [["keys", "add", "a", "--index", "x"], /whole number below 2\^31/],
      [["init", "me", "--profile", "main"], /use gonka or localnet/],
    ];
    for (const [args, said] of cases) {
      const { code, err, out } = await runCli(args);
      t.equal(code, exitCodes.usage, args.join(" "));
      t.match(err, said, args.join(" "));
      t.equal(out, "", "nothing on stdout");
    }
  },
);

t.test("every error has a cause, a fix and a code", async (t) => {
  const error = new CliError("mismatch", "wrong_chain", { cause: "not that chain", fix: "look" });
  t.equal(formatError(error), "Error: not that chain\nfix: look\ncode: wrong_chain\n");
  t.equal(error.exit, 9);
  const refused = new TypeError("fetch failed", { cause: { code: "ECONNREFUSED" } });
  t.match(toCliError(refused), { exit: 4, id: "node_unreachable" });
  t.match(toCliError(new ConfigError(["a: b"])), { exit: 3, id: "bad_config", message: "a: b" });
  t.match(toCliError("what"), { exit: 1, id: "unexpected", message: "what" });
  t.match(toCliError(error), error);
});

t.test("a node that is not there ends with 4", async (t) => {
  const nowhere = ["--node", `tcp://127.0.0.1:${await unusedPort()}`];
  for (const args of [["status"], ["query", "bank", "total-supply"], ["query", "block"]]) {
    const { code, err } = await runCli([...args, ...nowhere]);
    t.equal(code, exitCodes.unreachable, args.join(" "));
    t.match(err, /cannot be reached: ECONNREFUSED\nfix: check --node.*\ncode: node_unreachable\n$/);
  }
});

async function unusedPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

t.test("--trace adds the stack", async (t) => {
  const args = ["status", "--node", `tcp://127.0.0.1:${await unusedPort()}`];
  t.notMatch((await runCli(args)).err, /\n {4}at /);
  t.match((await runCli([...args, "--trace"])).err, /\n {4}at /);
});

t.test("sprint compute and hits print the fields of the vectors", async (t) => {
  const file = new URL("test/vectors/isp1.json", root);
  const { sets, nonces, hits } = JSON.parse(readFileSync(file, "utf8"));
  const set = ["--profile", "T", "--chain-id", sets.P.chain_id, "--pubkey", sets.P.pubkey];
  const beacons = ["--beacon1", sets.P.beacon1, "--beacon2", sets.P.beacon2];
  const [vector] = nonces;
  const flags = [...set, ...beacons, "--c", String(vector.c), "--json"];
  const one = await runCli(["sprint", "compute", "--nonce", vector.nonce, ...flags]);
  t.equal(one.code, 0, one.err);
  const { digest, hit, dot, v2, t2, trace } = JSON.parse(one.out);
  const { nonce: _, set: __, profile: ___, c: ____, ...expected } = vector;
  t.same({ digest, hit, dot, v2, t2, trace }, expected);
  const few = await runCli(["sprint", "hits", "--from", "0", "--to", "7", ...flags]);
  t.equal(few.code, 0, few.err);
  const known = hits[0].hits.filter((entry: { nonce: string }) => Number(entry.nonce) <= 7);
  t.same(JSON.parse(few.out).hits, known);
});
