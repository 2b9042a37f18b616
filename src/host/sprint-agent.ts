/**
 * One host's part in the Sprint: a loop body that looks at the chain after a block and does what
 * is due (spec/host.md). It decides from what the chain shows, not from what it remembers having
 * sent, so it may be stopped and started anywhere; what must not be forgotten is in the journal.
 */
import { equalBytes } from "../encoding/bytes.ts";
import type { Params } from "../gen/gonka/pow/v1/params.ts";
import { MsgAttestSprint, MsgCommitSprint, MsgOpenSprint } from "../gen/gonka/pow/v1/tx.ts";
import { commitmentOf, openLeaves } from "../sprint/hits.ts";
import { type Profile, profileNamed } from "../sprint/profiles.ts";
import { sampleAllSlots } from "../sprint/sampling.ts";
import { affordable } from "./accusations.ts";
import { type Duty, deadlineOf, dutyAt } from "./duty.ts";
import type { Chain, ChainView, Log, Mining, SprintEngine } from "./expected.ts";
import { Journal } from "./journal.ts";
import { Outbox } from "./outbox.ts";
import { Verification } from "./verifier.ts";

/** The Sprint of the epoch itself; confirmations count from 1. */
const mainSprint = 0;
/** Blocks before the last one for verdicts in which unfinished ones are sent as abstentions. */
const verdictReserveBlocks = 1n;

/** Who works, and how much. */
export interface AgentSettings {
  readonly chainId: string;
  /** Bech32 address of the host's operator account. */
  readonly operator: string;
  /** Bech32 address of the worker account, which signs. */
  readonly signer: string;
  /** The worker key, 33 bytes: the host key of ISP-1. */
  readonly hostKey: Uint8Array;
  readonly stateFolder: string;
  /** The most nonces to search in one Sprint: at most 2^64. */
  readonly maxNonces: bigint;
  /** The k of the tier to commit to; the chain's lowest when absent. */
  readonly tier?: number | undefined;
}

/** What the agent is doing: the status line and file. */
export interface AgentStatus {
  readonly height: bigint;
  readonly epoch: bigint;
  readonly duty: Duty;
  /** Nonces searched and hits found in this epoch. */
  readonly nonces: bigint;
  readonly hits: number;
  readonly note: string;
}

/** What is known about the running epoch. */
interface EpochFacts {
  readonly index: bigint;
  readonly params: Params;
  readonly profile: Profile;
  readonly tier: number;
  readonly c: number;
}

export class SprintAgent {
  readonly #settings: AgentSettings;
  readonly #chain: Chain;
  readonly #engine: SprintEngine;
  readonly #log: Log;
  readonly #outbox: Outbox;
  #facts: EpochFacts | undefined;
  #journal: Journal | undefined;
  #mining: Mining | undefined;
  #verification: Verification | undefined;
  #note = "";

  constructor(
    settings: AgentSettings,
    deps: { readonly chain: Chain; readonly engine: SprintEngine; readonly log: Log },
  ) {
    this.#settings = settings;
    this.#chain = deps.chain;
    this.#engine = deps.engine;
    this.#log = deps.log;
    this.#outbox = new Outbox(deps.chain, deps.log);
  }

  /** Looks at the chain and does what is due. Throws when the node cannot be reached. */
  async tick(): Promise<AgentStatus | undefined> {
    const view = await this.#chain.view();
    if (!view) return undefined;
    const duty = dutyAt(view);
    if (duty !== "mine") await this.#stopMining();
    const facts = await this.#enter(view);
    if (facts && duty === "wait") this.#prepare(view, facts);
    if (facts) await this.#perform(duty, view, facts);
    const { next = 0n, hits = [] } = this.#journal ?? {};
    const { height, epoch } = view;
    return { height, epoch: epoch.index, duty, nonces: next, hits: hits.length, note: this.#note };
  }

  /** Stops the search and closes the journal. */
  async stop(): Promise<void> {
    await this.#stopMining();
    await this.#journal?.close();
    this.#journal = undefined;
  }

  async #perform(duty: Duty, view: ChainView, facts: EpochFacts): Promise<void> {
    switch (duty) {
      case "mine":
        return this.#mine(view, facts);
      case "commit":
        return this.#commit(view, facts);
      case "open":
        return this.#open(view, facts);
      case "verify":
        return this.#verify(view, facts);
      default:
        return undefined;
    }
  }

  /** From beacon 1 on the weights are known: they are expanded before the window opens. */
  #prepare({ epoch: { beacon1 } }: ChainView, { profile }: EpochFacts): void {
    if (beacon1.length === 0 || this.#mining) return;
    this.#engine.prepare({ chainId: this.#settings.chainId, profile, beacon1 });
  }

  /** Learns about a new epoch: its parameters, and whether this host may take part. */
  async #enter({ epoch }: ChainView): Promise<EpochFacts | undefined> {
    if (this.#facts?.index === epoch.index) return this.#facts;
    await this.#stopMining(); // Of an epoch that ended while the node was out of reach.
    this.#facts = undefined;
    await this.#journal?.close();
    this.#journal = undefined;
    const host = await this.#chain.host(this.#settings.operator);
    if (!host) return this.#say("no such host is registered");
    if (!equalBytes(host.workerPubKey, this.#settings.hostKey)) {
      return this.#say("this worker key is not the registered one");
    }
    const params = await this.#chain.params();
    const profile = profileNamed(params.profile);
    if (!profile) return this.#say(`profile ${params.profile} is not known here`);
    const wanted = this.#settings.tier;
    const tier = params.tiers.find(({ k }) => wanted === undefined || k === wanted);
    if (!tier) return this.#say(`the chain has no tier ${wanted}`);
    this.#facts = { index: epoch.index, params, profile, tier: tier.k, c: tier.c };
    this.#say("");
    this.#log.info("epoch", { epoch: epoch.index, tier: tier.k, profile: profile.name });
    return this.#facts;
  }

  /** Notes why nothing can be done; logged when it changes. */
  #say(note: string): undefined {
    if (note !== "" && note !== this.#note) this.#log.warn("idle", { note });
    this.#note = note;
    return undefined;
  }

  /** The epoch's journal; undefined when this host is no participant. */
  async #ledger({ epoch }: ChainView, facts: EpochFacts): Promise<Journal | undefined> {
    if (this.#journal) return this.#journal;
    const { chainId, operator, hostKey, stateFolder } = this.#settings;
    const participants = await this.#chain.participants(epoch.index);
    const me = participants.find((participant) => participant.operator === operator);
    if (!me || !equalBytes(me.hostKey, hostKey)) {
      return this.#say("not a participant of this Sprint");
    }
    const id = { chainId, operator, hostKey, epoch: epoch.index, beacon2: epoch.beacon2 };
    this.#journal = await Journal.open(stateFolder, { ...id, tier: facts.tier, c: facts.c });
    const { next, hits, pledge } = this.#journal;
    if (next > 0n) this.#log.info("resumed", { next, hits: hits.length, pledge: pledge?.root });
    return this.#journal;
  }

  async #mine(view: ChainView, facts: EpochFacts): Promise<void> {
    const journal = await this.#ledger(view, facts);
    if (!journal || journal.pledge || this.#mining) return;
    const end = this.#settings.maxNonces;
    if (journal.next >= end) return;
    const { beacon1, beacon2 } = view.epoch;
    const { chainId, hostKey } = this.#settings;
    const sprint = { chainId, profile: facts.profile, beacon1, beacon2, hostKey };
    const job = { sprint, c: journal.id.c, from: journal.next, end };
    this.#log.info("mining", { epoch: facts.index, from: job.from, end });
    this.#mining = this.#engine.mine(job, {
      onBatch: (batch) => {
        journal.addBatch(batch).catch((error) => this.#fail("journal", error));
      },
      onError: (error) => this.#fail("mining", error),
    });
  }

  /** Ends the search; the next tick starts it again where the journal ends. */
  #fail(what: string, error: unknown): void {
    this.#log.error(`${what} failed`, { error: String(error) });
    void this.#stopMining();
  }

  async #stopMining(): Promise<void> {
    const mining = this.#mining;
    this.#mining = undefined;
    await mining?.stop();
  }

  async #commit(view: ChainView, facts: EpochFacts): Promise<void> {
    const journal = await this.#ledger(view, facts);
    if (!journal || (await this.#committed(facts))) return;
    await journal.settled();
    if (journal.hits.length === 0) return this.#say("no hits to commit to in this Sprint");
    // Decided and on disk before it is sent: after a restart the same commitment is sent again.
    if (!journal.pledge) await journal.addPledge(commitmentOf(journal.hits));
    const { root, count } = journal.pledge ?? commitmentOf(journal.hits);
    const { tier } = journal.id;
    const epoch = facts.index;
    const { signer, operator: host } = this.#settings;
    const claim = { epoch, sprint: mainSprint, tier, root, count: BigInt(count) };
    const value = { signer, host, ...claim };
    await this.#outbox.deliver({
      name: `commit ${epoch}`,
      height: view.height,
      deadline: deadlineOf("commit", view),
      msg: { typeUrl: "/gonka.pow.v1.MsgCommitSprint", value },
      msgBytes: MsgCommitSprint.encode(value).finish().length,
    });
  }

  /** This host's commitment as the chain has it. */
  async #committed({ index }: EpochFacts) {
    const commitments = await this.#chain.commitments(index);
    return commitments.find(({ operator }) => operator === this.#settings.operator);
  }

  async #open(view: ChainView, facts: EpochFacts): Promise<void> {
    const { operator: host, signer, hostKey } = this.#settings;
    const { index: epoch, params } = facts;
    const commitment = await this.#committed(facts);
    if (!commitment) return this.#say("nothing committed in this Sprint");
    if (await this.#chain.opening(epoch, host)) return;
    const journal = await this.#ledger(view, facts);
    if (!journal) return;
    const own = commitmentOf(journal.hits);
    if (!equalBytes(own.root, commitment.root)) {
      return this.#say("the commitment on chain is not of the hits in this folder");
    }
    const { verifiersPerHost: slots, samplesPerVerifier: samples } = params;
    const { beacon3 } = view.epoch;
    const indices = sampleAllSlots({ beacon3, hostKey, slots, samples, count: own.count });
    const { leaves, proof } = openLeaves(journal.hits, indices);
    const value = { signer, host, epoch, sprint: mainSprint, leaves, proof };
    const msg = MsgOpenSprint.fromPartial({ ...value, leaves: [...leaves], proof: [...proof] });
    await this.#outbox.deliver({
      name: `open ${epoch}`,
      height: view.height,
      deadline: deadlineOf("open", view),
      msg: { typeUrl: "/gonka.pow.v1.MsgOpenSprint", value: msg },
      msgBytes: MsgOpenSprint.encode(msg).finish().length,
    });
  }

  async #verify(view: ChainView, facts: EpochFacts): Promise<void> {
    const { chainId, operator, signer, hostKey: verifierKey } = this.#settings;
    const { index: epoch, params, profile } = facts;
    const attestations = await this.#chain.attestations(epoch);
    if (attestations.some(({ verifier }) => verifier === operator)) return;
    if (this.#verification?.epoch !== epoch) {
      const input = { chainId, operator, verifierKey, epoch: view.epoch, params, profile };
      const deps = { chain: this.#chain, engine: this.#engine, log: this.#log };
      this.#verification = new Verification(input, deps);
    }
    const verification = this.#verification;
    if ((await verification.resume()) === 0) return;
    const deadline = deadlineOf("verify", view);
    const isLate = view.height + 1n >= deadline - verdictReserveBlocks;
    if (!verification.isDone && !isLate) return;
    const { verdicts, gas } = affordable(verification.verdicts(), profile.name);
    const value = { signer, verifier: operator, epoch, sprint: mainSprint, verdicts };
    await this.#outbox.deliver({
      name: `attest ${epoch}`,
      height: view.height,
      deadline,
      msg: { typeUrl: "/gonka.pow.v1.MsgAttestSprint", value },
      msgBytes: MsgAttestSprint.encode(value).finish().length,
      extraGas: gas,
    });
  }
}
