/** Light blocks over a node's RPC, and `gonkad light` on top of it. */
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import t from "tap";
import { sha256 } from "../../../src/crypto/hash.ts";
import { toHex, toUpperHex, utf8 } from "../../../src/encoding/bytes.ts";
import { fromMillis } from "../../../src/encoding/time.ts";
import { ProviderError } from "../../../src/light/errors.ts";
import { RpcProvider } from "../../../src/light/rpc-provider.ts";
import { hashHeader } from "../../../src/types/header.ts";
import { evidenceFromJson } from "../../../src/types/json/evidence.ts";
import { LightChain } from "../../support/light-chain.ts";
import { LightRpc } from "../../support/light-rpc.ts";
import { byteStrings, Noise } from "../../support/noise.ts";
import { runCli } from "../../support/run-cli.ts";

/** A set of more than one page; the clock of the command line is the real one. */
const many = Array.from({ length: 120 }, (_, i) => i + 1);
const start = Date.now() - 100_000;
const chain = new LightChain(
  () => [1, 2, 3, 4],
  (height) => fromMillis(start + 1000 * Number(height)),
);
const heights = (to: number) => Array.from({ length: to }, (_, i) => BigInt(i + 1));
const honest = (to = 20) => new LightRpc(heights(to).map((height) => chain.at(height)));
const evidenceJson = (evidence: unknown) => evidence;
const faulty = (fault: string) => ({ name: "ProviderError", fault });

t.test("a block with all pages of its set", async (t) => {
  const wide = new LightChain(() => many);
  const rpc = new LightRpc([wide.at(1n)]);
  const provider = new RpcProvider({ url: await rpc.listen(), evidenceJson });
  t.teardown(() => rpc.close());
  const block = await provider.lightBlock("latest");
  t.equal(block.validators.size, 120);
  t.same(block.header, wide.at(1n).header);
  t.same(block.commit, wide.at(1n).commit);
  t.same(block.validators.hash(), wide.at(1n).validators.hash());
});

t.test("what a node says instead of a block", async (t) => {
  const rpc = honest();
  const url = await rpc.listen();
  const provider = new RpcProvider({ url, evidenceJson });
  await t.rejects(provider.lightBlock(99n), faulty("too high"));
  rpc.blocks.delete(3n);
  await t.rejects(provider.lightBlock(3n), faulty("not found"));
  const answers: readonly [name: string, body: (body: string) => string, fault: string][] = [
    ["no JSON", () => "<html>", "bad block"],
    ["neither result nor error", () => "{}", "bad block"],
    [
      "a height that is a number",
      (body) => body.replace(/"height":"5"/g, '"height":5'),
      "bad block",
    ],
    ["hex that is none", (body) => body.replace(/"app_hash":"../, '"app_hash":"zz'), "bad block"],
    ["no end", () => " ".repeat(9_000_000), "bad block"],
    ["another error", () => '{"error":{"code":-32603,"message":"x","data":"y"}}', "no response"],
  ];
  for (const [name, tamper, fault] of answers) {
    rpc.tamper = (_, body) => tamper(body);
    await t.rejects(provider.lightBlock(5n), faulty(fault), name);
  }
  rpc.tamper = (method, body) =>
    method === "validators" ? body.replace(/"voting_power":"10"/, '"voting_power":"-1"') : body;
  await t.rejects(provider.lightBlock(5n), faulty("bad block"));
  rpc.tamper = (method, body) =>
    method === "validators" ? body.replace(/"validators":\[.*\]/, '"validators":[]') : body;
  await t.rejects(provider.lightBlock(5n), faulty("bad block"));
  await rpc.close();
  await t.rejects(provider.lightBlock(5n), faulty("no response"));
});

t.test(`${byteStrings} answers: a block of theirs or a ProviderError`, async (t) => {
  const noise = new Noise(t, 6);
  const rpc = honest();
  const url = await rpc.listen();
  const heard = new Map<string, string>();
  const listening = new RpcProvider({
    ...{ url, evidenceJson },
    fetch: async (to, init) => {
      const response = await fetch(to, init);
      heard.set(JSON.parse(String(init?.body)).method, await response.clone().text());
      return response;
    },
  });
  const whole = await listening.lightBlock(5n);
  await rpc.close();
  let read = 0;
  const provider = new RpcProvider({
    ...{ url, evidenceJson },
    fetch: async (_, init) => {
      const text = heard.get(JSON.parse(String(init?.body)).method) ?? "";
      const kind = noise.below(4);
      if (kind === 0) return new Response(text);
      if (kind === 1) return new Response(Buffer.from(noise.like([utf8(text)])));
      return new Response(JSON.stringify(noise.json(JSON.parse(text), 0.01)));
    },
  });
  for (let i = 0; i < byteStrings; i++) {
    try {
      const block = await provider.lightBlock(5n);
      if (block.header.height === whole.header.height) read++;
    } catch (error) {
      if (!(error instanceof ProviderError)) t.fail(`SEED=${noise.seed}: ${error}`);
    }
  }
  t.ok(read > 100 && read < byteStrings * 0.9, `${read} are blocks`);
});

const home = () => mkdtempSync(path.join(tmpdir(), "gonka-light-"));
const trust = ["--trusted-height", "1", "--trusted-hash", toHex(hashHeader(chain.at(1n).header))];

t.test("gonkad light verifies, stores, goes on", async (t) => {
  const rpcs = [honest(), honest()];
  const [primary = "", witness = ""] = await Promise.all(rpcs.map((each) => each.listen()));
  t.teardown(() => Promise.all(rpcs.map((each) => each.close())));
  const at = [
    "--home",
    home(),
    "--chain-id",
    "light-1",
    "--primary",
    primary,
    "--witness",
    witness,
  ];
  const none = await runCli(["light", "verify", ...at]);
  t.equal(none.code, 2, "nothing to start from");
  t.match(none.err, /trusted height/);
  const first = await runCli(["light", "verify", ...at, ...trust, "-o", "json"]);
  t.equal(first.code, 0, first.err);
  const said = JSON.parse(first.out);
  t.equal(said.height, "20");
  t.equal(said.hash, toUpperHex(hashHeader(chain.at(20n).header)));
  t.equal(said.total_voting_power, "40");
  const again = await runCli(["light", "verify", "7", ...at, "-o", "json"]);
  t.equal(JSON.parse(again.out).height, "7", "from what is stored");
  const followed = await runCli([
    "light",
    "follow",
    ...at,
    ...trust,
    "--count",
    "1",
    "--home",
    home(),
  ]);
  t.equal(JSON.parse(followed.out).height, "20");
  const folder = path.join(at[1] ?? "", "light", "light-1");
  const [file = ""] = readdirSync(folder);
  writeFileSync(path.join(folder, file), "not a light block");
  for (const name of readdirSync(folder).slice(1)) writeFileSync(path.join(folder, name), "x");
  const broken = await runCli(["light", "verify", ...at]);
  t.equal(broken.code, 3);
  t.match(broken.err, /is no light block/);
});

t.test("an attack ends with its own exit code and a file of evidence", async (t) => {
  const forged = (height: bigint) =>
    chain.forge(height, { header: { appHash: sha256(utf8("theft")) } });
  const liar = new LightRpc(
    heights(20).map((height) => (height < 15n ? chain.at(height) : forged(height))),
  );
  const witness = honest();
  t.teardown(() => Promise.all([liar.close(), witness.close()]));
  const dir = home();
  const at = ["--primary", await liar.listen(), "--witness", await witness.listen()];
  const found = await runCli([
    "light",
    "verify",
    "--home",
    dir,
    "--chain-id",
    "light-1",
    ...at,
    ...trust,
  ]);
  t.equal(found.code, 9);
  const [, file = ""] = /evidence is in (\S+)/.exec(found.err) ?? [];
  const saved = JSON.parse(readFileSync(file, "utf8"));
  t.equal(saved.length, 2);
  t.type(evidenceFromJson(saved[0]), "object", "what broadcast_evidence takes");
  t.equal(witness.evidence.length, 1);
  t.type(evidenceFromJson(witness.evidence[0]), "object");
});

t.test("help shows the defaults", async (t) => {
  const { code, out } = await runCli(["light", "verify", "--help"]);
  t.equal(code, 0);
  const text = out.replace(/\s+/g, " ");
  t.match(text, /default: 168h/);
  t.match(text, /default: 1\/3/);
});

t.test("flags that cannot be meant", async (t) => {
  const cases: readonly [string[], RegExp][] = [
    [["--trusted-height", "0"], /positive integer/],
    [["--trusted-hash", "abc"], /64 hex digits/],
    [["--trusting-period", "1 week"], /168h/],
    [["--trust-level", "third"], /1\/3/],
    [["--chain-id", "x", "--trusted-height", "5"], /belong together/],
    [[], /--chain-id/],
    [
      ["--chain-id", "x", "--trust-level", "1/5", "--witness", "http://localhost:1"],
      /between 1\/3/,
    ],
    [["--chain-id", "x"], /at least one witness/],
  ];
  for (const [flags, message] of cases) {
    const { code, err } = await runCli(["light", "verify", "--home", home(), ...flags]);
    t.equal(code, 2, flags.join(" "));
    t.match(err, message);
  }
});
