/**
 * Allowances: what a granter lets a grantee spend on fees. A basic one has a total and an end, a
 * periodic one a limit that fills up again, and a filtered one names the messages it pays for.
 */

import * as types from "cosmjs-types/cosmos/feegrant/v1beta1/feegrant";
import type { Any } from "cosmjs-types/google/protobuf/any";
import {
  type Coin,
  fromProtoCoins,
  type ProtoCoin,
  subtractCoins,
  toProtoCoins,
} from "../../encoding/coins.ts";
import { addNanos, compareTime, isTime, type Time } from "../../encoding/time.ts";
import { sdkErrors } from "../errors.ts";
import type { GasMeter } from "../module.ts";
import { feegrantErrors } from "./errors.ts";
import type { AnyTypes } from "./expected.ts";

/** An allowance of one of the three types. */
export type Allowance =
  | { readonly kind: "basic"; readonly basic: types.BasicAllowance }
  | { readonly kind: "periodic"; readonly periodic: types.PeriodicAllowance }
  | { readonly kind: "filtered"; readonly messages: readonly string[]; readonly inner: Allowance };

/** A fee to be paid. */
export interface Use {
  readonly now: Time;
  readonly fee: readonly Coin[];
  readonly messageTypes: readonly string[];
  readonly gas: GasMeter;
}

const gasPerMessageType = 10n;
/** Filtered allowances in filtered allowances. */
const maxNesting = 4;
const nanosPerSecond = 1_000_000_000n;
const maxPeriodNanos = (1n << 63n) - 1n;

/** The allowance of an Any. Throws sdk code 2, feegrant code 5. */
export function readAllowance(anyTypes: AnyTypes, any: Any | undefined, depth = 0): Allowance {
  if (!any) throw feegrantErrors.noAllowance("allowance should not be empty");
  if (depth > maxNesting) throw sdkErrors.invalidRequest("allowances nest too deeply");
  const { message } = anyTypes.unpack(any);
  if (any.typeUrl === types.BasicAllowance.typeUrl) {
    return { kind: "basic", basic: message as types.BasicAllowance };
  }
  if (any.typeUrl === types.PeriodicAllowance.typeUrl) {
    return { kind: "periodic", periodic: message as types.PeriodicAllowance };
  }
  if (any.typeUrl !== types.AllowedMsgAllowance.typeUrl) {
    throw sdkErrors.txDecode(`${any.typeUrl.slice(0, 200)} is no fee allowance`);
  }
  const { allowance, allowedMessages } = message as types.AllowedMsgAllowance;
  const inner = readAllowance(anyTypes, allowance, depth + 1);
  return { kind: "filtered", messages: allowedMessages, inner };
}

/** The inverse of readAllowance. */
export function writeAllowance(allowance: Allowance): Any {
  if (allowance.kind === "basic") {
    const value = types.BasicAllowance.encode(allowance.basic).finish();
    return { typeUrl: types.BasicAllowance.typeUrl, value };
  }
  if (allowance.kind === "periodic") {
    const value = types.PeriodicAllowance.encode(allowance.periodic).finish();
    return { typeUrl: types.PeriodicAllowance.typeUrl, value };
  }
  const value = types.AllowedMsgAllowance.encode({
    allowance: writeAllowance(allowance.inner),
    allowedMessages: [...allowance.messages],
  }).finish();
  return { typeUrl: types.AllowedMsgAllowance.typeUrl, value };
}

/** When it ends by itself. */
export function expirationOf(allowance: Allowance): Time | undefined {
  if (allowance.kind === "filtered") return expirationOf(allowance.inner);
  const basic = allowance.kind === "basic" ? allowance.basic : allowance.periodic.basic;
  return basic.expiration;
}

/** What is wrong with it by itself. Throws ModuleError. */
export function checkAllowance(allowance: Allowance): void {
  if (allowance.kind === "filtered") {
    if (allowance.messages.length === 0) {
      throw feegrantErrors.noMessages("allowed messages shouldn't be empty");
    }
    checkAllowance(allowance.inner);
  } else if (allowance.kind === "basic") checkBasic(allowance.basic);
  else checkPeriodic(allowance.periodic);
}

function checkBasic({ spendLimit, expiration }: types.BasicAllowance): void {
  coinsOf(spendLimit, "spend limit");
  if (!expiration) return;
  if (expiration.seconds < 0n || !isTime(expiration)) {
    throw feegrantErrors.invalidDuration("expiration time cannot be negative");
  }
}

function checkPeriodic(periodic: types.PeriodicAllowance): void {
  const { basic, period, periodReset } = periodic;
  checkBasic(basic);
  const limit = coinsOf(periodic.periodSpendLimit, "period spend limit");
  if (limit.length === 0) throw sdkErrors.invalidCoins("spend limit must be positive");
  coinsOf(periodic.periodCanSpend, "can spend amount");
  const total = new Set(basic.spendLimit.map(({ denom }) => denom));
  if (total.size > 0 && limit.some(({ denom }) => !total.has(denom))) {
    throw sdkErrors.invalidCoins(
      "period spend limit has different currency than basic spend limit",
    );
  }
  const nanos = periodNanos(period);
  if (nanos < 0n) throw feegrantErrors.invalidDuration("negative clock step");
  if (nanos > maxPeriodNanos || !isTime(periodReset)) {
    throw feegrantErrors.invalidDuration("the period or its reset is out of range");
  }
}

function periodNanos({ seconds, nanos }: types.PeriodicAllowance["period"]): bigint {
  return seconds * nanosPerSecond + BigInt(nanos);
}

/** Coins in canonical form. Throws sdk code 10. */
function coinsOf(coins: readonly ProtoCoin[], name: string): readonly Coin[] {
  const read = fromProtoCoins(coins);
  if (read) return read;
  const text = coins.map(({ amount, denom }) => `${amount}${denom}`).join(",");
  throw sdkErrors.invalidCoins(`${name} is invalid: ${text.slice(0, 200)}`);
}

/**
 * What is left of it after paying; undefined when nothing is. Throws ModuleError when it does not
 * pay. A limit without coins is none (cosmos-sdk x/feegrant, Accept of the three types).
 */
export function spend(allowance: Allowance, use: Use): Allowance | undefined {
  if (allowance.kind === "basic") return spendBasic(allowance.basic, use);
  if (allowance.kind === "periodic") return spendPeriodic(allowance.periodic, use);
  const allowed = new Set<string>();
  for (const name of allowance.messages) {
    use.gas.consume(gasPerMessageType, "check msg");
    allowed.add(name);
  }
  for (const typeUrl of use.messageTypes) {
    use.gas.consume(gasPerMessageType, "check msg");
    if (!allowed.has(typeUrl)) {
      throw feegrantErrors.messageNotAllowed("message does not exist in allowed messages");
    }
  }
  const inner = spend(allowance.inner, use);
  return inner && { ...allowance, inner };
}

function spendBasic(basic: types.BasicAllowance, { now, fee }: Use): Allowance | undefined {
  if (isPast(basic.expiration, now)) throw feegrantErrors.feeLimitExpired("basic allowance");
  if (basic.spendLimit.length === 0) return { kind: "basic", basic };
  const left = subtractCoins(coinsOf(basic.spendLimit, "spend limit"), fee);
  if (!left) throw feegrantErrors.feeLimitExceeded("basic allowance");
  if (left.length === 0) return undefined;
  return { kind: "basic", basic: { ...basic, spendLimit: toProtoCoins(left) } };
}

function spendPeriodic(given: types.PeriodicAllowance, use: Use): Allowance | undefined {
  if (isPast(given.basic.expiration, use.now)) {
    throw feegrantErrors.feeLimitExpired("absolute limit");
  }
  const periodic = refilled(given, use.now);
  const canSpend = subtractCoins(coinsOf(periodic.periodCanSpend, "can spend amount"), use.fee);
  if (!canSpend) throw feegrantErrors.feeLimitExceeded("period limit");
  const left = { ...periodic, periodCanSpend: toProtoCoins(canSpend) };
  const { basic } = periodic;
  if (basic.spendLimit.length === 0) return { kind: "periodic", periodic: left };
  const total = subtractCoins(coinsOf(basic.spendLimit, "spend limit"), use.fee);
  if (!total) throw feegrantErrors.feeLimitExceeded("absolute limit");
  if (total.length === 0) return undefined;
  const spent = { ...left, basic: { ...basic, spendLimit: toProtoCoins(total) } };
  return { kind: "periodic", periodic: spent };
}

/** At the reset: the limit of a period, or what is left in total. The next reset is later. */
function refilled(periodic: types.PeriodicAllowance, now: Time): types.PeriodicAllowance {
  if (compareTime(now, periodic.periodReset) < 0) return periodic;
  const { basic, periodSpendLimit } = periodic;
  const total = coinsOf(basic.spendLimit, "spend limit");
  const isEnough = subtractCoins(total, coinsOf(periodSpendLimit, "period spend limit"));
  const periodCanSpend = isEnough || total.length === 0 ? periodSpendLimit : basic.spendLimit;
  const period = periodNanos(periodic.period);
  const next = addNanos(periodic.periodReset, period);
  // After a long pause, the rhythm starts anew.
  const periodReset = compareTime(now, next) > 0 ? addNanos(now, period) : next;
  return { ...periodic, periodCanSpend, periodReset };
}

function isPast(expiration: Time | undefined, now: Time): boolean {
  return expiration !== undefined && compareTime(expiration, now) < 0;
}
