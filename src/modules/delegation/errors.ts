/** Refusals of staking: cosmos-sdk x/staking/types/errors.go. */
import { moduleErrors } from "../errors.ts";

export const stakingErrors = moduleErrors(
  "staking",
  {
    noValidatorFound: 3,
    validatorOwnerExists: 4,
    validatorPubKeyExists: 5,
    pubKeyTypeNotSupported: 6,
    minSelfDelegationDecreased: 17,
    noDelegation: 19,
    noUnbondingDelegation: 26,
    maxUnbondingEntries: 27,
    noRedelegation: 28,
  },
  {
    noValidatorFound: "validator does not exist",
    validatorOwnerExists:
      "validator already exist for this operator address; must use new validator operator address",
    validatorPubKeyExists: "validator already exist for this pubkey; must use new validator pubkey",
    pubKeyTypeNotSupported: "validator pubkey type is not supported",
    minSelfDelegationDecreased: "minimum self delegation cannot be decrease",
    noDelegation: "no delegation for (address, validator) tuple",
    noUnbondingDelegation: "no unbonding delegation found",
    maxUnbondingEntries: "too many unbonding delegation entries for (delegator, validator) tuple",
    noRedelegation: "no redelegation found",
  },
);
