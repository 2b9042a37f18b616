/** What the Sprints of recent epochs hold, by key: spec/modules/pow.md, "State". */
import {
  Assignment,
  Attestation,
  Commitment,
  Forfeit,
  Opening,
  Participant,
} from "../../../gen/gonka/pow/v1/types.ts";
import type { StoreKey } from "../../../store/kv.ts";
import type { Addresses } from "../../addresses.ts";
import type { Context } from "../../module.ts";
import * as keys from "../keys.ts";
import { Table } from "../table.ts";

/** The Sprint of an epoch; confirmations count from 1. */
export const mainSprint = 0;

/** One host in one Sprint. */
export interface SprintHost {
  readonly epoch: bigint;
  readonly sprint: number;
  readonly operator: string;
}

export class SprintTables {
  readonly participants: Table<Participant>;
  readonly commitments: Table<Commitment>;
  readonly openings: Table<Opening>;
  readonly assignments: Table<Assignment>;
  readonly attestations: Table<Attestation>;
  readonly forfeits: Table<Forfeit>;
  readonly #addresses: Addresses;
  constructor(store: StoreKey, addresses: Addresses) {
    this.#addresses = addresses;
    this.participants = new Table({ store, prefix: keys.participantPrefix, codec: Participant });
    this.commitments = new Table({ store, prefix: keys.commitmentPrefix, codec: Commitment });
    this.openings = new Table({ store, prefix: keys.openingPrefix, codec: Opening });
    this.assignments = new Table({ store, prefix: keys.assignmentPrefix, codec: Assignment });
    this.attestations = new Table({ store, prefix: keys.attestationPrefix, codec: Attestation });
    this.forfeits = new Table({ store, prefix: keys.forfeitPrefix, codec: Forfeit });
  }

  participant(ctx: Context, epoch: bigint, operator: string): Participant | undefined {
    return this.participants.get(ctx, this.epochHost(epoch, operator));
  }

  commitment(ctx: Context, at: SprintHost): Commitment | undefined {
    return this.commitments.get(ctx, this.sprintHost(at));
  }

  opening(ctx: Context, at: SprintHost): Opening | undefined {
    return this.openings.get(ctx, this.sprintHost(at));
  }

  attestation(ctx: Context, at: SprintHost): Attestation | undefined {
    return this.attestations.get(ctx, this.sprintHost(at));
  }

  /** What a verifier was assigned to, in the order of the hosts' addresses. */
  assignedTo(ctx: Context, at: SprintHost): Assignment[] {
    return this.assignments.list(ctx, this.sprintHost(at));
  }

  isForfeited(ctx: Context, epoch: bigint, operator: string): boolean {
    return this.forfeits.has(ctx, this.epochHost(epoch, operator));
  }

  /** Forfeits a host's epoch. The first reason stays. */
  forfeit(ctx: Context, forfeit: Forfeit): void {
    const key = this.epochHost(forfeit.epoch, forfeit.operator);
    if (this.forfeits.has(ctx, key)) return;
    this.forfeits.set(ctx, key, forfeit);
    ctx.emit("sprint_forfeit", [
      ["host", forfeit.operator],
      ["epoch", String(forfeit.epoch)],
      ["reason", String(forfeit.reason)],
      ["against", forfeit.against],
    ]);
  }

  /** Deletes everything about an epoch but its settlement. */
  forget(ctx: Context, epoch: bigint): void {
    const under = keys.epochKey(epoch);
    this.participants.clear(ctx, under);
    this.commitments.clear(ctx, under);
    this.openings.clear(ctx, under);
    this.assignments.clear(ctx, under);
    this.attestations.clear(ctx, under);
    this.forfeits.clear(ctx, under);
  }

  /** Key of one host in an epoch. */
  epochHost(epoch: bigint, operator: string): Uint8Array {
    return keys.epochHostKey(epoch, this.#addresses.parse(operator, "host"));
  }

  /** Key of one host in a Sprint. */
  sprintHost({ epoch, sprint, operator }: SprintHost): Uint8Array {
    return keys.sprintHostKey({ epoch, sprint }, this.#addresses.parse(operator, "host"));
  }

  /** Key of what one host was assigned to verify another for. */
  assignmentKey(at: SprintHost, host: string): Uint8Array {
    return keys.assignmentKey(this.sprintHost(at), this.#addresses.parse(host, "host"));
  }
}
