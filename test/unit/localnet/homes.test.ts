/** What a localnet writes to disk: the same keys each time, one valid genesis, ports that move. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import t from "tap";
import { DefinitionError } from "../../../src/localnet/definition.ts";
import { Localnet } from "../../../src/localnet/localnet.ts";
import { planLocalnet } from "../../../src/localnet/plan.ts";
import { banner } from "../../../src/localnet/screen.ts";
import { writeHomes } from "../../../src/localnet/write-homes.ts";
import { loadConfig } from "../../../src/node/config.ts";
import { checkGenesis } from "../../../src/node/genesis/check.ts";
import { homePaths } from "../../../src/node/home.ts";
import { parseGenesis } from "../../../src/types/genesis/genesis.ts";

const freshHome = (): string => mkdtempSync(path.join(tmpdir(), "gonka-homes-"));
const genesisOf = (home: string): string => readFileSync(homePaths(home).genesis, "utf8");

t.test("every node has the same genesis, and an application starts from it", async (t) => {
  const plan = planLocalnet({ home: freshHome(), portOffset: 0, validators: 3 });
  const keys = await writeHomes(plan);
  const texts = plan.nodes.map(({ home }) => genesisOf(home));
  t.equal(new Set(texts).size, 1);
  const doc = parseGenesis(texts[0]!);
  t.equal(doc.chainId, "gonka-localnet-1");
  t.same(await checkGenesis(doc), { validators: 3, total_power: "1000000" });
  const { pow } = doc.appState as { pow: { standings: { power: string }[] } };
  t.same(
    pow.standings.map(({ power }) => power),
    ["333334", "333333", "333333"],
  );
  // m/44'/118'/0'/0/0 of "test … junk" under prefix gonka, computed with CosmJS 0.39.
  t.equal(keys.get("alice")?.address, "gonka15yk64u7zc9g9k2yr2wmzeva5qgwxps6yk8g37u");
  for (const node of plan.nodes) {
    const config = loadConfig(node.home);
    t.same(config.warnings, []);
    t.equal(config.address("rpc.laddr").port, node.rpcPort);
    t.equal(config.number("consensus.timeout_commit"), 900);
    t.equal(config.string("p2p.persistent_peers").split(",").length, 2);
  }
});

t.test("a second start keeps genesis and keys, and follows ports and timeouts", async (t) => {
  const home = freshHome();
  const first = planLocalnet({ home, portOffset: 0, validators: 2 });
  const keys = await writeHomes(first);
  const genesis = genesisOf(first.nodes[0]!.home);
  rmSync(first.nodes[1]!.home, { recursive: true }); // As if the first start had been cut off.
  const second = planLocalnet({ home, portOffset: 1000, validators: 2, nonces: 7 });
  t.same(await writeHomes(second), keys);
  for (const node of second.nodes) t.equal(genesisOf(node.home), genesis, node.name);
  t.equal(loadConfig(second.nodes[0]!.home).address("rpc.laddr").port, 27657);
  const otherSize = planLocalnet({ home, portOffset: 0, validators: 3 });
  await t.rejects(writeHomes(otherSize), DefinitionError);
  await t.rejects(writeHomes(otherSize), /holds another localnet.*or --reset to begin anew/);
});

t.test("ports that are taken move all ports up, and the screen says so", async (t) => {
  const server = createServer();
  await new Promise<void>((resolve) => {
    server.listen(0, "127.0.0.1", resolve).unref();
  });
  const blocked = (server.address() as { port: number }).port;
  const settings = { home: freshHome(), isReset: true, validators: 1, onCrash: () => {} };
  const free = await Localnet.prepare(settings);
  const file = path.join(freshHome(), "moved.toml");
  const text = readFileSync(new URL("../../../localnet/default.toml", import.meta.url), "utf8");
  const moved = text.replace("rpc = 26657", `rpc = ${blocked}`).replace("= 1000\n", "= 7\n");
  writeFileSync(file, moved);
  const shifted = await Localnet.prepare({ ...settings, home: freshHome(), file });
  t.ok(shifted.plan.portOffset > 0);
  t.equal(shifted.plan.portOffset % 7, 0);
  t.equal(shifted.plan.nodes[0]!.rpcPort, blocked + shifted.plan.portOffset);
  const options = { firstBlockSeconds: "1.0", version: "0", showSecrets: false };
  t.match(banner(shifted, options), `all of them are ${shifted.plan.portOffset} higher`);
  t.equal(banner(free, options).includes("higher"), free.plan.portOffset > 0);
  server.close();
});

t.test("the mnemonic is shown only when it may be, and never written", async (t) => {
  const home = freshHome();
  const localnet = await Localnet.prepare({
    home,
    isReset: true,
    validators: 1,
    onCrash: () => {},
  });
  const options = { firstBlockSeconds: "1.0", version: "0" };
  t.match(banner(localnet, { ...options, showSecrets: true }), "test junk");
  t.notMatch(banner(localnet, { ...options, showSecrets: false }), "junk");
  t.ok(banner(localnet, { ...options, showSecrets: true }).split("\n").length <= 40);
  localnet.writeDescription();
  const json = readFileSync(path.join(home, "localnet.json"), "utf8");
  t.notMatch(json, "junk");
  const described = JSON.parse(json);
  t.equal(described.chain_id, "gonka-localnet-1");
  t.equal(described.nodes[0].pid, null, "nothing runs yet");
  t.equal(described.pid, null);
  t.equal(described.accounts.length, 8);
});

t.test("a home whose localnet runs is left alone, also by --reset", async (t) => {
  const home = freshHome();
  const settings = { home, isReset: true, validators: 1, onCrash: () => {} };
  await Localnet.prepare(settings);
  const file = path.join(home, "localnet.json");
  writeFileSync(file, JSON.stringify({ pid: process.ppid }));
  await t.rejects(
    Localnet.prepare(settings),
    new RegExp(`process ${process.ppid} runs a localnet`),
  );
  t.ok(readFileSync(path.join(home, "genesis.json"), "utf8"), "nothing was wiped");
  for (const text of ['{"pid":null}', "{", JSON.stringify({ pid: 2 ** 30 })]) {
    writeFileSync(file, text);
    await t.resolves(Localnet.prepare(settings), text);
  }
});
