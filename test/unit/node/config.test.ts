/** config.toml and app.toml: defaults, every problem at once with file, key and fix, warnings. */
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import t from "tap";
import {
  ConfigError,
  formatConfig,
  loadConfig,
  parseAddress,
  parseDuration,
} from "../../../src/node/config.ts";
import { configKeys } from "../../../src/node/config-schema.ts";

function homeWith(files: { readonly config?: string; readonly app?: string }): string {
  const home = mkdtempSync(path.join(tmpdir(), "gonka-config-"));
  mkdirSync(path.join(home, "config"));
  for (const [name, text] of Object.entries(files)) {
    writeFileSync(path.join(home, "config", `${name}.toml`), text);
  }
  return home;
}

function problemsOf(home: string): readonly string[] {
  try {
    loadConfig(home);
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
  return [];
}

t.test("without files, every key has its default", async (t) => {
  const config = loadConfig(mkdtempSync(path.join(tmpdir(), "gonka-config-")));
  t.same(config.warnings, []);
  t.equal(config.string("moniker"), "node");
  t.equal(config.number("consensus.timeout_propose"), 3000);
  t.equal(config.number("consensus.timeout_commit"), 5000);
  t.equal(config.boolean("api.enable"), true);
  t.same(config.address("rpc.laddr"), { host: "127.0.0.1", port: 26657 });
  t.throws(() => config.string("rpc.ladr"), /rpc\.ladr is not in the configuration schema/);
});

t.test("what formatConfig writes, loadConfig reads; each key has a comment", async (t) => {
  const moniker = 'a "quoted" näme \\ with\ttab';
  const values = { moniker, "consensus.timeout_commit": "1m30s", "p2p.max_num_inbound_peers": 7 };
  const text = formatConfig("config", values);
  const app = formatConfig("app", {
    "api.enable": false,
    "minimum-gas-prices": "0.025ngonka,1x/y",
  });
  const config = loadConfig(homeWith({ config: text, app }));
  t.equal(config.string("moniker"), moniker);
  t.equal(config.number("consensus.timeout_commit"), 90_000);
  t.equal(config.number("p2p.max_num_inbound_peers"), 7);
  t.equal(config.boolean("api.enable"), false);
  t.equal(config.string("minimum-gas-prices"), "0.025ngonka,1x/y");
  for (const { file, name, about } of configKeys) {
    t.ok((file === "config" ? text : app).includes(`# ${about}\n${name} = `), name);
  }
});

t.test("lists in brackets or with commas; numbers in quotes, as the SDK writes some", async (t) => {
  const origins = "https://a.example,https://b.example";
  const spelled = [`"${origins}"`, '["https://a.example", "https://b.example"]'];
  for (const value of spelled) {
    const config = loadConfig(homeWith({ config: `[rpc]\ncors_allowed_origins = ${value}` }));
    t.same(config.list("rpc.cors_allowed_origins"), origins.split(","));
  }
  const app = '[grpc]\nmax-recv-msg-size = "2048"';
  t.equal(loadConfig(homeWith({ app })).number("grpc.max-recv-msg-size"), 2048);
  const bad = {
    config: "[rpc]\ncors_allowed_origins = [5]",
    app: '[grpc]\nmax-recv-msg-size = "9"',
  };
  t.throws(() => loadConfig(homeWith(bad)), /cors_allowed_origins[\s\S]*max-recv-msg-size/);
  t.same(
    loadConfig(homeWith({ config: "[rpc]\ncors_allowed_origins = []" })).list(
      "rpc.cors_allowed_origins",
    ),
    [],
  );
});

t.test("every problem at once, each with its file, its key and what to write", async (t) => {
  const home = homeWith({
    config: `
moniker = 5
log_level = "verbose"
mempool = 3
[rpc]
laddr = "localhost"
[p2p]
laddr = "tcp://0.0.0.0:70000"
max_num_inbound_peers = 1.5
[consensus]
timeout_propose = "0s"
timeout_commit = "5 s"
timeout_prevote = 1000
skip_timeout_commit = "no"
`,
    app: 'minimum-gas-prices = "0.025"\npruning-keep-recent = 1\n',
  });
  const [config, app] = ["config", "app"].map((name) => path.join(home, "config", `${name}.toml`));
  t.same(problemsOf(home), [
    `${config}: moniker = 5 cannot be used; write a string in quotes`,
    `${config}: log_level = "verbose" cannot be used; ` +
      'write one of "debug", "info", "warn", "error"',
    `${config}: rpc.laddr = "localhost" cannot be used; ` +
      'write an address such as "tcp://127.0.0.1:26657"',
    `${config}: p2p.laddr = "tcp://0.0.0.0:70000" cannot be used; ` +
      'write an address such as "tcp://127.0.0.1:26657"',
    `${config}: p2p.max_num_inbound_peers = 1.5 cannot be used; ` +
      "write a whole number between 0 and 1000",
    `${config}: consensus.timeout_propose = "0s" cannot be used; ` +
      'write a duration such as "500ms" or "3s" between 1 ms and 60000 ms',
    `${config}: consensus.timeout_prevote = 1000 cannot be used; ` +
      'write a duration such as "500ms" or "3s" between 1 ms and 60000 ms',
    `${config}: consensus.timeout_commit = "5 s" cannot be used; ` +
      'write a duration such as "500ms" or "3s" between 0 ms and 600000 ms',
    `${config}: consensus.skip_timeout_commit = "no" cannot be used; write true or false`,
    `${config}: mempool is not a section; write [mempool] above its keys`,
    `${app}: minimum-gas-prices = "0.025" cannot be used; write gas prices such as "0.025ngonka"`,
    `${app}: pruning-keep-recent = 1 cannot be used; ` +
      "write a whole number between 2 and 1000000",
  ]);
});

t.test("a file that is no TOML, or endless, is a problem, not a crash", async (t) => {
  t.match(problemsOf(homeWith({ config: "moniker = " })), [/config\.toml: Invalid TOML/]);
  t.match(problemsOf(homeWith({ app: `# ${"x".repeat(1_100_000)}` })), [/longer than 1048576/]);
});

t.test("an unknown key is a warning that names the nearest known one", async (t) => {
  const config = "monicker = 'a'\n[consensus]\ntimeout_comit = '1s'\n[p2p]\naddr_book_file = ''\n";
  const home = homeWith({ config });
  const file = path.join(home, "config", "config.toml");
  t.same(loadConfig(home).warnings, [
    `${file}: unknown key monicker; did you mean moniker?`,
    `${file}: unknown key consensus.timeout_comit; did you mean consensus.timeout_commit?`,
    `${file}: unknown key p2p.addr_book_file; did you mean p2p.addr_book_strict?`,
  ]);
});

t.test("durations in Go's notation", async (t) => {
  const good = { "500ms": 500, "3s": 3000, "1m30s": 90_000, "1h": 3_600_000, "1.5s": 1500, "0": 0 };
  for (const [text, ms] of Object.entries(good)) t.equal(parseDuration(text), ms, text);
  for (const text of ["", "5", "s", "-1s", "1 s", "1d", "1s ", "1..5s", "1e3s", "9".repeat(400)]) {
    t.equal(parseDuration(text), undefined, `"${text.slice(0, 20)}"`);
  }
});

t.test("addresses", async (t) => {
  t.same(parseAddress("tcp://[::1]:1"), { host: "::1", port: 1 });
  t.same(parseAddress("localhost:0"), { host: "localhost", port: 0 });
  for (const text of ["", "tcp://:1", "tcp://a", "http://a:1", "a:65536", "a:b", "tcp://a:1/x"]) {
    t.equal(parseAddress(text), undefined, `"${text}"`);
  }
});
