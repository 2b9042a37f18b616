/**
 * Authorizations: what a grantee may do in the name of a granter. A generic one allows all messages
 * of a type, a send authorization allows sends up to a sum, perhaps to listed receivers only.
 */
import { GenericAuthorization } from "cosmjs-types/cosmos/authz/v1beta1/authz";
import { SendAuthorization } from "cosmjs-types/cosmos/bank/v1beta1/authz";
import { MsgSend } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import type { Any } from "cosmjs-types/google/protobuf/any";
import { fromProtoCoins, subtractCoins, toProtoCoins } from "../../encoding/coins.ts";
import { ModuleError, sdkErrors } from "../errors.ts";
import type { GasMeter } from "../module.ts";
import type { Router } from "./expected.ts";

/** An authorization of one of the known types. */
export type Authorization =
  | { readonly kind: "generic"; readonly msgType: string }
  | { readonly kind: "send"; readonly send: SendAuthorization };

const gasPerReceiver = 10n;

/** The authorization of an Any. Throws sdk codes 2 and 29. */
export function readAuthorization(router: Router, any: Any | undefined): Authorization {
  if (!any) throw sdkErrors.invalidType("authorization is nil");
  const { message } = router.unpack(any);
  if (any.typeUrl === GenericAuthorization.typeUrl) {
    return { kind: "generic", msgType: (message as GenericAuthorization).msg };
  }
  if (any.typeUrl === SendAuthorization.typeUrl) {
    return { kind: "send", send: message as SendAuthorization };
  }
  throw sdkErrors.txDecode(`${any.typeUrl.slice(0, 200)} is no authorization`);
}

/** The inverse of readAuthorization. */
export function writeAuthorization(authorization: Authorization): Any {
  if (authorization.kind === "send") {
    const value = SendAuthorization.encode(authorization.send).finish();
    return { typeUrl: SendAuthorization.typeUrl, value };
  }
  const value = GenericAuthorization.encode({ msg: authorization.msgType }).finish();
  return { typeUrl: GenericAuthorization.typeUrl, value };
}

/** The type of the messages that it allows. */
export function allowedType(authorization: Authorization): string {
  return authorization.kind === "send" ? MsgSend.typeUrl : authorization.msgType;
}

/** What is wrong with it by itself. Throws ModuleError. */
export function checkAuthorization(authorization: Authorization): void {
  if (authorization.kind === "generic") return;
  const { spendLimit, allowList } = authorization.send;
  if (spendLimit.length === 0) throw sdkErrors.invalidCoins("spend limit cannot be nil");
  if (!fromProtoCoins(spendLimit)) throw sdkErrors.invalidCoins("spend limit must be positive");
  if (new Set(allowList).size < allowList.length) {
    throw new ModuleError("bank", 8, "duplicate entry"); // The code is bank's, as in the SDK.
  }
}

/**
 * What is left of it after one message; undefined when it is used up. Throws ModuleError when it
 * does not allow the message.
 */
export function accept(
  authorization: Authorization,
  message: unknown,
  gas: GasMeter,
): Authorization | undefined {
  if (authorization.kind === "generic") return authorization;
  const { send } = authorization;
  const { amount, toAddress } = message as MsgSend; // Grants are kept by the type of message.
  const [limit, wanted] = [fromProtoCoins(send.spendLimit), fromProtoCoins(amount)];
  const left = limit && wanted && subtractCoins(limit, wanted);
  if (!left) throw sdkErrors.insufficientFunds("requested amount is more than spend limit");
  let isListed = send.allowList.length === 0;
  for (const receiver of send.allowList) {
    gas.consume(gasPerReceiver, "send authorization");
    isListed ||= receiver === toAddress;
    if (isListed) break;
  }
  if (!isListed) throw sdkErrors.unauthorized(`cannot send to ${toAddress} address`);
  if (left.length === 0) return undefined;
  return { kind: "send", send: { ...send, spendLimit: toProtoCoins(left) } };
}
