/**
 * Hosts as cosmos.staking messages. Nobody delegates on this chain: the power of a host is shown as
 * if its operator had bonded so many tokens to itself, a million units for each power.
 */
import { PubKey } from "cosmjs-types/cosmos/crypto/ed25519/keys";
import * as types from "cosmjs-types/cosmos/staking/v1beta1/staking";
import { Addresses } from "../addresses.ts";
import { sdkErrors } from "../errors.ts";
import type { Context } from "../module.ts";
import { decimal, tokensPerPower } from "./decimals.ts";
import type { ValidatorView, ViewParts } from "./expected.ts";

const { BOND_STATUS_BONDED, BOND_STATUS_UNBONDED } = types.BondStatus;
const unixEpoch = { seconds: 0n, nanos: 0 };
/** Paths of the decimals of a Validator, below the field that holds it. */
export const validatorDecimals = (place: string): string[] => [
  `${place}.delegator_shares`,
  ...["rate", "max_rate", "max_change_rate"].map(
    (name) => `${place}.commission.commission_rates.${name}`,
  ),
];

/** Texts and messages of the hosts of a chain. */
export class ValidatorShapes {
  readonly parts: ViewParts;
  readonly operators: Addresses;
  constructor(parts: ViewParts) {
    this.parts = parts;
    this.operators = new Addresses(`${parts.addresses.prefix}valoper`);
  }

  /** The validator of a bech32 text. Throws sdk codes 7, 18 and 38. */
  find(ctx: Context, text: string): ValidatorView {
    if (text === "") throw sdkErrors.invalidRequest("validator address cannot be empty");
    const view = this.parts.validators.validator(ctx, this.operators.parse(text));
    if (!view) throw sdkErrors.notFound(`validator ${text} not found`);
    return view;
  }

  /** The bytes of a delegator. Throws sdk codes 7 and 18. */
  delegator(text: string): Uint8Array {
    if (text === "") throw sdkErrors.invalidRequest("delegator address cannot be empty");
    return this.parts.addresses.parse(text);
  }

  /** The validator whose operator this account is, while it has power. */
  bondedTo(ctx: Context, delegator: Uint8Array): ValidatorView | undefined {
    const view = this.parts.validators.validator(ctx, delegator);
    return view && view.power > 0n ? view : undefined;
  }

  status({ power }: ValidatorView): types.BondStatus {
    return power > 0n ? BOND_STATUS_BONDED : BOND_STATUS_UNBONDED;
  }

  message(view: ValidatorView): types.Validator {
    const tokens = view.power * tokensPerPower;
    const none = { rate: "0", maxRate: "0", maxChangeRate: "0" };
    return {
      operatorAddress: this.operators.text(view.operator),
      consensusPubkey: {
        typeUrl: PubKey.typeUrl,
        value: PubKey.encode({ key: view.consensusPubKey }).finish(),
      },
      jailed: view.isJailed,
      status: this.status(view),
      tokens: String(tokens),
      delegatorShares: decimal(tokens),
      description: {
        moniker: view.moniker,
        identity: "",
        website: view.website,
        securityContact: "",
        details: "",
      },
      unbondingHeight: 0n,
      unbondingTime: { ...unixEpoch },
      commission: { commissionRates: none, updateTime: { ...unixEpoch } },
      minSelfDelegation: "1",
      unbondingOnHoldRefCount: 0n,
      unbondingIds: [],
    };
  }

  /** The operator's own bond. */
  delegation(view: ValidatorView): types.DelegationResponse {
    const tokens = view.power * tokensPerPower;
    return {
      delegation: {
        delegatorAddress: this.parts.addresses.text(view.operator),
        validatorAddress: this.operators.text(view.operator),
        shares: decimal(tokens),
      },
      balance: { denom: this.parts.denom, amount: String(tokens) },
    };
  }
}
