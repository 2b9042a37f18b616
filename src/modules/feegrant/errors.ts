/** Refusals of feegrant: cosmos-sdk x/feegrant/errors.go. Add at the end, never renumber. */
import { moduleErrors } from "../errors.ts";

const codes = {
  feeLimitExceeded: 2,
  feeLimitExpired: 3,
  invalidDuration: 4,
  noAllowance: 5,
  noMessages: 6,
  messageNotAllowed: 7,
} as const;

export const feegrantErrors = moduleErrors("feegrant", codes, {
  feeLimitExceeded: "fee limit exceeded",
  feeLimitExpired: "fee allowance expired",
  invalidDuration: "invalid duration",
  noAllowance: "no allowance",
  noMessages: "allowed messages are empty",
  messageNotAllowed: "message not allowed",
});
