/**
 * gonkad init and gonkad genesis: from an empty home to a document that a chain starts from, and
 * every broken document refused with the JSON path of its mistake.
 */
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import t from "tap";
import { camelCase } from "../../../src/encoding/proto-json.ts";
import { homePaths } from "../../../src/node/home.ts";
import { runCli } from "../../support/run-cli.ts";

const home = mkdtempSync(path.join(tmpdir(), "gonka-genesis-"));
const file = homePaths(home).genesis;
const gonkad = (...args: string[]) =>
  runCli([...args, "--home", home, "--keyring-backend", "test"]);

const coins = "app_state.bank.balances[0].coins";
type Json = Record<string, unknown>;

/** What stands at a path such as "app_state.pow.hosts[0]". */
function at(document: unknown, where: string): Json {
  const steps = where.split(/[.[\]]+/).filter((step) => step !== "");
  return steps.reduce((value, step) => (value as Record<string, Json>)[step]!, document as Json);
}

t.test("from init to a valid genesis with one host", async (t) => {
  const made = await gonkad("init", "me", "--chain-id", "test-1", "--profile", "localnet");
  t.equal(made.code, 0, made.err);
  t.match(JSON.parse(made.err), { moniker: "me", chain_id: "test-1", node_id: /^[0-9a-f]{40}$/ });
  for (const made of [
    "configToml",
    "appToml",
    "clientToml",
    "nodeKey",
    "privValidatorKey",
  ] as const) {
    t.ok(existsSync(homePaths(home)[made]), made);
  }
  const again = await gonkad("init", "me");
  t.match(again, { code: 3, err: /exists already\nfix: .*\ncode: genesis_exists/ });
  t.match(await gonkad("genesis", "validate"), { code: 3, err: /nobody could make|pow/ });

  for (const name of ["alice", "worker1"]) await gonkad("keys", "add", name);
  t.equal((await gonkad("genesis", "add-genesis-account", "alice", "10gnk")).code, 0);
  t.match(await gonkad("genesis", "add-genesis-account", "alice", "1gnk"), {
    code: 2,
    err: /is there already/,
  });
  const shown = await gonkad("comet", "show-validator");
  const { key } = JSON.parse(shown.out);
  const host = ["genesis", "add-host", "alice", "--worker", "worker1", "--consensus-key", key];
  const added = await gonkad(...host, "--moniker", "lighthouse");
  t.equal(added.code, 0, added.err);
  t.match(await gonkad(...host.slice(0, 5), "--consensus-key", "AAAA"), {
    code: 2,
    err: /32 bytes/,
  });
  t.match(await gonkad("genesis", "add-host", "worker1", ...host.slice(3)), {
    code: 2,
    err: /has no account in the document/,
  });
  const valid = await gonkad("genesis", "validate", "-o", "json");
  t.equal(valid.code, 0, valid.err);
  t.same(JSON.parse(valid.out), {
    file,
    chain_id: "test-1",
    validators: 1,
    total_power: "1000000",
  });
});

t.test("comet tells who the node is, the same every time", async (t) => {
  const [id, address] = [
    await gonkad("comet", "show-node-id"),
    await gonkad("comet", "show-address"),
  ];
  t.match(id.out, /^[0-9a-f]{40}\n$/);
  t.match(address.out, /^[0-9A-F]{40}\n$/);
  t.same(JSON.parse((await gonkad("tendermint", "show-node-id", "-o", "json")).out), {
    node_id: id.out.trim(),
  });
});

t.test("the hash of a genesis is that of its content", async (t) => {
  const { out } = await gonkad("genesis", "hash");
  t.match(out, /^[0-9a-f]{64}\n$/);
  const copy = path.join(home, "copy.json");
  writeFileSync(copy, JSON.stringify(JSON.parse(readFileSync(file, "utf8")), null, 7));
  t.equal((await gonkad("genesis", "hash", copy)).out, out, "whatever its layout");
  t.same(JSON.parse((await gonkad("genesis", "hash", "-o", "json")).out), { hash: out.trim() });
});

/**
 * [path of an object, member, broken value, path that the error begins with]. Without the last, it
 * begins with the path of the object and names the member.
 */
const broken: readonly (readonly [where: string, name: string, value: unknown, said?: string])[] = [
  ["", "chain_id", ""],
  ["", "chain_id", 5],
  ["", "genesis_time", "yesterday"],
  ["", "initial_height", "-1"],
  ["", "app_hash", "zz"],
  ["", "surprise", 1],
  ["consensus_params.block", "max_bytes", "0", "consensus_params"],
  ["consensus_params.evidence", "max_age_duration", "x"],
  ["consensus_params.validator", "pub_key_types", ["rsa"], "consensus_params"],
  ["app_state.auth.params", "tx_sig_limit", "many"],
  ["app_state.auth.accounts[0]", "address", "gonka1wrong"],
  ["app_state.auth.accounts[0]", "account_number", "-1"],
  ["app_state.bank.balances[0]", "address", "cosmos1abc"],
  ["app_state.bank.balances[0].coins[0]", "amount", "-5", coins],
  ["app_state.bank.balances[0].coins[0]", "denom", "!", coins],
  ["app_state.bank.params", "default_send_enabled", "yes"],
  ["app_state.gov.params", "quorum", "1.5"],
  ["app_state.gov.params", "voting_period", "soon"],
  ["app_state.pow.params", "epoch_blocks", "3"],
  ["app_state.pow.params", "max_share", "2"],
  ["app_state.pow.params", "profile", "X"],
  ["app_state.pow.hosts[0]", "consensus_pub_key", "AAAA"],
  ["app_state.pow.hosts[0]", "worker_grants", ["/b", "/a"]],
  ["app_state.pow.standings[0]", "power", "7", "app_state.pow.standings"],
  ["app_state.inference.params", "price_floor", "free"],
];

t.test("every broken document is refused with its JSON path, and nothing is started", async (t) => {
  const good = readFileSync(file, "utf8");
  for (const [where, name, value, said] of broken) {
    const document = JSON.parse(good);
    at(document, where)[name] = value;
    const copy = path.join(home, "broken.json");
    writeFileSync(copy, JSON.stringify(document));
    const { code, out, err } = await gonkad("genesis", "validate", copy);
    const named = [name, camelCase(name)].some((each) => err.split("\n")[0]!.includes(each));
    const label = `${where}.${name} = ${JSON.stringify(value)}`;
    t.equal(code, 3, label);
    t.equal(out, "", label);
    t.ok(err.startsWith(`Error: ${copy}: ${said ?? where}`), `${label}: ${err.split("\n")[0]}`);
    t.ok(named || said !== undefined, `${label} is named: ${err.split("\n")[0]}`);
    t.match(err, /\nfix: .+\ncode: bad_genesis\n$/, label);
  }
  for (const text of ["", "{", "[]", "null", '{"chain_id":"a","chain_id":"b"}']) {
    const copy = path.join(home, "broken.json");
    writeFileSync(copy, text);
    const { code, err } = await gonkad("genesis", "validate", copy);
    t.equal(code, 3, text);
    t.match(err, /code: bad_genesis\n$/, text);
  }
  t.match(await gonkad("genesis", "validate", "/nowhere.json"), {
    code: 3,
    err: /does not exist\nfix: make one with/,
  });
});

t.test("a broken document is never written over", async (t) => {
  const good = readFileSync(file, "utf8");
  writeFileSync(file, good.replace('"test-1"', '""'));
  const { code } = await gonkad("genesis", "add-genesis-account", "worker1", "1gnk");
  t.equal(code, 3);
  t.match(readFileSync(file, "utf8"), '"chain_id": ""');
  writeFileSync(file, good);
});
