/**
 * A chain of one module for the host agent's tests: epochs, commitments, openings and attestations
 * by the rules of spec/modules/pow.md, in memory, block by block as the test says. It checks what
 * it is sent and keeps a record of it.
 */
import { Params } from "../../src/gen/gonka/pow/v1/params.ts";
import type {
  MsgAttestSprint,
  MsgCommitSprint,
  MsgOpenSprint,
} from "../../src/gen/gonka/pow/v1/tx.ts";
import type {
  Assignment,
  Attestation,
  Commitment,
  Epoch,
  Opening,
} from "../../src/gen/gonka/pow/v1/types.ts";
import { Host, Participant } from "../../src/gen/gonka/pow/v1/types.ts";
import type { Chain, ChainView, OutgoingTx, TxRefusal } from "../../src/host/expected.ts";
import { openedPositions, verifyOpening } from "../../src/sprint/hits.ts";
import { sampleAllSlots } from "../../src/sprint/sampling.ts";

/** Where the phases of an epoch of 30 blocks begin. */
const offsets = { generate: 5n, commit: 11n, open: 15n, verify: 21n, settle: 29n };

interface Member {
  readonly operator: string;
  readonly hostKey: Uint8Array;
}

/** What a transaction became. */
interface Included {
  readonly height: bigint;
  readonly typeUrl: string;
  readonly code: number;
  readonly log: string;
}

const beacon = (name: number, epoch: bigint): Uint8Array =>
  new Uint8Array(32).fill(name).fill(Number(epoch), 0, 1);

export class FakeSprintChain implements Chain {
  readonly chainId = "host-test-1";
  height = 1n;
  members: Member[] = [];
  readonly commits: Commitment[] = [];
  readonly openings: Opening[] = [];
  readonly attested: Attestation[] = [];
  /** Who verifies whom, in every epoch. */
  duties: Omit<Assignment, "epoch" | "sprint">[] = [];
  /** Every transaction that was taken, in order. */
  readonly sent: OutgoingTx[] = [];
  readonly included: Included[] = [];
  /** Calls throw while true. */
  isUnreachable = false;
  /** What CheckTx says next, instead of taking the transaction. */
  refusals: TxRefusal[] = [];
  /** Taken transactions vanish while true. */
  losesTxs = false;
  /** Gas that a transaction needs. */
  gasNeeded = 0;
  readonly #params = Params.fromPartial({
    profile: "T",
    tiers: [
      { k: 2, c: 44_314 },
      { k: 5, c: 122_019 },
    ],
    verifiersPerHost: 2,
    samplesPerVerifier: 2,
  });
  readonly #outcomes = new Map<string, { code: number; log: string }>();
  #waiting: { readonly hash: string; readonly tx: OutgoingTx }[] = [];
  #epoch: Epoch = this.#plan(1n, 1n);

  constructor(members: Member[]) {
    this.members = members;
  }

  /** Executes blocks until this height is the last one. */
  advanceTo(height: bigint): void {
    while (this.height < height) this.#nextBlock();
  }

  get epoch(): Epoch {
    return this.#epoch;
  }

  #plan(index: bigint, start: bigint): Epoch {
    return {
      index,
      startHeight: start,
      beacon1Height: start + offsets.generate - 2n,
      generateHeight: start + offsets.generate,
      commitHeight: start + offsets.commit,
      openHeight: start + offsets.open,
      beacon3Height: start + offsets.open + 1n,
      verifyHeight: start + offsets.verify,
      settleHeight: start + offsets.settle,
      beacon1: new Uint8Array(),
      beacon2: new Uint8Array(),
      beacon3: new Uint8Array(),
    };
  }

  #nextBlock(): void {
    this.height++;
    const { index, settleHeight } = this.#epoch;
    if (this.height > settleHeight) {
      this.#epoch = this.#plan(index + 1n, this.height);
    }
    const epoch = this.#epoch;
    if (this.height === epoch.beacon1Height) epoch.beacon1 = beacon(1, epoch.index);
    if (this.height === epoch.generateHeight) epoch.beacon2 = beacon(2, epoch.index);
    if (this.height === epoch.beacon3Height) epoch.beacon3 = beacon(3, epoch.index);
    for (const { hash, tx } of this.#waiting.splice(0)) {
      const log = this.height > tx.timeoutHeight ? "tx timeout height" : this.#execute(tx);
      const outcome = { code: log === "" ? 0 : 1, log };
      this.#outcomes.set(hash, outcome);
      this.included.push({ height: this.height, typeUrl: tx.msg.typeUrl, ...outcome });
    }
  }

  /** "" when the message took effect. */
  #execute({ msg, gasLimit }: OutgoingTx): string {
    if (gasLimit < this.gasNeeded) return "out of gas in location: test";
    const within = (from: bigint, to: bigint) => this.height >= from && this.height < to;
    const { commitHeight, openHeight, verifyHeight, settleHeight } = this.#epoch;
    switch (msg.typeUrl) {
      case "/gonka.pow.v1.MsgCommitSprint":
        if (!within(commitHeight, openHeight)) return "wrong phase";
        return this.#commit(msg.value as MsgCommitSprint);
      case "/gonka.pow.v1.MsgOpenSprint":
        if (!within(openHeight, verifyHeight)) return "wrong phase";
        return this.#open(msg.value as MsgOpenSprint);
      case "/gonka.pow.v1.MsgAttestSprint":
        if (!within(verifyHeight, settleHeight)) return "wrong phase";
        return this.#attest(msg.value as MsgAttestSprint);
      default:
        return `no handler for ${msg.typeUrl}`;
    }
  }

  #commit({ host, epoch, tier, root, count }: MsgCommitSprint): string {
    if (epoch !== this.#epoch.index) return "wrong epoch";
    if (this.commits.some((c) => c.operator === host && c.epoch === epoch)) return "duplicate";
    const height = this.height;
    this.commits.push({ operator: host, epoch, sprint: 0, tier, root, count, height });
    return "";
  }

  #open({ host, epoch, leaves, proof }: MsgOpenSprint): string {
    const commitment = this.commits.find((c) => c.operator === host && c.epoch === epoch);
    const hostKey = this.members.find((m) => m.operator === host)?.hostKey;
    if (!commitment || !hostKey) return "no commitment";
    if (this.openings.some((o) => o.operator === host && o.epoch === epoch)) return "duplicate";
    const { verifiersPerHost: slots, samplesPerVerifier: samples } = this.#params;
    const count = Number(commitment.count);
    const request = { beacon3: this.#epoch.beacon3, hostKey, samples, count };
    const indices = sampleAllSlots({ ...request, slots });
    const bad = verifyOpening({ root: commitment.root, count, indices, leaves, proof });
    if (bad !== undefined) return bad;
    const positions = openedPositions(count, indices);
    const shown = leaves.map((leaf, at) => ({ ...leaf, index: BigInt(positions[at]!) }));
    this.openings.push({ operator: host, epoch, sprint: 0, leaves: shown, height: this.height });
    return "";
  }

  #attest({ verifier, epoch, verdicts }: MsgAttestSprint): string {
    if (this.attested.some((a) => a.verifier === verifier && a.epoch === epoch)) return "duplicate";
    const wanted = this.duties.filter((duty) => duty.verifier === verifier);
    if (wanted.length !== verdicts.length) return "not the assigned hosts";
    this.attested.push({ verifier, epoch, sprint: 0, verdicts, height: this.height });
    return "";
  }

  #reach(): void {
    if (this.isUnreachable) throw new Error("connect ECONNREFUSED");
  }

  async view(): Promise<ChainView | undefined> {
    this.#reach();
    return { height: this.height, epoch: { ...this.#epoch } };
  }

  async params(): Promise<Params> {
    this.#reach();
    return this.#params;
  }

  async host(operator: string): Promise<Host | undefined> {
    this.#reach();
    const member = this.members.find((m) => m.operator === operator);
    return member && Host.fromPartial({ operator, workerPubKey: member.hostKey });
  }

  async participants(): Promise<Participant[]> {
    this.#reach();
    return this.members.map((member) => Participant.fromPartial({ ...member, power: 1n }));
  }

  async commitments(epoch: bigint): Promise<Commitment[]> {
    this.#reach();
    return this.commits.filter((c) => c.epoch === epoch);
  }

  async opening(epoch: bigint, operator: string): Promise<Opening | undefined> {
    this.#reach();
    return this.openings.find((o) => o.epoch === epoch && o.operator === operator);
  }

  async assignments(epoch: bigint): Promise<Assignment[]> {
    this.#reach();
    if (this.height < this.#epoch.verifyHeight) return []; // Drawn in that block.
    return this.duties.map((duty) => ({ ...duty, epoch, sprint: 0 }));
  }

  async attestations(epoch: bigint): Promise<Attestation[]> {
    this.#reach();
    return this.attested.filter((a) => a.epoch === epoch);
  }

  async send(tx: OutgoingTx): Promise<string> {
    this.#reach();
    const refusal = this.refusals.shift();
    if (refusal) throw refusal;
    this.sent.push(tx);
    const hash = `TX${this.sent.length}`;
    if (!this.losesTxs) this.#waiting.push({ hash, tx });
    return hash;
  }

  async outcome(hash: string): Promise<{ code: number; log: string } | undefined> {
    this.#reach();
    return this.#outcomes.get(hash);
  }
}
