/** Where settings come from: flag, environment, config/client.toml, default; in this order. */
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import path from "node:path";
import { Command } from "commander";
import t from "tap";
import { addGlobalFlags, readSettings, type Settings } from "../../../src/cli/settings.ts";
import { runCli } from "../../support/run-cli.ts";

function settingsOf(args: readonly string[], env: Record<string, string> = {}): Settings {
  const kept = { ...process.env };
  Object.assign(process.env, env);
  try {
    let settings: Settings | undefined;
    const inner = new Command("inner").action((_, command: Command) => {
      settings = readSettings(command, "text");
    });
    addGlobalFlags(new Command("outer").addCommand(inner)).parse([...args], { from: "user" });
    return settings!;
  } finally {
    for (const name of Object.keys(env)) delete process.env[name];
    Object.assign(process.env, kept);
  }
}

function homeWith(clientToml: string): string {
  const home = mkdtempSync(path.join(tmpdir(), "gonka-settings-"));
  mkdirSync(path.join(home, "config"));
  writeFileSync(path.join(home, "config", "client.toml"), clientToml);
  return home;
}

t.test("without anything, the defaults", async (t) => {
  const env = { GONKAD_HOME: "/nowhere" };
  t.same(settingsOf(["inner"], env), {
    home: "/nowhere",
    chainId: undefined,
    node: "tcp://localhost:26657",
    keyringBackend: "file",
    passphraseFile: undefined,
    output: "text",
    trace: false,
  });
  t.equal(settingsOf(["inner"]).home, path.join(homedir(), ".gonkad"));
});

t.test("flag before environment before file before default, for every setting", async (t) => {
  const home = homeWith(
    'chain-id = "file-1"\nnode = "tcp://file:1"\nkeyring-backend = "test"\noutput = "json"\n' +
      'keyring-passphrase-file = "/file"\n',
  );
  const atHome = ["--home", home];
  const cases = [
    ["chainId", "--chain-id", "GONKAD_CHAIN_ID", "file-1", "env-1", "flag-1"],
    ["node", "--node", "GONKAD_NODE", "tcp://file:1", "tcp://env:1", "http://flag:1"],
    ["keyringBackend", "--keyring-backend", "GONKAD_KEYRING_BACKEND", "test", "file", "test"],
    ["output", "-o", "GONKAD_OUTPUT", "json", "text", "json"],
    [
      "passphraseFile",
      "--keyring-passphrase-file",
      "GONKAD_KEYRING_PASSPHRASE_FILE",
      "/file",
      "/env",
      "/flag",
    ],
  ] as const;
  for (const [key, flag, variable, inFile, inEnv, inFlag] of cases) {
    t.equal(settingsOf([...atHome, "inner"])[key], inFile, `${key} from the file`);
    const env = { [variable]: inEnv };
    t.equal(settingsOf([...atHome, "inner"], env)[key], inEnv, `${key} from ${variable}`);
    const all = settingsOf([...atHome, "inner", flag, inFlag], env);
    t.equal(all[key], inFlag, `${key} from ${flag}`);
    const empty = settingsOf([...atHome, "inner"], { [variable]: "" });
    t.equal(empty[key], inFile, `${variable}="" is as good as none`);
  }
});

t.test("a flag may stand before or after the command", async (t) => {
  t.equal(settingsOf(["--chain-id", "a", "inner"]).chainId, "a");
  t.equal(settingsOf(["inner", "--chain-id", "a"]).chainId, "a");
});

t.test("a broken client.toml ends with 3 and names file and line", async (t) => {
  const home = homeWith('chain-id = "a\nnode = 3');
  const { code, err } = await runCli(["keys", "list", "--home", home]);
  t.equal(code, 3);
  t.match(err, new RegExp(`^Error: ${home}/config/client.toml: Invalid TOML[\\s\\S]*1:`));
  t.match(err, /code: client_toml\n$/);
});
