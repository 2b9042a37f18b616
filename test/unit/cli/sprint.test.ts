/** `gonkad sprint bench, selftest, rehearse`: what they print, how they end, what they refuse. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import t, { type Test } from "tap";
import { exitCodes } from "../../../src/cli/errors.ts";
import { operationsPerNonce } from "../../../src/cli/sprint/bench.ts";
import { selfTestCommand } from "../../../src/cli/sprint/self-test.ts";
import { hitProbability, publishedTiers } from "../../../src/cli/sprint/sprint-window.ts";
import { toBase64 } from "../../../src/encoding/bytes.ts";
import type { Params } from "../../../src/gen/gonka/pow/v1/params.ts";
import { QueryParamsResponse } from "../../../src/gen/gonka/pow/v1/query.ts";
import { loadAddon } from "../../../src/native/addon.ts";
import { backendNames } from "../../../src/native/open-engine.ts";
import { profiles } from "../../../src/sprint/profiles.ts";
import { runCli } from "../../support/run-cli.ts";

const loaded = loadAddon();
const withAddon = "missing" in loaded ? { skip: loaded.missing } : {};

t.test("bench measures the twin: a machine without a compiler can be measured too", async (t) => {
  const args = ["sprint", "bench", "--profile", "T", "--seconds", "1", "--backend", "typescript"];
  const { code, out, err } = await runCli([...args, "--json"]);
  t.equal(code, 0, err);
  const found = JSON.parse(out);
  t.match(found, { profile: "T", implementation: "typescript", batch: 1, peakGops: null });
  t.ok(found.nonces >= 1 && found.noncesPerSecond > 0 && found.noncesPerCoreSecond > 0);
  t.ok(found.processMemoryBytes > 0);
  const giga = operationsPerNonce(profiles.T) / 1e9;
  t.ok(Math.abs(found.gops / (found.noncesPerSecond * giga) - 1) < 0.01);
});

t.test("bench gives a share of the peak of compiled backends", withAddon, async (t) => {
  const args = ["sprint", "bench", "--profile", "T", "--seconds", "1", "--threads", "1"];
  for (const backend of (await backendNames()).filter((name) => name !== "typescript")) {
    const { code, out, err } = await runCli([...args, "--backend", backend, "-o", "json"]);
    t.equal(code, 0, err);
    const found = JSON.parse(out);
    t.match(found, { backend, implementation: "native", threads: 1 });
    t.ok(found.percentOfPeak > 0 && found.peakGops > 0 && found.engineMemoryBytes > 0, backend);
  }
  const { out } = await runCli([...args, "--batch", "3"]);
  t.match(out, /^profile: T\nimplementation: native\n[\s\S]*\nbatch: 3\n/);
});

t.test("operations of a nonce are those of the published table", async (t) => {
  const ops = [profiles.T, profiles.C, profiles.M, profiles.L].map(operationsPerNonce);
  t.same(
    ops.map((each) => Number(each.toPrecision(2))),
    [5.7e7, 7e9, 4.5e11, 7.2e12],
  );
});

t.test("selftest lists every test of every backend", async (t) => {
  const { code, out, err } = await runCli(["sprint", "selftest", "--profile", "T", "-o", "json"]);
  t.equal(code, 0, err);
  const { passed, tests } = JSON.parse(out);
  t.equal(passed, true);
  const backends = new Set(tests.map(({ backend }: { backend: string }) => backend));
  t.same([...backends], await backendNames());
  const { out: text } = await runCli(["sprint", "selftest", "--profile", "T"]);
  t.match(text, /^typescript {5}pass {2}golden digests of profile T/m);
  t.equal(text.split("\n").length - 1, tests.length);
});

t.test("selftest ends with 10 when a test fails", async (t) => {
  const before = process.exitCode;
  let text = "";
  const write = (part: string): void => {
    text += part;
  };
  const sink = { write };
  const results = [
    { backend: "broken", test: "all +127 by +127", passed: false },
    { backend: "sound", test: "all +127 by +127", passed: true },
  ];
  const command = selfTestCommand({ stdout: sink, stderr: sink }, async () => results);
  await command.parseAsync([], { from: "user" });
  t.equal(process.exitCode, exitCodes.doctorFailed);
  process.exitCode = before;
  t.match(text, /^broken +FAIL {2}all \+127 by \+127\nsound +pass/);
});

t.test("the chance of a hit is that of the tier", async (t) => {
  for (const { k, c } of publishedTiers) {
    t.ok(Math.abs(hitProbability(c) * 2 ** k - 1) < 0.001, `tier ${k}`);
  }
  t.equal(hitProbability(0), 0.5);
});

t.test("rehearse tells hits and weight to expect, from flags", withAddon, async (t) => {
  const args = ["sprint", "rehearse", "--profile", "T", "--seconds", "1", "--tier", "3"];
  const { code, out, err } = await runCli([...args, "--window-seconds", "100", "--json"]);
  t.equal(code, 0, err);
  const found = JSON.parse(out);
  t.match(found, { parameters: "flags", profile: "T", windowSeconds: 100, tier: { k: 3 } });
  const { computed, tier, otherTiers } = found;
  t.ok(computed.nonces > 0);
  const expected = computed.noncesPerSecond * 100 * hitProbability(75_513);
  t.ok(Math.abs(tier.expectedHits / expected - 1) < 0.01);
  t.ok(Math.abs(tier.expectedWeight / (tier.expectedHits * 8) - 1) < 0.01);
  t.equal(otherTiers.length, publishedTiers.length - 1);
  const bare = JSON.parse((await runCli([...args.slice(0, 6), "--c", "1000", "--json"])).out);
  t.same(Object.keys(bare.tier), ["c", "expectedHits"], "a bare threshold has no weight");
});

/** As much of a node's RPC as a rehearsal reads: blocks of 2.5 seconds. */
async function fakeNode(t: Test, params: Partial<Params> | undefined, height = 41) {
  const value = QueryParamsResponse.encode(QueryParamsResponse.fromPartial({ params })).finish();
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "", "http://node");
    const at = Number(url.searchParams.get("height")) * 2500;
    const result = {
      "/abci_query": { response: { code: 0, value: toBase64(value) } },
      "/status": {
        sync_info: { latest_block_height: `${height}`, earliest_block_height: "1" },
      },
      "/block": { block: { header: { time: new Date(at).toISOString() } } },
    }[url.pathname];
    response.end(JSON.stringify({ jsonrpc: "2.0", id: -1, result }));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.teardown(() => server.close());
  return `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

t.test("rehearse reads profile, tiers and window from a node", withAddon, async (t) => {
  const tiers = [{ k: 4, c: 100_603 }];
  const node = await fakeNode(t as Test, { profile: "T", tiers, generateBlocks: 20n });
  const args = ["sprint", "rehearse", "--node", node, "--seconds", "1", "--json"];
  const { code, out, err } = await runCli(args);
  t.equal(code, 0, err);
  const expected = { parameters: node, profile: "T", windowSeconds: 50, tier: { k: 4 } };
  t.match(JSON.parse(out), { ...expected, otherTiers: [] });
  const other = await fakeNode(t as Test, undefined);
  t.match(await runCli(["sprint", "rehearse", "--node", other]), { code: exitCodes.mismatch });
  const young = await fakeNode(t as Test, { profile: "T", tiers, generateBlocks: 20n }, 1);
  t.match(await runCli(["sprint", "rehearse", "--node", young]), { code: exitCodes.failed });
});

t.test("what cannot be measured is refused by code and exit code", async (t) => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const nowhere = `tcp://127.0.0.1:${(server.address() as AddressInfo).port}`;
  server.close();
  await once(server, "close");
  const cases: [args: string[], exit: number, said: RegExp][] = [
    [["bench", "--backend", "abacus"], exitCodes.usage, /no backend abacus\nfix: .*selftest/],
    [["bench", "--profile", "X"], exitCodes.usage, /Not one of T, C, M, L/],
    [["bench", "--seconds", "0"], exitCodes.usage, /whole number from 1/],
    [["bench", "--threads", "0"], exitCodes.usage, /whole number from 1 to 1024/],
    [["selftest", "--profile", "Z"], exitCodes.usage, /Not one of/],
    [["rehearse", "--tier", "7"], exitCodes.usage, /there is no tier 7\nfix: take one of 2, 3/],
    [["rehearse", "--tier", "2", "--c", "5"], exitCodes.usage, /cannot be used with/],
    [["rehearse", "--c", "2000000"], exitCodes.usage, /0 to 1048576/],
    [["rehearse", "--node", nowhere], exitCodes.unreachable, /ECONNREFUSED/],
  ];
  for (const [args, exit, said] of cases) {
    const { code, err, out } = await runCli(["sprint", ...args]);
    t.equal(code, exit, args.join(" "));
    t.match(err, said, args.join(" "));
    t.equal(out, "");
  }
});
