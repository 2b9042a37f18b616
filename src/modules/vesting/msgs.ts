/**
 * The messages that open vesting accounts (cosmos-sdk x/auth/vesting). The account is auth's, the
 * coins are bank's, so this module has no state. spec/modules/vesting.md.
 */
import * as tx from "cosmjs-types/cosmos/vesting/v1beta1/tx";
import { addCoins, type Coin, fromProtoCoins, type ProtoCoin } from "../../encoding/coins.ts";
import type { Addresses } from "../addresses.ts";
import { sdkErrors } from "../errors.ts";
import { type Context, type MsgHandler, msgHandler } from "../module.ts";
import type { Accounts, Bank, NewVesting } from "./expected.ts";

/** What the messages need. */
export interface VestingParts {
  readonly addresses: Addresses;
  readonly accounts: Accounts;
  readonly bank: Bank;
}

const maxTime = (1n << 63n) - 1n;
/** No schedule that anybody would write has so many periods, and every send walks all of them. */
const maxPeriods = 1000;

export function vestingMsgs(parts: VestingParts): readonly MsgHandler[] {
  return [createVesting(parts), createPermanent(parts), createPeriodic(parts)];
}

function createVesting(parts: VestingParts): MsgHandler {
  return msgHandler<tx.MsgCreateVestingAccount>({
    typeUrl: tx.MsgCreateVestingAccount.typeUrl,
    responseTypeUrl: tx.MsgCreateVestingAccountResponse.typeUrl,
    codec: tx.MsgCreateVestingAccount,
    amino: {
      name: "cosmos-sdk/MsgCreateVestingAccount",
      toJson: (msg) => ({
        from_address: msg.fromAddress,
        to_address: msg.toAddress,
        amount: msg.amount,
        end_time: msg.endTime === 0n ? undefined : String(msg.endTime),
        delayed: msg.delayed || undefined, // Amino leaves false out.
      }),
    },
    signers: (msg) => [msg.fromAddress],
    validate: (msg) => {
      checkParties(parts, msg);
      readCoins(msg.amount);
      if (msg.endTime <= 0n) throw sdkErrors.invalidRequest("invalid end time");
    },
    execute: (ctx, msg) => {
      const original = readCoins(msg.amount);
      const ground = { original, delegatedFree: [], delegatedVesting: [], endTime: msg.endTime };
      const startTime = ctx.block.time.seconds;
      open(ctx, parts, msg, {
        ...ground,
        ...(msg.delayed ? { kind: "delayed" } : { kind: "continuous", startTime }),
      });
      return tx.MsgCreateVestingAccountResponse.encode({}).finish();
    },
  });
}

function createPermanent(parts: VestingParts): MsgHandler {
  return msgHandler<tx.MsgCreatePermanentLockedAccount>({
    typeUrl: tx.MsgCreatePermanentLockedAccount.typeUrl,
    responseTypeUrl: tx.MsgCreatePermanentLockedAccountResponse.typeUrl,
    codec: tx.MsgCreatePermanentLockedAccount,
    amino: {
      name: "cosmos-sdk/MsgCreatePermLockedAccount",
      toJson: (msg) => ({
        from_address: msg.fromAddress,
        to_address: msg.toAddress,
        amount: msg.amount,
      }),
    },
    signers: (msg) => [msg.fromAddress],
    validate: (msg) => {
      checkParties(parts, msg);
      readCoins(msg.amount);
    },
    execute: (ctx, msg) => {
      const original = readCoins(msg.amount);
      const ground = { original, delegatedFree: [], delegatedVesting: [], endTime: 0n };
      open(ctx, parts, msg, { ...ground, kind: "permanent" });
      return tx.MsgCreatePermanentLockedAccountResponse.encode({}).finish();
    },
  });
}

function createPeriodic(parts: VestingParts): MsgHandler {
  return msgHandler<tx.MsgCreatePeriodicVestingAccount>({
    typeUrl: tx.MsgCreatePeriodicVestingAccount.typeUrl,
    responseTypeUrl: tx.MsgCreatePeriodicVestingAccountResponse.typeUrl,
    codec: tx.MsgCreatePeriodicVestingAccount,
    amino: {
      name: "cosmos-sdk/MsgCreatePeriodVestAccount",
      toJson: (msg) => ({
        from_address: msg.fromAddress,
        to_address: msg.toAddress,
        start_time: msg.startTime === 0n ? undefined : String(msg.startTime),
        vesting_periods: msg.vestingPeriods.map(({ length, amount }) => ({
          length: length === 0n ? undefined : String(length),
          amount,
        })),
      }),
    },
    signers: (msg) => [msg.fromAddress],
    validate: (msg) => {
      checkParties(parts, msg);
      readPeriods(msg);
    },
    execute: (ctx, msg) => {
      const { periods, original, endTime } = readPeriods(msg);
      const { startTime } = msg;
      const ground = { original, delegatedFree: [], delegatedVesting: [], endTime };
      open(ctx, parts, msg, { ...ground, kind: "periodic", startTime, periods });
      return tx.MsgCreatePeriodicVestingAccountResponse.encode({}).finish();
    },
  });
}

interface Parties {
  readonly fromAddress: string;
  readonly toAddress: string;
}

function checkParties({ addresses }: VestingParts, { fromAddress, toAddress }: Parties): void {
  addresses.parse(fromAddress, "invalid 'from' address");
  addresses.parse(toAddress, "invalid 'to' address");
}

/** Throws sdk codes 4, 5 and 18, and bank code 5. */
function open(ctx: Context, parts: VestingParts, parties: Parties, vesting: NewVesting): void {
  const { addresses, accounts, bank } = parts;
  const [from, to] = [addresses.parse(parties.fromAddress), addresses.parse(parties.toAddress)];
  bank.assertSendable(ctx, vesting.original);
  if (bank.isBlocked(to)) {
    throw sdkErrors.unauthorized(`${parties.toAddress} is not allowed to receive funds`);
  }
  if (accounts.has(ctx, to)) {
    throw sdkErrors.invalidRequest(`account ${parties.toAddress} already exists`);
  }
  accounts.createVesting(ctx, to, vesting);
  bank.send(ctx, from, to, vesting.original);
}

function readPeriods({ startTime, vestingPeriods }: tx.MsgCreatePeriodicVestingAccount) {
  if (startTime < 1n) {
    const detail = `invalid start time of ${startTime}, length must be greater than 0`;
    throw sdkErrors.invalidRequest(detail);
  }
  if (vestingPeriods.length === 0 || vestingPeriods.length > maxPeriods) {
    throw sdkErrors.invalidRequest(`${vestingPeriods.length} periods, must be 1 to ${maxPeriods}`);
  }
  let [original, endTime]: [Coin[], bigint] = [[], startTime];
  const periods = vestingPeriods.map(({ length, amount }, index) => {
    if (length < 1n) {
      const place = `invalid period length of ${length} in period ${index}`;
      throw sdkErrors.invalidRequest(`${place}, length must be greater than 0`);
    }
    const coins = readCoins(amount);
    original = addCoins(original, coins);
    endTime += length;
    return { length, amount: coins };
  });
  if (endTime > maxTime) throw sdkErrors.invalidRequest("the last period ends after all time");
  // A sum that no coin can hold would be refused wherever it is read again.
  if (!fromProtoCoins(original.map(({ denom, amount }) => ({ denom, amount: String(amount) })))) {
    throw sdkErrors.invalidCoins("the periods sum up to more than an amount can be");
  }
  return { periods, original, endTime };
}

/** Coins of a message: sorted, positive, at least one. Throws sdk code 10. */
function readCoins(coins: readonly ProtoCoin[]): Coin[] {
  const read = fromProtoCoins(coins);
  if (read && read.length > 0) return read;
  const text = coins.map(({ amount, denom }) => `${amount}${denom}`).join(",");
  throw sdkErrors.invalidCoins(text.slice(0, 200));
}
