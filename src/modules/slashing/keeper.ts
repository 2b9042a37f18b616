/**
 * Who signs the blocks, who missed how many, and who is jailed for it. The only code that writes
 * the slashing store. A jailed host loses its power at the next settlement (spec/modules/pow.md,
 * "Power"); pow asks isJailed. spec/modules/slashing.md.
 */
import { Params, ValidatorSigningInfo } from "cosmjs-types/cosmos/slashing/v1beta1/slashing";
import { concat, equalBytes, toHex } from "../../encoding/bytes.ts";
import { compareTime, type Time } from "../../encoding/time.ts";
import { type KvStore, prefixRange, type StoreKey } from "../../store/kv.ts";
import { Addresses } from "../addresses.ts";
import type { Context } from "../module.ts";
import { ParamStore } from "../params.ts";
import { slashingErrors } from "./errors.ts";
import type { Validators } from "./expected.ts";
import * as keys from "./keys.ts";

/** Bits of one stored chunk of missed blocks. */
const chunkBits = 1024n;
/** Of a consensus address. */
const addressBytes = 20;
/** The last moment that a protobuf time has: the jail of a double signer does not open. */
export const foreverJailed: Time = { seconds: 253_402_300_799n, nanos: 0 };

/** What slashing is built from. */
export interface SlashingParts {
  readonly store: StoreKey;
  readonly addresses: Addresses;
  /** The one account that may change parameters: gov's. */
  readonly authority: string;
  /** Asked late: the module behind it asks this one who is jailed. */
  validators(): Validators;
}

export class SlashingKeeper {
  readonly parts: SlashingParts;
  readonly params: ParamStore<Params>;
  /** Texts of operators and of consensus addresses, as clients of the SDK know them. */
  readonly operators: Addresses;
  readonly consensus: Addresses;
  constructor(parts: SlashingParts) {
    this.parts = parts;
    this.operators = new Addresses(`${parts.addresses.prefix}valoper`);
    this.consensus = new Addresses(`${parts.addresses.prefix}valcons`);
    this.params = new ParamStore({
      store: parts.store,
      codec: Params,
      activeKey: keys.paramsKey,
      scheduledKey: keys.scheduledParamsKey,
    });
  }

  info(ctx: Context, consensus: Uint8Array): ValidatorSigningInfo | undefined {
    const bytes = this.kv(ctx).get(keys.infoKey(consensus));
    return bytes && ValidatorSigningInfo.decode(bytes);
  }

  setInfo(ctx: Context, consensus: Uint8Array, info: ValidatorSigningInfo): void {
    this.kv(ctx).set(keys.infoKey(consensus), ValidatorSigningInfo.encode(info).finish());
  }

  /** Jailed operators count as absent when power is settled. */
  isJailed(ctx: Context, operator: Uint8Array): boolean {
    return this.kv(ctx).has(keys.jailKey(operator));
  }

  isTombstoned(ctx: Context, operator: Uint8Array): boolean {
    return this.jailOf(ctx, operator)?.tombstoned ?? false;
  }

  /** Why and until when an operator is jailed; address is the operator's account. */
  jailOf(ctx: Context, operator: Uint8Array): ValidatorSigningInfo | undefined {
    const bytes = this.kv(ctx).get(keys.jailKey(operator));
    return bytes && ValidatorSigningInfo.decode(bytes);
  }

  setJail(ctx: Context, operator: Uint8Array, jail: { until: Time; isForever: boolean }): void {
    this.restoreJail(ctx, operator, {
      address: this.parts.addresses.text(operator),
      startHeight: this.jailOf(ctx, operator)?.startHeight ?? ctx.block.height,
      indexOffset: 0n,
      jailedUntil: { ...jail.until },
      tombstoned: jail.isForever,
      missedBlocksCounter: 0n,
    });
  }

  /** At genesis: a jail as it was exported. */
  restoreJail(ctx: Context, operator: Uint8Array, jail: ValidatorSigningInfo): void {
    const address = this.parts.addresses.text(operator);
    const record = ValidatorSigningInfo.encode({ ...jail, address });
    this.kv(ctx).set(keys.jailKey(operator), record.finish());
  }

  /** Ends the jail for good. Throws slashing codes 2, 4 and 5. */
  unjail(ctx: Context, operator: Uint8Array): void {
    if (!this.parts.validators().consensusAddressOf(ctx, operator)) {
      throw slashingErrors.unknownValidator("");
    }
    const jail = this.jailOf(ctx, operator);
    if (!jail) throw slashingErrors.notJailed("");
    const isEarly = compareTime(ctx.block.time, jail.jailedUntil) < 0;
    if (jail.tombstoned || isEarly) throw slashingErrors.stillJailed("");
    this.kv(ctx).delete(keys.jailKey(operator));
  }

  /** Jails whoever signed with this key, for ever: it signed two blocks of one height. */
  tombstone(ctx: Context, consensus: Uint8Array): void {
    const operator = this.signerOf(ctx, consensus);
    const info = this.info(ctx, consensus) ?? this.newInfo(ctx, consensus);
    const jailedUntil = { ...foreverJailed };
    this.setInfo(ctx, consensus, { ...info, jailedUntil, tombstoned: true });
    if (operator) this.setJail(ctx, operator, { until: foreverJailed, isForever: true });
    ctx.emit("slash", [["jailed", info.address]]);
  }

  newInfo(ctx: Context, consensus: Uint8Array): ValidatorSigningInfo {
    return {
      address: this.consensus.text(consensus),
      startHeight: ctx.block.height,
      indexOffset: 0n,
      jailedUntil: { seconds: 0n, nanos: 0 },
      tombstoned: false,
      missedBlocksCounter: 0n,
    };
  }

  /** Who signs with this key, or did last: also after the host has taken another key. */
  signerOf(ctx: Context, consensus: Uint8Array): Uint8Array | undefined {
    const now = this.parts.validators().operatorOf(ctx, consensus);
    return this.kv(ctx).get(keys.signerKey(consensus)) ?? now;
  }

  /** Notes whose key this is: evidence may come when the host has taken another one. */
  setSigner(ctx: Context, consensus: Uint8Array, operator: Uint8Array): void {
    const key = keys.signerKey(consensus);
    const known = this.kv(ctx).get(key);
    if (!known || !equalBytes(known, operator)) this.kv(ctx).set(key, operator);
  }

  /**
   * Notes whose votes a commit holds. Returns those whose votes the last one did not hold, in hex:
   * they have joined the set.
   */
  noteSet(ctx: Context, addresses: readonly Uint8Array[]): ReadonlySet<string> {
    const now = concat(...addresses);
    const before = this.lastSet(ctx);
    if (equalBytes(now, concat(...before))) return new Set();
    this.kv(ctx).set(keys.lastSetKey, now);
    const known = new Set(before.map(toHex));
    return new Set(addresses.map(toHex).filter((address) => !known.has(address)));
  }

  /** Consensus addresses of the last commit, in its order. */
  lastSet(ctx: Context): Uint8Array[] {
    const bytes = this.kv(ctx).get(keys.lastSetKey) ?? new Uint8Array();
    return Array.from({ length: bytes.length / addressBytes }, (_, i) =>
      bytes.slice(i * addressBytes, (i + 1) * addressBytes),
    );
  }

  isMissed(ctx: Context, consensus: Uint8Array, index: bigint): boolean {
    const chunk = this.kv(ctx).get(keys.missedKey(consensus, index / chunkBits));
    const { byte, mask } = bitOf(index);
    return ((chunk?.[byte] ?? 0) & mask) !== 0;
  }

  setMissed(ctx: Context, consensus: Uint8Array, at: { index: bigint; missed: boolean }): void {
    const key = keys.missedKey(consensus, at.index / chunkBits);
    const known = this.kv(ctx).get(key);
    const bits = known ? known.slice() : new Uint8Array(Number(chunkBits) / 8);
    const { byte, mask } = bitOf(at.index);
    const before = bits[byte] ?? 0;
    bits[byte] = at.missed ? before | mask : before & ~mask;
    if (bits.every((each) => each === 0)) this.kv(ctx).delete(key);
    else this.kv(ctx).set(key, bits);
  }

  /** Places in the window of blocks that were missed, in order. */
  missed(ctx: Context, consensus: Uint8Array): bigint[] {
    const pairs = [...this.kv(ctx).iterate(prefixRange(keys.missedBitsPrefix(consensus)))];
    return pairs.flatMap(([key, bits]) => {
      const chunk = Buffer.from(key.subarray(key.length - 8)).readBigUInt64BE();
      const places = Array.from({ length: bits.length * 8 }, (_, i) => BigInt(i));
      const set = places.filter((index) => {
        const { byte, mask } = bitOf(index);
        return ((bits[byte] ?? 0) & mask) !== 0;
      });
      return set.map((index) => chunk * chunkBits + index);
    });
  }

  clearMissed(ctx: Context, consensus: Uint8Array): void {
    const range = prefixRange(keys.missedBitsPrefix(consensus));
    for (const [key] of [...this.kv(ctx).iterate(range)]) this.kv(ctx).delete(key);
  }

  /** Every signing info with its consensus address, in the order of addresses. */
  infos(ctx: Context): { readonly consensus: Uint8Array; readonly info: ValidatorSigningInfo }[] {
    return this.#entries(ctx, keys.infoPrefix).map(([consensus, value]) => ({
      consensus,
      info: ValidatorSigningInfo.decode(value),
    }));
  }

  /** Every jailed operator. */
  jails(ctx: Context): { readonly operator: Uint8Array; readonly jail: ValidatorSigningInfo }[] {
    return this.#entries(ctx, keys.jailPrefix).map(([operator, value]) => ({
      operator,
      jail: ValidatorSigningInfo.decode(value),
    }));
  }

  /** Every known signer: consensus address and operator. */
  signers(ctx: Context): (readonly [consensus: Uint8Array, operator: Uint8Array])[] {
    return this.#entries(ctx, keys.signerPrefix);
  }

  /** The store, for reading only: queries page through it. */
  kv(ctx: Context): KvStore {
    return ctx.kv(this.parts.store);
  }

  /** Pairs below a prefix whose keys are a length and an address: the address and the value. */
  #entries(ctx: Context, prefix: Uint8Array): (readonly [Uint8Array, Uint8Array])[] {
    const pairs = [...this.kv(ctx).iterate(prefixRange(prefix))];
    return pairs.map(([key, value]) => [key.slice(prefix.length + 1), value] as const);
  }
}

function bitOf(index: bigint): { byte: number; mask: number } {
  const bit = Number(index % chunkBits);
  return { byte: bit >> 3, mask: 1 << (bit & 7) };
}
