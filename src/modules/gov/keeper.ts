/** Proposals, votes and deposits, and the only code that writes the gov store. */
import { Deposit, Params, Proposal, ProposalStatus, Vote } from "cosmjs-types/cosmos/gov/v1/gov";
import { fromU64be, fromUtf8, u64be, utf8 } from "../../encoding/bytes.ts";
import { addCoins, type Coin, formatCoins, fromProtoCoins } from "../../encoding/coins.ts";
import type { Time } from "../../encoding/time.ts";
import { type KvStore, prefixRange, type StoreKey } from "../../store/kv.ts";
import { type Addresses, moduleAddress } from "../addresses.ts";
import type { Context } from "../module.ts";
import { ParamStore } from "../params.ts";
import { govErrors } from "./errors.ts";
import type { Bank, MessageRouter, ParamGuards, VotingPower } from "./expected.ts";
import * as keys from "./keys.ts";

/** What governance is built from. */
export interface GovParts {
  readonly store: StoreKey;
  readonly addresses: Addresses;
  readonly bank: Bank;
  readonly power: VotingPower;
  readonly router: MessageRouter;
  readonly guards: ParamGuards;
}

export class GovKeeper {
  readonly parts: GovParts;
  readonly params: ParamStore<Params>;
  /** Holds the deposits, and is the only signer of what a proposal does. */
  readonly account: Uint8Array = moduleAddress("gov");
  constructor(parts: GovParts) {
    this.parts = parts;
    this.params = new ParamStore({
      store: parts.store,
      codec: Params,
      activeKey: keys.paramsKey,
      scheduledKey: keys.scheduledParamsKey,
    });
  }

  get authority(): string {
    return this.parts.addresses.text(this.account);
  }

  proposal(ctx: Context, id: bigint): Proposal | undefined {
    const bytes = this.kv(ctx).get(keys.proposalKey(id));
    return bytes && Proposal.decode(bytes);
  }

  /** Throws gov code 2. */
  requireProposal(ctx: Context, id: bigint): Proposal {
    const proposal = this.proposal(ctx, id);
    if (!proposal) throw govErrors.unknownProposal(String(id));
    return proposal;
  }

  /** Writes a proposal and its place in the queue of the period that it is in. */
  setProposal(ctx: Context, proposal: Proposal): void {
    const before = this.proposal(ctx, proposal.id);
    if (before) this.#dequeue(ctx, before);
    this.kv(ctx).set(keys.proposalKey(proposal.id), Proposal.encode(proposal).finish());
    const place = queueOf(proposal);
    if (place) {
      const key = keys.queueKey(place.queue, place.end, proposal.id);
      this.kv(ctx).set(key, u64be(proposal.id));
    }
  }

  /** Removes a proposal with its votes and guards. Its deposits must have been settled. */
  removeProposal(ctx: Context, proposal: Proposal): void {
    this.#dequeue(ctx, proposal);
    this.kv(ctx).delete(keys.proposalKey(proposal.id));
    this.removeVotes(ctx, proposal.id);
    this.clear(ctx, keys.guardsPrefix(proposal.id));
  }

  #dequeue(ctx: Context, proposal: Proposal): void {
    const place = queueOf(proposal);
    if (place) this.kv(ctx).delete(keys.queueKey(place.queue, place.end, proposal.id));
  }

  /** Ids whose period in this queue has ended, the earliest end first. */
  ended(ctx: Context, queue: keys.Queue, now: Time): bigint[] {
    const pairs = [...this.kv(ctx).iterate(keys.endedRange(queue, now))];
    return pairs.map(([, value]) => fromU64be(value));
  }

  nextId(ctx: Context): bigint {
    const bytes = this.kv(ctx).get(keys.nextIdKey);
    return bytes ? fromU64be(bytes) : 1n;
  }

  setNextId(ctx: Context, id: bigint): void {
    this.kv(ctx).set(keys.nextIdKey, u64be(id));
  }

  deposit(ctx: Context, id: bigint, depositor: Uint8Array): Deposit | undefined {
    const bytes = this.kv(ctx).get(keys.depositKey(id, depositor));
    return bytes && Deposit.decode(bytes);
  }

  setDeposit(ctx: Context, deposit: Deposit): void {
    const depositor = this.parts.addresses.parse(deposit.depositor);
    const key = keys.depositKey(deposit.proposalId, depositor);
    this.kv(ctx).set(key, Deposit.encode(deposit).finish());
  }

  /** All deposits of a proposal, in the order of addresses. */
  deposits(ctx: Context, id: bigint): Deposit[] {
    const pairs = [...this.kv(ctx).iterate(prefixRange(keys.depositsPrefix(id)))];
    return pairs.map(([, value]) => Deposit.decode(value));
  }

  /**
   * What gov's account lacks to give every deposit back, as "5ngonka"; undefined when nothing. A
   * refund that fails would stop the chain, so nothing that a proposal does may lead there.
   */
  escrowGap(ctx: Context): string | undefined {
    let owed: Coin[] = [];
    for (const [, value] of this.kv(ctx).iterate(prefixRange(keys.depositPrefix))) {
      owed = addCoins(owed, fromProtoCoins(Deposit.decode(value).amount) ?? []);
    }
    const gap = owed
      .map(({ denom, amount }) => ({
        denom,
        amount: amount - this.parts.bank.balance(ctx, this.account, denom),
      }))
      .filter(({ amount }) => amount > 0n);
    return gap.length === 0 ? undefined : formatCoins(gap);
  }

  removeDeposits(ctx: Context, id: bigint): void {
    this.clear(ctx, keys.depositsPrefix(id));
  }

  vote(ctx: Context, id: bigint, voter: Uint8Array): Vote | undefined {
    const bytes = this.kv(ctx).get(keys.voteKey(id, voter));
    return bytes && Vote.decode(bytes);
  }

  setVote(ctx: Context, vote: Vote): void {
    const voter = this.parts.addresses.parse(vote.voter);
    this.kv(ctx).set(keys.voteKey(vote.proposalId, voter), Vote.encode(vote).finish());
  }

  /** All votes on a proposal, in the order of addresses. */
  *votes(ctx: Context, id: bigint): Iterable<Vote> {
    for (const [, value] of this.kv(ctx).iterate(prefixRange(keys.votesPrefix(id)))) {
      yield Vote.decode(value);
    }
  }

  removeVotes(ctx: Context, id: bigint): void {
    this.clear(ctx, keys.votesPrefix(id));
  }

  /** The hash that guards a message of a proposal; undefined when none does. */
  guard(ctx: Context, id: bigint, index: number): Uint8Array | undefined {
    return this.kv(ctx).get(keys.guardKey(id, index));
  }

  setGuard(ctx: Context, guard: { id: bigint; index: number; hash: Uint8Array }): void {
    this.kv(ctx).set(keys.guardKey(guard.id, guard.index), guard.hash);
  }

  constitution(ctx: Context): string {
    const bytes = this.kv(ctx).get(keys.constitutionKey);
    return bytes ? fromUtf8(bytes) : "";
  }

  setConstitution(ctx: Context, text: string): void {
    if (text !== "") this.kv(ctx).set(keys.constitutionKey, utf8(text));
  }

  /** Every proposal, in the order of ids. */
  proposals(ctx: Context): Proposal[] {
    const pairs = [...this.kv(ctx).iterate(prefixRange(keys.proposalPrefix))];
    return pairs.map(([, value]) => Proposal.decode(value));
  }

  /** The store, for reading only: queries page through it. */
  kv(ctx: Context): KvStore {
    return ctx.kv(this.parts.store);
  }

  clear(ctx: Context, prefix: Uint8Array): void {
    const listed = [...this.kv(ctx).iterate(prefixRange(prefix))];
    for (const [key] of listed) this.kv(ctx).delete(key);
  }
}

/** Which queue a proposal waits in, and until when. */
function queueOf(proposal: Proposal): { queue: keys.Queue; end: Time } | undefined {
  if (proposal.status === ProposalStatus.PROPOSAL_STATUS_DEPOSIT_PERIOD) {
    return proposal.depositEndTime && { queue: "deposit", end: proposal.depositEndTime };
  }
  if (proposal.status === ProposalStatus.PROPOSAL_STATUS_VOTING_PERIOD) {
    return proposal.votingEndTime && { queue: "voting", end: proposal.votingEndTime };
  }
  return undefined;
}
