/** localnet/*.toml: what the default says, what flags override, and every mistake by its key. */
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import t from "tap";
import {
  DefinitionError,
  defaultDefinitionFile,
  type Overrides,
  readDefinition,
} from "../../../src/localnet/definition.ts";
import { planLocalnet } from "../../../src/localnet/plan.ts";
import { devMnemonic } from "../../support/dev-mnemonic.ts";

const text = readFileSync(defaultDefinitionFile, "utf8");
const folder = mkdtempSync(path.join(tmpdir(), "gonka-definition-"));
const file = path.join(folder, "mine.toml");

/** The problems of the default definition with these changes, without the file's name. */
function problems(changes: readonly [from: string | RegExp, to: string][], overrides?: Overrides) {
  let changed = text;
  for (const [from, to] of changes) {
    const next = changed.replace(from, to);
    if (next === changed) throw new Error(`${from} is not in the default definition`);
    changed = next;
  }
  writeFileSync(file, changed);
  try {
    readDefinition(file, overrides);
  } catch (error) {
    if (!(error instanceof DefinitionError)) throw error;
    return error.problems.map((line) => line.replace(`${file}: `, ""));
  }
  return [];
}

t.test(
  "the default: four validators, six accounts, the mnemonic that everybody knows",
  async (t) => {
    const plan = planLocalnet({ home: "/h", portOffset: 0 });
    t.equal(plan.chainId, "gonka-localnet-1");
    t.equal(plan.definition.mnemonic, devMnemonic);
    t.same(
      plan.nodes.map(({ name, home, p2pPort, rpcPort, restPort, grpcPort }) => {
        return [name, home, p2pPort, rpcPort, restPort, grpcPort];
      }),
      [
        ["node1", "/h/node1", 26656, 26657, 1317, 9090],
        ["node2", "/h/node2", 26666, 26667, 1318, 9091],
        ["node3", "/h/node3", 26676, 26677, 1319, 9092],
        ["node4", "/h/node4", 26686, 26687, 1320, 9093],
      ],
    );
    t.same(
      plan.hosts.map(({ name, operator, worker, node, nonces }) => {
        return [name, operator, worker, node.name, nonces];
      }),
      [1, 2, 3, 4].map((n) => [`host${n}`, `host${n}`, `worker${n}`, `node${n}`, 48]),
    );
    t.same(
      plan.keys.map(({ name, index }) => `${name} ${index}`),
      [
        ...["alice 0", "bob 1", "carol 2", "dave 3", "erin 4", "frank 5"],
        ...["host1 100", "host2 101", "host3 102", "host4 103"],
        ...["worker1 200", "worker2 201", "worker3 202", "worker4 203"],
      ],
    );
    t.same(planLocalnet({ home: "/h", portOffset: 0 }), plan, "the same every time");
  },
);

t.test("flags go before the file", async (t) => {
  const noncesOf = new Map([["host2", 24]]);
  const options = { validators: 2, nonces: 10, noncesOf };
  const plan = planLocalnet({ home: "/h", portOffset: 1000, ...options });
  t.same(
    plan.hosts.map(({ nonces }) => nonces),
    [10, 24],
  );
  t.same(
    plan.nodes.map(({ rpcPort, restPort }) => [rpcPort, restPort]),
    [
      [27657, 2317],
      [27667, 2318],
    ],
  );
});

t.test("every mistake is named by its key, with what to write", async (t) => {
  t.same(problems([]), []);
  t.same(
    problems([
      ['chain_id = "gonka-localnet-1"', 'chain_id = "has blanks"'],
      ["validators = 4", "validators = 0\nvalidator = 4"],
      ["junk", "JUNK"],
      ["rpc = 26657", 'rpc = "26657"'],
      ["shift = 1000", ""],
      ['"900ms"', '"900"'],
      ["nonces = 48", "nonces = -1"],
      ['name = "bob"', 'name = "Bob"'],
      ["gnk = 1000000", "gnk = 0.5"],
    ]),
    [
      'chain_id: "has blanks" cannot be used; write a string, such as gonka-localnet-1',
      'mnemonic: "test test test test test test test test test test test JUNK" cannot be used; ' +
        "write a string, 12 to 24 words of BIP-39",
      "validators: 0 cannot be used; write a whole number from 1 to 100",
      'ports.rpc: "26657" cannot be used; write a whole number from 1024 to 65535',
      "ports.shift: missing; write a whole number from 1 to 10000",
      'consensus.timeout_commit: "900" cannot be used; ' +
        'write a duration from "0ms" to "600000ms"',
      "hosts.nonces: -1 cannot be used; write a whole number from 0 to 1000000",
      "accounts[0].gnk: 0.5 cannot be used; write a whole number from 0 to 100000000",
      'accounts[1].name: "Bob" cannot be used; write a string, lower-case, such as alice',
      "validator: unknown key; remove it",
    ],
  );
});

t.test("what does not fit together", async (t) => {
  t.same(problems([["p2p_step = 10", "p2p_step = 1"]]), [
    "ports.p2p: 26657 of node2 is also ports.rpc of node1; change a step",
  ]);
  t.same(problems([["rpc = 26657", "rpc = 65530"]]), [
    "ports.rpc: node2 would get 65540; choose lower ports",
  ]);
  t.same(problems([['"bob"', '"alice"']]), [
    "accounts[1].name: alice is taken; choose another name",
  ]);
  t.same(problems([['"bob"', '"host1"']]), [
    "accounts[1].name: host1 is taken; choose another name",
  ]);
  const exceptions = "[hosts.nonces_of]\nhost5 = 1\nnode1 = 2\nhost4 = -2\n";
  t.same(problems([["[hosts.nonces_of]", exceptions]]), [
    "hosts.nonces_of.host4: -2 cannot be used; write a whole number from 0 to 1000000",
    "hosts.nonces_of.host5: no such host; use host1 to host4",
    "hosts.nonces_of.node1: no such host; use host1 to host4",
  ]);
  t.same(problems([], { validators: 2, noncesOf: new Map([["host3", 1]]) }), [
    "hosts.nonces_of.host3: no such host; use host1 to host2",
  ]);
  t.same(problems([["[hosts.nonces_of]", "[hosts.nonces_of]\nhost4 = 9"]], { validators: 2 }), []);
});

t.test("shapes that are not a definition", async (t) => {
  t.match(problems([["[ports]", "[ports"]]), [/^Invalid TOML/]);
  const noTable = problems([
    [/\[consensus\][^[]*/, ""],
    ["validators = 4", "consensus = 1"],
  ]);
  t.equal(noTable[1], "consensus: not a table; write it as in localnet/default.toml");
  const noList = problems([
    [/\[\[accounts\]\][\s\S]*/, ""],
    ["validators = 4", "accounts = 1"],
  ]);
  t.ok(noList.includes("accounts: not a list; write [[accounts]]"), noList.join("\n"));
  t.throws(() => readDefinition("/nowhere.toml"), /^\/nowhere\.toml: does not exist; see/);
});
