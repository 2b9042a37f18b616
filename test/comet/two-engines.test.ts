/**
 * One network of two engines: two validators of CometBFT in libp2p mode and two of gonka-ts, with
 * kills, and late nodes that catch up from the other engine alone. `npm run test:two-engines`;
 * BLOCKS says how many (1,000 when left out), COMETBFT which version. Needs Go.
 */
import t, { type Test } from "tap";
import { sha256 } from "../../src/crypto/hash.ts";
import { utf8 } from "../../src/encoding/bytes.ts";
import { alice, appState, bob, carol, chainId, dave } from "../support/app-chain.ts";
import { findCometBft } from "./comet-chain.ts";
import { EngineNetwork, type Plan } from "./two-engines/engine-network.ts";
import type { EngineNode } from "./two-engines/engine-node.ts";
import { bankSource, keySource, Load, type Source } from "./two-engines/load.ts";

const version = process.env.COMETBFT ?? "v0.39.4";
const blocks = Number(process.env.BLOCKS ?? 1_000);
const comet = findCometBft(version);
const skip = "skip" in comet && `NOT TRIED: ${comet.skip}`;
if (skip) process.stderr.write(`\n*** one network of two engines: ${skip}\n\n`);

const validators = ["c0", "c1", "g0", "g1"] as const;
const plans: readonly Plan[] = [
  { name: "c0", kind: "comet", isValidator: true },
  { name: "c1", kind: "comet", isValidator: true },
  { name: "g0", kind: "gonka", isValidator: true },
  { name: "g1", kind: "gonka", isValidator: true },
  // Late, and without a peer of their own engine.
  { name: "c2", kind: "comet", isValidator: false, peers: ["g0", "g1"] },
  { name: "g2", kind: "gonka", isValidator: false, peers: ["c0", "c1"] },
];

/** kill -9, some blocks without it, and its return to the height of the others. */
async function killAndReturn(t: Test, victim: EngineNode, witness: EngineNode): Promise<void> {
  const at = await witness.height();
  await victim.end("SIGKILL");
  await witness.reaches(at + 5);
  victim.start();
  const back = (await witness.height()) + 5;
  await victim.reaches(back);
  t.comment(`${victim.name}: killed at ${at}, has block ${back} again`);
}

async function joinsLate(t: Test, late: EngineNode, witness: EngineNode): Promise<void> {
  const before = await witness.height();
  late.start();
  await late.reaches(before);
  t.comment(`${late.name}: has ${before} blocks of the other engine`);
}

/** The same blocks and app hashes at every height, proposed by all four. */
async function compare(t: Test, network: EngineNetwork, to: number): Promise<void> {
  const [first, ...others] = await Promise.all(network.nodes.map((node) => node.metas(1, to)));
  t.equal(first?.length, to);
  const facts = (metas: typeof first) =>
    metas?.map(({ block_id, header }) => `${header.height} ${block_id.hash} ${header.app_hash}`);
  for (const [n, other] of others.entries()) {
    t.same(facts(other), facts(first), `${network.nodes[n + 1]?.name} has the blocks of c0`);
  }
  const proposed = new Map<string, number>();
  for (const { header } of first ?? []) {
    const { proposer_address: who } = header;
    proposed.set(who, (proposed.get(who) ?? 0) + 1);
  }
  // How many each: a validator that was killed misses turns until it is back.
  t.equal(proposed.size, validators.length, "all four have proposed");
  t.comment(`proposals: ${[...proposed.values()].join(", ")}`);
  const txs = first?.reduce((sum, { num_txs }) => sum + Number(num_txs), 0);
  t.comment(`${to} blocks, ${txs} transactions`);
}

async function run(
  t: Test,
  network: EngineNetwork,
  { to, source }: { readonly to: number; readonly source: (name: string) => Source },
): Promise<void> {
  t.comment(network.home);
  for (const name of validators) network.node(name).start();
  await Promise.all(validators.map((name) => network.node(name).reaches(2)));
  const [c0, c1, g0, g1] = validators.map((name) => network.node(name)) as [
    EngineNode,
    EngineNode,
    EngineNode,
    EngineNode,
  ];
  const load = new Load([c0, g0].map((node) => ({ node, source: source(node.name) })));
  const beginning = Date.now();
  await c0.reaches(Math.floor(to / 4));
  await killAndReturn(t, c1, g0);
  await c0.reaches(Math.floor(to / 2));
  await killAndReturn(t, g1, c0);
  await c0.reaches(Math.floor((to * 3) / 4));
  await joinsLate(t, network.node("c2"), g0);
  await joinsLate(t, network.node("g2"), c0);
  await c0.reaches(to);
  await load.stop();
  const seconds = (Date.now() - beginning) / 1_000;
  t.comment(`block ${to} after ${seconds.toFixed(0)} s; taken: ${[...load.taken].join(" ")}`);
  for (const side of [c0, g0]) t.ok((load.taken.get(side.name) ?? 0) > to / 4, side.name);
  await Promise.all(network.nodes.map((node) => node.reaches(to + 2)));
  for (const { name, falls, options } of network.nodes) {
    if (options.kind === "gonka") t.equal(falls, 0, `${name} has never ended by itself`);
    else if (falls > 0) t.comment(`${name} has ended by itself ${falls} times`);
  }
  await compare(t, network, to);
}

t.test(`kvstore, CometBFT ${version}`, { skip }, async (t) => {
  if ("skip" in comet) return;
  const network = await EngineNetwork.prepare({
    binary: comet.binary,
    plans,
    gonkaArgs: ["--app", "kvstore"],
    cometApp: "kvstore",
    timeoutCommit: "100ms",
  });
  t.teardown(() => network.stop());
  await run(t, network, { to: blocks, source: keySource });
  // What was sent to one engine is found on the other.
  for (const [sent, asked] of [
    ["c0", "g1"],
    ["g0", "c1"],
  ] as const) {
    const data = Buffer.from(`${sent}-0`).toString("hex");
    type Answer = { response: { value: string } };
    const { response } = await network.node(asked).rpc<Answer>("abci_query", { data, path: "" });
    t.equal(Buffer.from(response.value, "base64").toString(), "v", `${sent} to ${asked}`);
  }
});

t.test("our application, behind CometBFT's socket on one side", { skip }, async (t) => {
  if ("skip" in comet) return;
  const names = { c0: alice, c1: bob, g0: carol, g1: dave };
  const network = await EngineNetwork.prepare({
    binary: comet.binary,
    plans,
    gonkaArgs: [],
    cometApp: "socket",
    timeoutCommit: "100ms",
    genesis: { chain_id: chainId, validators: undefined, app_state: appState() },
    validatorSeed: (name) => {
      const holder = names[name as keyof typeof names]?.name ?? name;
      return sha256(utf8(`consensus ${holder}`));
    },
  });
  t.teardown(() => network.stop());
  const to = Math.max(60, Math.floor(blocks / 5));
  const source = (name: string) =>
    name === "c0" ? bankSource(alice, bob) : bankSource(carol, dave);
  await run(t, network, { to, source });
});
