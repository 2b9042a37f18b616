/** A validator as it is stored and as queries show it. */
import {
  BondStatus,
  type CommissionRates,
  type Description,
  Validator,
} from "cosmjs-types/cosmos/staking/v1beta1/staking";
import type { Any } from "cosmjs-types/google/protobuf/any";
import { one } from "../../encoding/decimal.ts";
import type { Time } from "../../encoding/time.ts";
import type { DelegationKeeper } from "./keeper.ts";

/** A validator without a token. */
export function newValidator(parts: {
  readonly validatorAddress: string;
  readonly consensusPubkey: Any;
  readonly description: Description;
  readonly commission: CommissionRates;
  readonly minSelfDelegation: string;
  readonly time: Time;
}): Validator {
  return Validator.fromPartial({
    operatorAddress: parts.validatorAddress,
    consensusPubkey: parts.consensusPubkey,
    tokens: "0",
    description: parts.description,
    commission: { commissionRates: parts.commission, updateTime: parts.time },
    minSelfDelegation: parts.minSelfDelegation,
  });
}

/** With what follows from its tokens. Shares have 18 decimals. */
export function shownValidator(keeper: DelegationKeeper, validator: Validator): Validator {
  const { BOND_STATUS_BONDED, BOND_STATUS_UNBONDED } = BondStatus;
  const hasPower = keeper.powerOfValidator(validator) > 0n;
  return {
    ...validator,
    status: hasPower ? BOND_STATUS_BONDED : BOND_STATUS_UNBONDED,
    delegatorShares: String(BigInt(validator.tokens) * one),
  };
}
