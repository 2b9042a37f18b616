/**
 * The host agent over RPC: CosmJS as it is, the agent's own loop and thread, a node that comes and
 * goes, and the end by a signal. spec/host.md, "Running".
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import t, { type Test } from "tap";
import { secp256k1PublicKey } from "../../../src/crypto/secp256k1.ts";
import { toBech32 } from "../../../src/encoding/bech32.ts";
import { toHex } from "../../../src/encoding/bytes.ts";
import { ChainClient } from "../../../src/host/chain-client.ts";
import { TxRefusal } from "../../../src/host/expected.ts";
import { type HostConfig, runHost } from "../../../src/host/run-host.ts";
import { FakeRpc } from "../../support/fake-rpc.ts";
import { FakeSprintChain } from "../../support/fake-sprint-chain.ts";

const workerKey = new Uint8Array(32).fill(7);
const hostKey = secp256k1PublicKey(workerKey);
const operator = toBech32("gonka", new Uint8Array(20).fill(1));

async function clientOf(t: Test, gasPrice = "0.5ngonka") {
  const chain = new FakeSprintChain([{ operator, hostKey }]);
  const rpc = new FakeRpc(chain);
  const rpcUrl = await rpc.listen();
  t.teardown(() => rpc.close());
  const { chainId } = chain;
  const client = await ChainClient.create({
    rpcUrl,
    chainId,
    prefix: "gonka",
    workerKey,
    gasPrice,
  });
  t.teardown(() => client.close());
  return { chain, rpc, client };
}

const commitOf = (signer: string) => ({
  msg: {
    typeUrl: "/gonka.pow.v1.MsgCommitSprint",
    value: {
      signer,
      host: operator,
      epoch: 1n,
      sprint: 0,
      tier: 2,
      root: new Uint8Array(32).fill(9),
      count: 3n,
    },
  },
  gasLimit: 300_001,
  timeoutHeight: 15n,
});

t.test("queries come back as the chain has them; what is absent is undefined", async (t) => {
  const { chain, client } = await clientOf(t);
  chain.advanceTo(22n);
  t.same(await client.view(), await chain.view());
  t.same(await client.params(), await chain.params());
  t.equal(toHex((await client.host(operator))!.workerPubKey), toHex(hostKey));
  t.equal(await client.host("gonka1nobody"), undefined);
  t.equal(await client.opening(1n, operator), undefined);
  t.same(await client.commitments(1n), []);
  t.same(await client.attestations(1n), []);
  chain.duties = [{ verifier: operator, host: "gonka1other", slot: 1 }];
  t.match(await client.assignments(1n), [{ verifier: operator, host: "gonka1other", slot: 1 }]);
  t.match(await client.participants(1n), [{ operator, power: 1n }]);
});

t.test("sends signed transactions with fee and timeout, and hears how they end", async (t) => {
  const { chain, rpc, client } = await clientOf(t);
  chain.advanceTo(11n);
  const tx = commitOf(client.signer);
  const hash = await client.send(tx);
  t.equal(await client.outcome(hash), undefined);
  chain.advanceTo(12n);
  t.match(await client.outcome(hash), { code: 0 });
  t.match(chain.commits, [{ operator, tier: 2, count: 3n }]);
  t.match(chain.sent, [{ gasLimit: 300_001, timeoutHeight: 15n }]);
  t.match(rpc.fees, [[{ denom: "ngonka", amount: "150001" }]], "rounded up");
  chain.refusals = [new TxRefusal("sdk", 13, "insufficient fees")];
  await t.rejects(client.send(tx), { name: "TxRefusal", codespace: "sdk", code: 13 });
  const again = await client.send(tx);
  chain.advanceTo(13n);
  t.match(await client.outcome(again), { code: 1, log: "duplicate" });
});

t.test("a price of zero pays no coins", async (t) => {
  const { rpc, client } = await clientOf(t, "0ngonka");
  await client.send(commitOf(client.signer));
  t.same(rpc.fees, [[]]);
});

t.test("a node of another chain is not believed, and asked again later", async (t) => {
  const { chain, rpc, client } = await clientOf(t);
  rpc.network = "other-1";
  await t.rejects(client.view(), /is on other-1, not on host-test-1/);
  rpc.network = chain.chainId;
  t.ok(await client.view());
});

/** Runs an agent until the test aborts it. */
function hostOf(t: Test, change: Partial<HostConfig>) {
  const stateFolder = mkdtempSync(path.join(tmpdir(), "run-host-"));
  t.teardown(() => rmSync(stateFolder, { recursive: true, force: true }));
  const lines: Record<string, unknown>[] = [];
  const stop = new AbortController();
  const config = {
    rpcUrl: "http://127.0.0.1:1",
    chainId: "host-test-1",
    operator,
    workerKey,
    stateFolder,
    gasPrice: "0ngonka",
    pollMs: 5,
    log: (line: string) => void lines.push(JSON.parse(line)),
    ...change,
  };
  t.teardown(() => stop.abort());
  const events = () => lines.map(({ event }) => event);
  return { stop, events, stateFolder, done: runHost(config, stop.signal) };
}

async function until(what: () => boolean): Promise<void> {
  while (!what()) await new Promise((resolve) => setTimeout(resolve, 5));
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

t.test("waits for a node that is not there, outlives its restart, stops when told", async (t) => {
  const chain = new FakeSprintChain([{ operator, hostKey }]);
  const port = await freePort();
  const host = hostOf(t, { rpcUrl: `http://127.0.0.1:${port}` });
  await until(() => host.events().includes("tick failed"));
  const first = new FakeRpc(chain);
  t.teardown(() => first.close());
  await first.listen(port);
  await until(() => host.events().includes("epoch"));
  await until(() => readdirSync(host.stateFolder).includes("status.json"));
  const status = () => JSON.parse(readFileSync(path.join(host.stateFolder, "status.json"), "utf8"));
  t.equal(status().height, "1");
  await first.close();
  chain.advanceTo(3n);
  const second = new FakeRpc(chain);
  await second.listen(port);
  t.teardown(() => second.close());
  await until(() => status().height === "3");
  t.match(status(), { epoch: "1", duty: "wait", nonces: "0", hits: 0, note: "" });
  t.ok(host.events().includes("node reachable again"));
  host.stop.abort();
  await host.done;
  t.equal(host.events().at(-1), "stopped");
});

t.test("a malformed config is refused at once", async (t) => {
  const cases: [Partial<HostConfig>, RegExp][] = [
    [{ operator: "gonka1nonsense" }, /gonka1nonsense is not a bech32 address/],
    [{ maxNonces: -1n }, /maxNonces -1/],
    [{ gasPrice: "cheap" }, /Invalid gas price/],
    [{ workerKey: new Uint8Array(31) }, /./],
  ];
  for (const [change, says] of cases) await t.rejects(hostOf(t, change).done, says);
});
