/** The messages of staking that the simapp profile has. spec/modules/delegation.md. */

import { PubKey as Ed25519PubKey } from "cosmjs-types/cosmos/crypto/ed25519/keys";
import type { Description } from "cosmjs-types/cosmos/staking/v1beta1/staking";
import * as tx from "cosmjs-types/cosmos/staking/v1beta1/tx";
import type { Any } from "cosmjs-types/google/protobuf/any";
import { toBase64 } from "../../encoding/bytes.ts";
import { type ProtoCoin, parseAmount } from "../../encoding/coins.ts";
import { formatDecimal, one } from "../../encoding/decimal.ts";
import { withDecimals } from "../../encoding/proto-json.ts";
import { formatTime } from "../../encoding/time.ts";
import { sdkErrors } from "../errors.ts";
import { type Context, type MsgHandler, msgHandler } from "../module.ts";
import { stakingErrors } from "./errors.ts";
import type { DelegationKeeper } from "./keeper.ts";
import { newValidator } from "./validator.ts";

export function stakingMsgs(keeper: DelegationKeeper): readonly MsgHandler[] {
  return [
    delegate(keeper),
    undelegate(keeper),
    redelegate(keeper),
    createValidator(keeper),
    editValidator(keeper),
  ];
}

interface PairTexts {
  readonly delegatorAddress: string;
  readonly validatorAddress: string;
}

const pairOf = (keeper: DelegationKeeper, msg: PairTexts) => ({
  delegator: keeper.addresses.parse(msg.delegatorAddress, "invalid delegator address"),
  validator: keeper.operators.parse(msg.validatorAddress, "invalid validator address"),
});

/** A positive amount. Throws sdk code 18. */
function amountOf(coin: ProtoCoin): bigint {
  const amount = parseAmount(coin.amount);
  if (amount === undefined || amount === 0n) {
    throw sdkErrors.invalidRequest("invalid delegation amount");
  }
  return amount;
}

function assertBondDenom(keeper: DelegationKeeper, ctx: Context, { denom }: ProtoCoin): void {
  const { bondDenom } = keeper.params(ctx);
  if (denom === bondDenom) return;
  throw sdkErrors.invalidRequest(`invalid coin denomination: got ${denom}, expected ${bondDenom}`);
}

/** What the three messages about a delegation share in amino JSON. */
const pairAmino = (msg: PairTexts & { readonly amount: ProtoCoin }) => ({
  delegator_address: msg.delegatorAddress,
  validator_address: msg.validatorAddress,
  amount: msg.amount,
});

function delegate(keeper: DelegationKeeper): MsgHandler {
  return msgHandler<tx.MsgDelegate>({
    typeUrl: tx.MsgDelegate.typeUrl,
    responseTypeUrl: tx.MsgDelegateResponse.typeUrl,
    codec: tx.MsgDelegate,
    amino: { name: "cosmos-sdk/MsgDelegate", toJson: pairAmino },
    signers: (msg) => [msg.delegatorAddress],
    validate: (msg) => {
      pairOf(keeper, msg);
      amountOf(msg.amount);
    },
    execute: (ctx, msg) => {
      assertBondDenom(keeper, ctx, msg.amount);
      const amount = amountOf(msg.amount);
      keeper.delegate(ctx, pairOf(keeper, msg), amount);
      ctx.emit("delegate", [
        ["validator", msg.validatorAddress],
        ["delegator", msg.delegatorAddress],
        ["amount", `${amount}${msg.amount.denom}`],
        ["new_shares", formatDecimal(amount * one)],
      ]);
      return tx.MsgDelegateResponse.encode({}).finish();
    },
  });
}

function undelegate(keeper: DelegationKeeper): MsgHandler {
  return msgHandler<tx.MsgUndelegate>({
    typeUrl: tx.MsgUndelegate.typeUrl,
    responseTypeUrl: tx.MsgUndelegateResponse.typeUrl,
    codec: tx.MsgUndelegate,
    amino: { name: "cosmos-sdk/MsgUndelegate", toJson: pairAmino },
    signers: (msg) => [msg.delegatorAddress],
    validate: (msg) => {
      pairOf(keeper, msg);
      amountOf(msg.amount);
    },
    execute: (ctx, msg) => {
      assertBondDenom(keeper, ctx, msg.amount);
      const completionTime = keeper.undelegate(ctx, pairOf(keeper, msg), amountOf(msg.amount));
      ctx.emit("unbond", [
        ["validator", msg.validatorAddress],
        ["delegator", msg.delegatorAddress],
        ["amount", `${msg.amount.amount}${msg.amount.denom}`],
        ["completion_time", formatTime(completionTime)],
      ]);
      const response = { completionTime, amount: msg.amount };
      return tx.MsgUndelegateResponse.encode(response).finish();
    },
  });
}

function redelegate(keeper: DelegationKeeper): MsgHandler {
  const pairs = (msg: tx.MsgBeginRedelegate) => ({
    from: pairOf(keeper, { ...msg, validatorAddress: msg.validatorSrcAddress }),
    to: keeper.operators.parse(msg.validatorDstAddress, "invalid destination validator address"),
  });
  return msgHandler<tx.MsgBeginRedelegate>({
    typeUrl: tx.MsgBeginRedelegate.typeUrl,
    responseTypeUrl: tx.MsgBeginRedelegateResponse.typeUrl,
    codec: tx.MsgBeginRedelegate,
    amino: {
      name: "cosmos-sdk/MsgBeginRedelegate",
      toJson: (msg) => ({
        delegator_address: msg.delegatorAddress,
        validator_src_address: msg.validatorSrcAddress,
        validator_dst_address: msg.validatorDstAddress,
        amount: msg.amount,
      }),
    },
    signers: (msg) => [msg.delegatorAddress],
    validate: (msg) => {
      pairs(msg);
      amountOf(msg.amount);
    },
    execute: (ctx, msg) => {
      assertBondDenom(keeper, ctx, msg.amount);
      if (msg.validatorSrcAddress === msg.validatorDstAddress) {
        throw sdkErrors.invalidRequest("cannot redelegate to the same validator");
      }
      const { from, to } = pairs(msg);
      keeper.redelegate(ctx, from, to, amountOf(msg.amount));
      const completionTime = ctx.block.time;
      ctx.emit("redelegate", [
        ["source_validator", msg.validatorSrcAddress],
        ["destination_validator", msg.validatorDstAddress],
        ["amount", `${msg.amount.amount}${msg.amount.denom}`],
        ["completion_time", formatTime(completionTime)],
      ]);
      return tx.MsgBeginRedelegateResponse.encode({ completionTime }).finish();
    },
  });
}

function createValidator(keeper: DelegationKeeper): MsgHandler {
  return msgHandler<tx.MsgCreateValidator>({
    typeUrl: tx.MsgCreateValidator.typeUrl,
    responseTypeUrl: tx.MsgCreateValidatorResponse.typeUrl,
    codec: withDecimals(tx.MsgCreateValidator, ...rates.map((name) => `commission.${name}`)),
    amino: { name: "cosmos-sdk/MsgCreateValidator", toJson: createAmino },
    signers: (msg) => [keeper.addresses.text(keeper.operators.parse(msg.validatorAddress))],
    validate: (msg) => {
      keeper.operators.parse(msg.validatorAddress, "invalid validator address");
      amountOf(msg.value);
      checkDescription(msg.description);
      const { rate, maxRate, maxChangeRate } = msg.commission;
      if (
        ![rate, maxRate, maxChangeRate].every((text) => isRate(text) && BigInt(text || "0") <= one)
      )
        throw sdkErrors.invalidRequest("the rates of a commission must be decimals from 0 to 1");
    },
    execute: (ctx, msg) => {
      assertBondDenom(keeper, ctx, msg.value);
      const operator = keeper.operators.parse(msg.validatorAddress);
      if (keeper.validator(ctx, operator)) throw stakingErrors.validatorOwnerExists("");
      const consensusPubkey = checkedKey(msg.pubkey);
      if (keeper.hasConsensusKey(ctx, consensusPubkey.value)) {
        throw stakingErrors.validatorPubKeyExists("");
      }
      keeper.setValidator(ctx, newValidator({ ...msg, consensusPubkey, time: ctx.block.time }));
      keeper.delegate(ctx, { delegator: operator, validator: operator }, amountOf(msg.value));
      ctx.emit("create_validator", [
        ["validator", msg.validatorAddress],
        ["amount", `${msg.value.amount}${msg.value.denom}`],
      ]);
      return tx.MsgCreateValidatorResponse.encode({}).finish();
    },
  });
}

function editValidator(keeper: DelegationKeeper): MsgHandler {
  return msgHandler<tx.MsgEditValidator>({
    typeUrl: tx.MsgEditValidator.typeUrl,
    responseTypeUrl: tx.MsgEditValidatorResponse.typeUrl,
    codec: tx.MsgEditValidator,
    amino: { name: "cosmos-sdk/MsgEditValidator", toJson: editAmino },
    signers: (msg) => [keeper.addresses.text(keeper.operators.parse(msg.validatorAddress))],
    validate: (msg) => {
      keeper.operators.parse(msg.validatorAddress, "invalid validator address");
      checkDescription(msg.description);
      if (msg.minSelfDelegation !== "" && parseAmount(msg.minSelfDelegation) === undefined) {
        throw sdkErrors.invalidRequest("minimum self delegation must be a positive integer");
      }
      if (msg.commissionRate !== "") {
        throw sdkErrors.notSupported("the commission of a validator does not change here");
      }
    },
    execute: (ctx, msg) => {
      const validator = keeper.knownValidator(ctx, keeper.operators.parse(msg.validatorAddress));
      const minSelfDelegation = msg.minSelfDelegation || validator.minSelfDelegation;
      if (BigInt(minSelfDelegation) < BigInt(validator.minSelfDelegation)) {
        throw stakingErrors.minSelfDelegationDecreased("");
      }
      keeper.setValidator(ctx, { ...validator, description: msg.description, minSelfDelegation });
      ctx.emit("edit_validator", [
        ["commission_rate", validator.commission.commissionRates.rate],
        ["min_self_delegation", minSelfDelegation],
      ]);
      return tx.MsgEditValidatorResponse.encode({}).finish();
    },
  });
}

const rates = ["rate", "max_rate", "max_change_rate"];

/** Longest texts of a description, in characters: x/staking/types/validator.go. */
const longest = { moniker: 70, identity: 3000, website: 140, securityContact: 140, details: 280 };

function checkDescription(description: Description): void {
  for (const [name, limit] of Object.entries(longest)) {
    const { length } = description[name as keyof typeof longest];
    if (length <= limit) continue;
    throw sdkErrors.invalidRequest(`invalid ${name} length; got: ${length}, max: ${limit}`);
  }
}

/** An ed25519 key. Throws staking code 6. */
function checkedKey(pubkey: Any | undefined): Any {
  if (pubkey?.typeUrl !== Ed25519PubKey.typeUrl) throw stakingErrors.pubKeyTypeNotSupported("");
  const bytes = keyBytes(pubkey);
  if (bytes.length !== 32) throw stakingErrors.pubKeyTypeNotSupported(`${bytes.length} bytes`);
  return { typeUrl: pubkey.typeUrl, value: Ed25519PubKey.encode({ key: bytes }).finish() };
}

function keyBytes({ value }: Any): Uint8Array {
  try {
    return Ed25519PubKey.decode(value).key;
  } catch {
    throw stakingErrors.pubKeyTypeNotSupported("malformed");
  }
}

const descriptionAmino = (description: Description) => ({
  moniker: description.moniker,
  identity: description.identity,
  website: description.website,
  security_contact: description.securityContact,
  details: description.details,
});

function createAmino(msg: tx.MsgCreateValidator) {
  const { rate, maxRate, maxChangeRate } = msg.commission;
  return {
    description: descriptionAmino(msg.description),
    commission: {
      rate: rateAmino(rate),
      max_rate: rateAmino(maxRate),
      max_change_rate: rateAmino(maxChangeRate),
    },
    min_self_delegation: msg.minSelfDelegation,
    delegator_address: msg.delegatorAddress,
    validator_address: msg.validatorAddress,
    pubkey: {
      type: "tendermint/PubKeyEd25519",
      value: toBase64(msg.pubkey ? keyBytes(msg.pubkey) : new Uint8Array()),
    },
    value: msg.value,
  };
}

const editAmino = (msg: tx.MsgEditValidator) => ({
  description: descriptionAmino(msg.description),
  validator_address: msg.validatorAddress,
  ...(msg.commissionRate === "" ? {} : { commission_rate: rateAmino(msg.commissionRate) }),
  ...(msg.minSelfDelegation === "" ? {} : { min_self_delegation: msg.minSelfDelegation }),
});

/** A rate with a point. What is no number stays as it is: it is refused when it is executed. */
const rateAmino = (text: string): string =>
  isRate(text) ? formatDecimal(BigInt(text || "0")) : text;

/** A whole number of 10^-18, as the wire has it; nothing is zero. */
const isRate = (text: string): boolean => /^\d{0,40}$/.test(text);
