/** Refusals of bank: cosmos-sdk x/bank/types/errors.go. Add at the end, never renumber. */
import { moduleErrors } from "../errors.ts";

const codes = {
  noInputs: 2,
  noOutputs: 3,
  inputOutputMismatch: 4,
  sendDisabled: 5,
  denomMetadataNotFound: 6,
  invalidKey: 7,
  duplicateEntry: 8,
  multipleSenders: 9,
} as const;

export const bankErrors = moduleErrors("bank", codes, {
  noInputs: "no inputs to send transaction",
  noOutputs: "no outputs to send transaction",
  inputOutputMismatch: "sum inputs != sum outputs",
  sendDisabled: "send transactions are disabled",
  denomMetadataNotFound: "client denom metadata not found",
  invalidKey: "invalid key",
  duplicateEntry: "duplicate entry",
  multipleSenders: "multiple senders not allowed",
});
