/** A host of the module tests: mines, commits, opens, attests; or lies about it when told to. */
import { ed25519Address } from "../../src/crypto/ed25519.ts";
import { sha256 } from "../../src/crypto/hash.ts";
import { utf8 } from "../../src/encoding/bytes.ts";
import {
  type Assignment,
  type Epoch,
  type Participant,
  VerdictKind,
} from "../../src/gen/gonka/pow/v1/types.ts";
import { commitmentOf, type Hit, openLeaves } from "../../src/sprint/hits.ts";
import { sampleAllSlots, sampleIndices } from "../../src/sprint/sampling.ts";
import { chainId, hostKeys, type PowChain } from "./pow-chain.ts";

export class PowHost {
  readonly name: string;
  readonly operator: string;
  readonly worker: string;
  readonly #workerPubKey: Uint8Array;
  hits: Hit[] = [];
  readonly #chain: PowChain;
  constructor(chain: PowChain, name: string) {
    this.#chain = chain;
    this.name = name;
    const keys = hostKeys(name);
    this.operator = keys.operator;
    this.worker = keys.worker;
    this.#workerPubKey = keys.workerPubKey;
  }

  get #epoch(): Epoch {
    return this.#chain.pow.epochs.running(this.#chain.context());
  }

  get #c(): number {
    return this.#chain.params.tiers[0]?.c ?? 0;
  }

  /** Finds the hits among so many nonces from 0 on. */
  mine(nonces: number): void {
    const { beacon1, beacon2 } = this.#epoch;
    this.hits = [];
    for (let nonce = 0n; nonce < BigInt(nonces); nonce++) {
      const answer = this.recompute(this.#workerPubKey, nonce, { beacon1, beacon2 });
      if (answer.isHit) this.hits.push({ nonce, digest: answer.digest });
    }
  }

  recompute(hostKey: Uint8Array, nonce: bigint, beacons: Pick<Epoch, "beacon1" | "beacon2">) {
    const { profile } = this.#chain.params;
    const question = { chainId, profile, hostKey, nonce, c: this.#c, ...beacons };
    return this.#chain.oracle.recompute(question);
  }

  /** Replaces the digest of every hit, so that every sampled leaf is bad. */
  spoil(): void {
    this.hits = this.hits.map(({ nonce }) => ({ nonce, digest: sha256(utf8(`no ${nonce}`)) }));
  }

  commit(change: object = {}): void {
    const { root, count } = commitmentOf(this.hits);
    this.#chain.send("MsgCommitSprint", {
      signer: this.worker,
      host: this.operator,
      epoch: this.#epoch.index,
      sprint: 0,
      tier: this.#chain.params.tiers[0]?.k ?? 0,
      root,
      count: BigInt(count),
      ...change,
    });
  }

  open(change: object = {}): void {
    const { verifiersPerHost: slots, samplesPerVerifier: samples } = this.#chain.params;
    const { beacon3 } = this.#epoch;
    const count = this.hits.length;
    const hostKey = this.#workerPubKey;
    const indices = sampleAllSlots({ beacon3, hostKey, slots, samples, count });
    const { leaves, proof } = openLeaves(this.hits, indices);
    this.#chain.send("MsgOpenSprint", {
      signer: this.worker,
      host: this.operator,
      epoch: this.#epoch.index,
      sprint: 0,
      leaves,
      proof,
      ...change,
    });
  }

  /** 20 bytes, as the engine names the validator. */
  get consensusAddress(): Uint8Array {
    return ed25519Address(hostKeys(this.name).consensusPubKey);
  }

  /** MsgRegisterHost of a newcomer. */
  registration() {
    const { consensusPubKey } = hostKeys(this.name);
    return {
      operator: this.operator,
      workerPubKey: this.#workerPubKey,
      consensusPubKey,
      moniker: this.name,
      website: "",
      endpoint: "",
      workerGrants: ["MsgCommitSprint", "MsgOpenSprint", "MsgAttestSprint"].map(
        (name) => `/gonka.pow.v1.${name}`,
      ),
    };
  }

  /** The leaves of another host that it must recompute. */
  sampledOf(host: string): number[] {
    const { index, beacon3 } = this.#epoch;
    const ctx = this.#chain.context();
    const at = { epoch: index, sprint: 0 };
    const assigned = this.#chain.pow.sprints.assignedTo(ctx, { ...at, operator: this.operator });
    const verifierSlot = assigned.find((assignment) => assignment.host === host)?.slot ?? 0;
    const hostKey = this.#chain.pow.sprints.participant(ctx, index, host)?.hostKey;
    const count = this.#chain.pow.sprints.commitment(ctx, { ...at, operator: host })?.count ?? 0n;
    const samples = this.#chain.params.samplesPerVerifier;
    const of = { beacon3, hostKey: hostKey ?? new Uint8Array(), verifierSlot, samples };
    return sampleIndices({ ...of, count: Number(count) });
  }

  /** The verdicts that its assignments ask for, by recomputing every sampled leaf. */
  verdicts() {
    const { index, beacon1, beacon2 } = this.#epoch;
    const at = { epoch: index, sprint: 0 };
    const { assignments } = this.#chain.ask<{ assignments: Assignment[] }>("Assignments", at);
    const { participants } = this.#chain.ask<{ participants: Participant[] }>("Participants", at);
    const keyOf = (host: string) => participants.find((p) => p.operator === host)?.hostKey;
    return assignments
      .filter(({ verifier }) => verifier === this.operator)
      .map(({ host }) => {
        const hostKey = keyOf(host) ?? new Uint8Array();
        const wanted = this.sampledOf(host);
        const opening = this.#chain.pow.sprints.opening(this.#chain.context(), {
          ...at,
          operator: host,
        });
        const verdict = {
          host,
          kind: VerdictKind.VERDICT_KIND_VALID as VerdictKind,
          tags: [] as Uint8Array[],
          badIndex: 0n,
          correctDigest: new Uint8Array(),
        };
        if (!opening) return { ...verdict, kind: VerdictKind.VERDICT_KIND_ABSTAIN };
        for (const leaf of opening.leaves) {
          if (!wanted.includes(Number(leaf.index))) continue;
          const truth = this.recompute(hostKey, leaf.nonce, { beacon1, beacon2 });
          if (truth.isHit && Buffer.compare(truth.digest, leaf.digest) === 0) {
            verdict.tags.push(truth.tagOf(this.#workerPubKey));
            continue;
          }
          const { digest: correctDigest } = truth;
          const kind = VerdictKind.VERDICT_KIND_INVALID;
          return { ...verdict, kind, tags: [], badIndex: leaf.index, correctDigest };
        }
        return verdict;
      });
  }

  /** Attests; does nothing when it has nobody to verify. */
  attest(change: object = {}): void {
    const verdicts = this.verdicts();
    if (verdicts.length === 0) return;
    this.#chain.send("MsgAttestSprint", {
      signer: this.worker,
      verifier: this.operator,
      epoch: this.#epoch.index,
      sprint: 0,
      verdicts,
      ...change,
    });
  }
}

/** What a test changes about an epoch in which everybody is honest. */
export interface EpochScript {
  readonly nonces?: Readonly<Record<string, number>>;
  readonly commit?: (host: PowHost) => void;
  readonly open?: (host: PowHost) => void;
  readonly attest?: (host: PowHost) => void;
}

/** Plays the running (or the first) epoch to its settlement; by default 16 nonces a host. */
export function playEpoch(chain: PowChain, hosts: readonly PowHost[], script: EpochScript = {}) {
  if (
    chain.height === 0n ||
    chain.pow.epochs.running(chain.context()).settleHeight === chain.height
  )
    chain.block();
  const epoch = () => chain.pow.epochs.running(chain.context());
  const { commit = (h) => h.commit(), open = (h) => h.open(), attest = (h) => h.attest() } = script;
  chain.advanceTo(epoch().commitHeight);
  for (const host of hosts) host.mine(script.nonces?.[host.name] ?? 16);
  const all =
    (act: (host: PowHost) => void, who = hosts) =>
    () => {
      for (const host of who) act(host);
    };
  chain.block(all(commit));
  chain.advanceTo(epoch().beacon3Height + 1n);
  chain.block(
    all(
      open,
      hosts.filter((host) => host.hits.length > 0),
    ),
  );
  chain.advanceTo(epoch().verifyHeight);
  chain.block(all(attest));
  chain.advanceTo(epoch().settleHeight);
  const updates = chain.block();
  return { updates, settlement: chain.settlement(epoch().index) };
}
