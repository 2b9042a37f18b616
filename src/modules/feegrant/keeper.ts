/** Who pays whose fees; the only code that writes the feegrant store. spec/modules/feegrant.md. */
import { Grant } from "cosmjs-types/cosmos/feegrant/v1beta1/feegrant";
import type { Coin } from "../../encoding/coins.ts";
import { compareTime } from "../../encoding/time.ts";
import { type KvStore, prefixRange, type StoreKey } from "../../store/kv.ts";
import type { Addresses } from "../addresses.ts";
import { sdkErrors } from "../errors.ts";
import type { Context } from "../module.ts";
import { type Allowance, expirationOf, readAllowance, spend, writeAllowance } from "./allowance.ts";
import type { Accounts, AnyTypes, Bank } from "./expected.ts";
import * as keys from "./keys.ts";

/** Both sides of a grant. */
export interface Parties {
  readonly granter: Uint8Array;
  readonly grantee: Uint8Array;
}

/** Expired allowances removed at the end of a block; the others wait, and pay for nothing. */
const prunedPerBlock = 200;

export class FeegrantKeeper {
  readonly addresses: Addresses;
  readonly anyTypes: AnyTypes;
  readonly #store: StoreKey;
  readonly #accounts: Accounts;
  readonly #bank: Bank;
  constructor(options: {
    store: StoreKey;
    addresses: Addresses;
    anyTypes: AnyTypes;
    accounts: Accounts;
    bank: Bank;
  }) {
    this.#store = options.store;
    this.addresses = options.addresses;
    this.anyTypes = options.anyTypes;
    this.#accounts = options.accounts;
    this.#bank = options.bank;
  }

  /** The grant between two accounts. */
  get(ctx: Context, { granter, grantee }: Parties): Grant | undefined {
    const bytes = this.kv(ctx).get(keys.grantKey(grantee, granter));
    return bytes && Grant.decode(bytes);
  }

  /** A new grant. Throws sdk codes 4 and 18. */
  grant(ctx: Context, parties: Parties, allowance: Allowance): void {
    const { granter, grantee } = parties;
    if (this.get(ctx, parties)) throw sdkErrors.invalidRequest("fee allowance already exists");
    if (!this.#accounts.has(ctx, grantee)) {
      if (this.#bank.isBlocked(grantee)) {
        const text = this.addresses.text(grantee);
        throw sdkErrors.unauthorized(`${text} is not allowed to receive funds`);
      }
      this.#accounts.ensure(ctx, grantee);
    }
    const expiration = expirationOf(allowance);
    if (expiration && compareTime(expiration, ctx.block.time) < 0) {
      throw sdkErrors.invalidRequest("expiration is before current block time");
    }
    this.restore(ctx, parties, allowance);
    this.#emit(ctx, "set_feegrant", { granter, grantee });
  }

  /** At genesis, and for a grant that was checked: writes it, and the queue. */
  restore(ctx: Context, parties: Parties, allowance: Allowance): void {
    const expiration = expirationOf(allowance);
    const key = keys.grantKey(parties.grantee, parties.granter);
    if (expiration) this.kv(ctx).set(keys.queueKey(expiration, key), new Uint8Array());
    this.#write(ctx, parties, allowance);
  }

  /** Ends a grant. Throws sdk code 38 when there is none. */
  revoke(ctx: Context, parties: Parties): void {
    this.#remove(ctx, parties, this.#read(ctx, parties));
    this.#emit(ctx, "revoke_feegrant", parties);
  }

  /** Takes a fee from a grant; the coins are moved by the caller. Throws ModuleError. */
  use(
    ctx: Context,
    parties: Parties,
    payment: { readonly fee: readonly Coin[]; readonly messageTypes: readonly string[] },
  ): void {
    const allowance = this.#read(ctx, parties);
    const left = spend(allowance, { ...payment, now: ctx.block.time, gas: ctx.gas });
    if (!left) {
      this.#remove(ctx, parties, allowance);
      this.#emit(ctx, "revoke_feegrant", parties);
    }
    this.#emit(ctx, "use_feegrant", parties);
    if (!left) return;
    this.#write(ctx, parties, left);
    this.#emit(ctx, "update_feegrant", parties);
  }

  /** Removes grants that have expired, at most so many, the oldest first. */
  prune(ctx: Context, limit = prunedPerBlock): void {
    const kv = this.kv(ctx);
    const due: Uint8Array[] = [];
    const range = { start: keys.queuePrefix, end: keys.queueEnd(ctx.block.time) };
    for (const [key] of kv.iterate(range)) {
      if (due.length === limit) break;
      due.push(key);
    }
    for (const key of due) {
      kv.delete(key);
      kv.delete(keys.queuedGrant(key));
    }
  }

  /** Every grant, by grantee and granter. */
  *all(ctx: Context): Iterable<Grant> {
    for (const [, bytes] of this.kv(ctx).iterate(prefixRange(keys.grantPrefix))) {
      yield Grant.decode(bytes);
    }
  }

  /** The store, for reading only: queries and invariants walk it. */
  kv(ctx: Context): KvStore {
    return ctx.kv(this.#store);
  }

  #read(ctx: Context, parties: Parties): Allowance {
    const grant = this.get(ctx, parties);
    if (!grant) throw sdkErrors.notFound("fee-grant not found");
    return readAllowance(this.anyTypes, grant.allowance);
  }

  #write(ctx: Context, { granter, grantee }: Parties, allowance: Allowance): void {
    const grant: Grant = {
      granter: this.addresses.text(granter),
      grantee: this.addresses.text(grantee),
      allowance: writeAllowance(allowance),
    };
    this.kv(ctx).set(keys.grantKey(grantee, granter), Grant.encode(grant).finish());
  }

  #remove(ctx: Context, { granter, grantee }: Parties, allowance: Allowance): void {
    const key = keys.grantKey(grantee, granter);
    this.kv(ctx).delete(key);
    const expiration = expirationOf(allowance);
    if (expiration) this.kv(ctx).delete(keys.queueKey(expiration, key));
  }

  #emit(ctx: Context, type: string, { granter, grantee }: Parties): void {
    ctx.emit(type, [
      ["granter", this.addresses.text(granter)],
      ["grantee", this.addresses.text(grantee)],
    ]);
  }
}
