/** Who may act for whom, and the only code that writes the authz store. spec/modules/authz.md. */
import { Grant, GrantQueueItem } from "cosmjs-types/cosmos/authz/v1beta1/authz";
import { compareTime, formatTime, type Time } from "../../encoding/time.ts";
import { type KvStore, prefixRange, type StoreKey } from "../../store/kv.ts";
import type { Addresses } from "../addresses.ts";
import { sdkErrors } from "../errors.ts";
import type { Context } from "../module.ts";
import {
  type Authorization,
  accept,
  allowedType,
  readAuthorization,
  writeAuthorization,
} from "./authorization.ts";
import { authzErrors } from "./errors.ts";
import type { Accounts, Bank, Router } from "./expected.ts";
import type { Parties } from "./keys.ts";
import * as keys from "./keys.ts";

const gasPerQueuedType = 20n;
/** Entries of the queue that are removed at the beginning of a block. */
const prunedPerBlock = 200;

export class AuthzKeeper {
  readonly addresses: Addresses;
  readonly router: Router;
  readonly #store: StoreKey;
  readonly #accounts: Accounts;
  readonly #bank: Bank;
  constructor(options: {
    store: StoreKey;
    addresses: Addresses;
    router: Router;
    accounts: Accounts;
    bank: Bank;
  }) {
    this.#store = options.store;
    this.addresses = options.addresses;
    this.router = options.router;
    this.#accounts = options.accounts;
    this.#bank = options.bank;
  }

  /** The grant for one message type. */
  get(ctx: Context, parties: Parties, msgType: string): Grant | undefined {
    const bytes = this.kv(ctx).get(keys.grantKey(parties, msgType));
    return bytes && Grant.decode(bytes);
  }

  /** Grants, in place of an earlier grant for the same type. Throws sdk 4 and 29, authz 3. */
  grant(
    ctx: Context,
    parties: Parties,
    granted: { readonly authorization: Authorization; readonly expiration: Time | undefined },
  ): void {
    const { grantee } = parties;
    if (!this.#accounts.has(ctx, grantee)) {
      if (this.#bank.isBlocked(grantee)) {
        const text = this.addresses.text(grantee);
        throw sdkErrors.unauthorized(`${text} is not allowed to receive funds`);
      }
      this.#accounts.ensure(ctx, grantee);
    }
    const msgType = allowedType(granted.authorization);
    if (!this.router.has(msgType)) throw sdkErrors.invalidType(`${msgType} doesn't exist.`);
    const { expiration } = granted;
    if (expiration && compareTime(expiration, ctx.block.time) <= 0) {
      const times = `(${formatTime(ctx.block.time)}), got ${formatTime(expiration)}`;
      throw authzErrors.invalidExpirationTime(
        `expiration must be after the current block time ${times}`,
      );
    }
    this.restore(ctx, parties, granted);
    this.#emit(ctx, "cosmos.authz.v1beta1.EventGrant", parties, msgType);
  }

  /** At genesis, and for a grant that was checked: writes it, and the queue. */
  restore(
    ctx: Context,
    parties: Parties,
    granted: { readonly authorization: Authorization; readonly expiration: Time | undefined },
  ): void {
    const msgType = allowedType(granted.authorization);
    const { expiration } = granted;
    const old = this.get(ctx, parties, msgType)?.expiration;
    const isSame = old && expiration && compareTime(old, expiration) === 0;
    if (old && !isSame) this.#dequeue(ctx, parties, { msgType, expiration: old });
    if (expiration && !isSame) this.#enqueue(ctx, parties, { msgType, expiration });
    const grant: Grant = {
      authorization: writeAuthorization(granted.authorization),
      ...(expiration && { expiration }),
    };
    this.kv(ctx).set(keys.grantKey(parties, msgType), Grant.encode(grant).finish());
  }

  /** Ends a grant. Throws authz code 2 when there is none. */
  revoke(ctx: Context, parties: Parties, msgType: string): void {
    const grant = this.get(ctx, parties, msgType);
    if (!grant) throw authzErrors.noAuthorizationFound(`failed to delete grant of ${msgType}`);
    const { expiration } = grant;
    if (expiration) this.#dequeue(ctx, parties, { msgType, expiration });
    this.kv(ctx).delete(keys.grantKey(parties, msgType));
    this.#emit(ctx, "cosmos.authz.v1beta1.EventRevoke", parties, msgType);
  }

  /** Lets a grant be used for one message. Throws ModuleError when it is not allowed. */
  use(ctx: Context, parties: Parties, { msgType, message }: { msgType: string; message: unknown }) {
    const grant = this.get(ctx, parties, msgType);
    if (!grant) {
      const { granter, grantee } = this.#texts(parties);
      const who = `${granter} did not authorize ${grantee} to send ${msgType}`;
      throw authzErrors.noAuthorizationFound(`failed to update grant: ${who}`);
    }
    const { expiration } = grant;
    if (expiration && compareTime(expiration, ctx.block.time) < 0) {
      throw authzErrors.authorizationExpired("");
    }
    const authorization = readAuthorization(this.router, grant.authorization);
    const left = accept(authorization, message, ctx.gas);
    if (!left) this.revoke(ctx, parties, msgType);
    else if (left !== authorization) {
      const updated: Grant = { ...grant, authorization: writeAuthorization(left) };
      this.kv(ctx).set(keys.grantKey(parties, msgType), Grant.encode(updated).finish());
    }
  }

  /** Removes grants that have expired, at most so many entries of the queue, the oldest first. */
  prune(ctx: Context): void {
    const kv = this.kv(ctx);
    const due: (readonly [Uint8Array, Uint8Array])[] = [];
    const range = { start: keys.queuePrefix, end: keys.queueTime(ctx.block.time) };
    for (const pair of kv.iterate(range)) {
      if (due.length === prunedPerBlock) break;
      due.push(pair);
    }
    for (const [key, value] of due) {
      kv.delete(key);
      const parties = keys.readQueueKey(key);
      for (const msgType of GrantQueueItem.decode(value).msgTypeUrls) {
        kv.delete(keys.grantKey(parties, msgType));
      }
    }
  }

  /** Every grant, by granter, grantee and message type. */
  *all(ctx: Context): Iterable<Parties & { readonly msgType: string; readonly grant: Grant }> {
    for (const [key, bytes] of this.kv(ctx).iterate(prefixRange(keys.grantPrefix))) {
      yield { ...keys.readGrantKey(key), grant: Grant.decode(bytes) };
    }
  }

  /** The store, for reading only: queries and invariants walk it. */
  kv(ctx: Context): KvStore {
    return ctx.kv(this.#store);
  }

  #enqueue(ctx: Context, parties: Parties, queued: { msgType: string; expiration: Time }): void {
    const key = keys.queueKey(queued.expiration, parties);
    const bytes = this.kv(ctx).get(key);
    const types = bytes ? GrantQueueItem.decode(bytes).msgTypeUrls : [];
    const item = { msgTypeUrls: [...types, queued.msgType] };
    this.kv(ctx).set(key, GrantQueueItem.encode(item).finish());
  }

  #dequeue(ctx: Context, parties: Parties, queued: { msgType: string; expiration: Time }): void {
    const key = keys.queueKey(queued.expiration, parties);
    const bytes = this.kv(ctx).get(key);
    if (!bytes) throw authzErrors.noGrantKeyFound("can't remove grant from the expire queue");
    const types = GrantQueueItem.decode(bytes).msgTypeUrls;
    ctx.gas.consume(gasPerQueuedType * BigInt(types.length), "grant queue");
    const left = types.filter((type) => type !== queued.msgType);
    if (left.length === 0) this.kv(ctx).delete(key);
    else this.kv(ctx).set(key, GrantQueueItem.encode({ msgTypeUrls: left }).finish());
  }

  #texts({ granter, grantee }: Parties) {
    return { granter: this.addresses.text(granter), grantee: this.addresses.text(grantee) };
  }

  /** As the SDK writes typed events: members by name, each value as JSON. */
  #emit(ctx: Context, type: string, parties: Parties, msgType: string): void {
    const { granter, grantee } = this.#texts(parties);
    ctx.emit(type, [
      ["grantee", JSON.stringify(grantee)],
      ["granter", JSON.stringify(granter)],
      ["msg_type_url", JSON.stringify(msgType)],
    ]);
  }
}
