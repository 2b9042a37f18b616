/** Refusals of authz: cosmos-sdk x/authz/errors.go. Add at the end, never renumber. */
import { moduleErrors } from "../errors.ts";

const codes = {
  noAuthorizationFound: 2,
  invalidExpirationTime: 3,
  unknownAuthorizationType: 4,
  noGrantKeyFound: 5,
  authorizationExpired: 6,
  granteeIsGranter: 7,
  numberOfSigners: 9,
} as const;

export const authzErrors = moduleErrors("authz", codes, {
  noAuthorizationFound: "authorization not found",
  invalidExpirationTime: "expiration time of authorization should be more than current time",
  unknownAuthorizationType: "unknown authorization type",
  noGrantKeyFound: "grant key not found",
  authorizationExpired: "authorization expired",
  granteeIsGranter: "grantee and granter should be different",
  numberOfSigners: "authorization can be given to msg with only one signer",
});
