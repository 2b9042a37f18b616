/** Refusals of slashing: cosmos-sdk x/slashing/types/errors.go. Add at the end, never renumber. */
import { moduleErrors } from "../errors.ts";

const codes = {
  unknownValidator: 2,
  stillJailed: 4,
  notJailed: 5,
} as const;

export const slashingErrors = moduleErrors("slashing", codes, {
  unknownValidator: "address is not associated with any known validator",
  stillJailed: "validator still jailed; cannot be unjailed",
  notJailed: "validator not jailed; cannot be unjailed",
});
