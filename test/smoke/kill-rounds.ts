/**
 * Random kill -9 of validators under load, round after round; after each, all four must agree on
 * every app hash and go on. `npm run test:kill -- --rounds 20 --seed 7`. Exit code 1 on divergence
 * or standstill; the seed replays the choices, not the timing.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import type { StdFee } from "@cosmjs/stargate";
import { TestNetwork } from "./network.ts";

const { values } = parseArgs({
  options: {
    rounds: { type: "string", default: "20" },
    seed: { type: "string", default: String(Date.now() % 1_000_000) },
  },
});
const rounds = Number(values.rounds);
const fee: StdFee = { amount: [{ denom: "ngonka", amount: "0" }], gas: "200000" };
/** How long a victim stays down, and how long the network runs before the next round. */
const [downMs, calmMs] = [4000, 3000];

/** Park and Miller's generator: enough to choose victims, and printable. */
function random(seed: number): () => number {
  let state = (seed % 2_147_483_646) + 1;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

async function load(network: TestNetwork, isOver: () => boolean): Promise<number> {
  let included = 0;
  while (!isOver()) {
    try {
      const { client, address } = await network.signer(1);
      const coins = [{ denom: "ngonka", amount: "1" }];
      const sent = await client.sendTokens(address, address, coins, fee);
      if (sent.code === 0) included += 1;
      client.disconnect();
    } catch {
      await sleep(500); // Its node is the victim just now.
    }
  }
  return included;
}

/** The highest block that any node has; -1 when none answers. */
async function tip(network: TestNetwork): Promise<number> {
  const nodes = [...network.localnet.nodes.keys()];
  return Math.max(...(await Promise.all(nodes.map((_, index) => network.height(index)))));
}

/** Every node has the block of that height, with the same app hash. */
async function agree(network: TestNetwork, height: number): Promise<void> {
  const nodes = [...network.localnet.nodes.keys()];
  for (const index of nodes.keys()) await network.waitForHeight(index, height);
  const hashes = await Promise.all(nodes.map((_, index) => network.appHash(index, height)));
  if (new Set(hashes).size !== 1) throw new Error(`height ${height}: ${hashes.join(" ")}`);
}

async function main(): Promise<void> {
  const next = random(Number(values.seed));
  const network = await TestNetwork.start({ validators: 4 });
  let isOver = false;
  try {
    await network.waitForHeight(0, 2);
    const transfers = load(network, () => isOver);
    for (let round = 1; round <= rounds; round++) {
      const nodes = [...network.localnet.nodes.values()];
      const all = next() < 0.2;
      const chosen = nodes[Math.floor(next() * nodes.length)];
      const victims = all ? nodes : nodes.filter((node) => node === chosen);
      await sleep(next() * calmMs);
      const before = await tip(network);
      await Promise.all(victims.map((node) => node.kill("SIGKILL")));
      await sleep(next() * downMs);
      for (const node of victims) node.start();
      const height = Math.max(before, await tip(network)) + 3;
      await agree(network, height);
      const names = victims.map(({ name }) => name).join(" ");
      console.log(`round ${round}/${rounds}: killed ${names}; all agree at ${height}`);
    }
    isOver = true;
    console.log(
      `${rounds} rounds, ${await transfers} transfers, no divergence (seed ${values.seed})`,
    );
  } finally {
    isOver = true;
    await network.stop();
  }
}

await main().catch((error: unknown) => {
  console.error(`seed ${values.seed}:`, error);
  process.exitCode = 1;
});
