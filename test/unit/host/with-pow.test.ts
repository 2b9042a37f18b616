/**
 * Host agents on the real proof-of-work module: what they send is what it takes, and the epoch
 * settles by it. The Sprint itself is the module tests' cheap one, where every nonce is a hit.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import t, { type Test } from "tap";
import type {
  QueryAssignmentsResponse,
  QueryAttestationsResponse,
  QueryCommitmentsResponse,
  QueryEpochResponse,
  QueryHostResponse,
  QueryOpeningResponse,
  QueryParamsResponse,
  QueryParticipantsResponse,
} from "../../../src/gen/gonka/pow/v1/query.ts";
import { Outcome } from "../../../src/gen/gonka/pow/v1/types.ts";
import type {
  Chain,
  MiningBatch,
  MiningJob,
  OutgoingTx,
  RecomputeJob,
  SprintEngine,
} from "../../../src/host/expected.ts";
import { jsonLog } from "../../../src/host/log.ts";
import { SprintAgent } from "../../../src/host/sprint-agent.ts";
import { ModuleError, sdkErrors } from "../../../src/modules/errors.ts";
import type { SprintId } from "../../../src/sprint/seeds.ts";
import { chainId, hostKeys, PowChain, powGenesis } from "../../support/pow-chain.ts";

/** Transactions wait here for the next block. */
class PowClient implements Chain {
  readonly #chain: PowChain;
  readonly #waiting: { hash: string; tx: OutgoingTx }[] = [];
  readonly outcomes = new Map<string, { code: number; log: string; typeUrl: string }>();
  constructor(chain: PowChain) {
    this.#chain = chain;
  }

  /** The next block, with everything that waits. */
  block(): void {
    this.#chain.block(() => {
      for (const { hash, tx } of this.#waiting.splice(0)) {
        const { typeUrl, value } = tx.msg;
        try {
          this.#chain.send(typeUrl.replace("/gonka.pow.v1.", ""), value);
          this.outcomes.set(hash, { code: 0, log: "", typeUrl });
        } catch (error) {
          if (!(error instanceof ModuleError)) throw error;
          this.outcomes.set(hash, { code: error.code, log: error.message, typeUrl });
        }
      }
    });
  }

  #ask<Response>(name: string, request: object): Response | undefined {
    try {
      return this.#chain.ask<Response>(name, request);
    } catch (error) {
      const absent = [sdkErrors.notFound("").code, sdkErrors.keyNotFound("").code];
      if (error instanceof ModuleError && absent.includes(error.code)) return undefined;
      throw error;
    }
  }

  async view() {
    const found = this.#ask<QueryEpochResponse>("CurrentEpoch", {});
    return found?.epoch && { height: found.height, epoch: found.epoch };
  }
  async params() {
    return this.#chain.ask<QueryParamsResponse>("Params", {}).params!;
  }
  async host(operator: string) {
    return this.#ask<QueryHostResponse>("Host", { operator })?.host?.host;
  }
  async participants(epoch: bigint) {
    const found = this.#ask<QueryParticipantsResponse>("Participants", { epoch: String(epoch) });
    return found?.participants ?? [];
  }
  async commitments(epoch: bigint) {
    const found = this.#ask<QueryCommitmentsResponse>("Commitments", { epoch: String(epoch) });
    return found?.commitments ?? [];
  }
  async opening(epoch: bigint, operator: string) {
    const request = { epoch: String(epoch), operator };
    return this.#ask<QueryOpeningResponse>("Opening", request)?.opening;
  }
  async assignments(epoch: bigint) {
    const found = this.#ask<QueryAssignmentsResponse>("Assignments", { epoch: String(epoch) });
    return found?.assignments ?? [];
  }
  async attestations(epoch: bigint) {
    const found = this.#ask<QueryAttestationsResponse>("Attestations", { epoch: String(epoch) });
    return found?.attestations ?? [];
  }
  async send(tx: OutgoingTx) {
    const hash = `TX${this.outcomes.size + this.#waiting.length}`;
    this.#waiting.push({ hash, tx });
    return hash;
  }
  async outcome(hash: string) {
    return this.outcomes.get(hash);
  }
}

/** Finds a stretch of nonces at once, by the module's own judge; may get every digest wrong. */
class OracleEngine implements SprintEngine {
  readonly #chain: PowChain;
  readonly #lies: boolean;
  constructor(chain: PowChain, lies: boolean) {
    this.#chain = chain;
    this.#lies = lies;
  }
  #answer({ beacon1, beacon2, hostKey }: SprintId, nonce: bigint) {
    const question = { chainId, profile: "T", beacon1, beacon2, hostKey, nonce, c: 44_314 };
    return this.#chain.oracle.recompute(question);
  }
  mine({ sprint, from, end }: MiningJob, listener: { onBatch(batch: MiningBatch): void }) {
    const hits = [];
    for (let nonce = from; nonce < end; nonce++) {
      const { digest } = this.#answer(sprint, nonce);
      hits.push({ nonce, digest: this.#lies ? digest.toReversed() : digest });
    }
    listener.onBatch({ next: end, hits });
    return { stop: async () => {} };
  }
  readonly batch = 8;
  prepare() {}
  async recompute({ network, leaves, verifierKey }: RecomputeJob) {
    return leaves.map(({ hostKey, nonce }) => {
      const { digest, isHit, tagOf } = this.#answer({ ...network, hostKey }, nonce);
      return { nonce, digest, isHit, tag: tagOf(verifierKey) };
    });
  }
  async close() {}
}

const settle = () => new Promise((resolve) => setTimeout(resolve, 5));

/** An epoch of three hosts; the second mines half as much, the third may lie. */
async function epoch(t: Test, liar?: string) {
  const names = { anna: 16n, ben: 8n, cleo: 16n };
  const weights = { anna: 48n, ben: 48n, cleo: 48n };
  const lengths = {
    generate_blocks: "3",
    commit_blocks: "3",
    open_blocks: "4",
    verify_blocks: "6",
  };
  const chain = new PowChain(powGenesis(weights, { epoch_blocks: "30", ...lengths }));
  const client = new PowClient(chain);
  const lines: string[] = [];
  const agents = Object.entries(names).map(([name, maxNonces]) => {
    const stateFolder = mkdtempSync(path.join(tmpdir(), "with-pow-"));
    t.teardown(() => rmSync(stateFolder, { recursive: true }));
    const { operator, worker: signer, workerPubKey: hostKey } = hostKeys(name);
    const settings = { chainId, operator, signer, hostKey, stateFolder, maxNonces };
    const engine = new OracleEngine(chain, name === liar);
    const log = jsonLog((line) => lines.push(line));
    return new SprintAgent(settings, { chain: client, engine, log });
  });
  for (let height = 1; height <= 30; height++) {
    client.block();
    for (const agent of agents) await agent.tick();
    await settle();
  }
  await Promise.all(agents.map((agent) => agent.stop()));
  const settled = chain.settlement(1n).hosts.map(({ operator, outcome, claimedWeight }) => {
    const name = Object.keys(names).find((n) => hostKeys(n).operator === operator);
    return [name, outcome, claimedWeight] as const;
  });
  return { settled: settled.sort(), outcomes: [...client.outcomes.values()], lines };
}

t.test("an epoch of honest agents: every message is taken, every host confirmed", async (t) => {
  const { settled, outcomes, lines } = await epoch(t);
  t.same(
    outcomes.filter(({ code }) => code !== 0),
    [],
  );
  t.equal(outcomes.length, 9, "a commitment, an opening and an attestation of each");
  t.same(
    lines.filter((line) => line.includes('"warn"') || line.includes('"error"')),
    [],
  );
  t.same(settled, [
    ["anna", Outcome.OUTCOME_VALID, 64n],
    ["ben", Outcome.OUTCOME_VALID, 32n],
    ["cleo", Outcome.OUTCOME_VALID, 64n],
  ]);
});

t.test("a host with wrong digests is accused and forfeits; the others do not", async (t) => {
  const { settled, outcomes } = await epoch(t, "cleo");
  t.same(
    outcomes.filter(({ code }) => code !== 0),
    [],
  );
  t.match(settled, [
    ["anna", Outcome.OUTCOME_VALID, 64n],
    ["ben", Outcome.OUTCOME_VALID, 32n],
    ["cleo", Outcome.OUTCOME_FORFEITED],
  ]);
});
