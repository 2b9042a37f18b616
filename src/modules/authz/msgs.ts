/** The messages of authz. spec/modules/authz.md. */
import * as tx from "cosmjs-types/cosmos/authz/v1beta1/tx";
import { isTime } from "../../encoding/time.ts";
import { sdkErrors } from "../errors.ts";
import { type MsgHandler, msgHandler } from "../module.ts";
import { grantAmino } from "./amino.ts";
import { checkAuthorization, readAuthorization } from "./authorization.ts";
import { authzErrors } from "./errors.ts";
import { Executor } from "./exec.ts";
import type { AuthzKeeper } from "./keeper.ts";
import type { Parties } from "./keys.ts";

export function authzMsgs(authz: AuthzKeeper): readonly MsgHandler[] {
  return [grant(authz), revoke(authz), exec(authz)];
}

/** Throws sdk code 7, and authz code 7 when both are the same. */
function partiesOf(
  { addresses }: AuthzKeeper,
  msg: { readonly granter: string; readonly grantee: string },
): Parties {
  const grantee = addresses.parse(msg.grantee, "invalid grantee address");
  const granter = addresses.parse(msg.granter, "invalid granter address");
  if (msg.granter === msg.grantee) throw authzErrors.granteeIsGranter("");
  return { granter, grantee };
}

function grant(authz: AuthzKeeper): MsgHandler {
  return msgHandler<tx.MsgGrant>({
    typeUrl: tx.MsgGrant.typeUrl,
    responseTypeUrl: tx.MsgGrantResponse.typeUrl,
    codec: tx.MsgGrant,
    amino: {
      name: "cosmos-sdk/MsgGrant",
      toJson: (msg) => ({
        granter: msg.granter,
        grantee: msg.grantee,
        grant: grantAmino(authz.router, msg.grant),
      }),
    },
    signers: (msg) => [msg.granter],
    precheck: (msg) => {
      readAuthorization(authz.router, msg.grant.authorization);
    },
    validate: (msg) => {
      partiesOf(authz, msg);
      checkAuthorization(readAuthorization(authz.router, msg.grant.authorization));
      const { expiration } = msg.grant;
      if (expiration && !isTime(expiration)) {
        throw sdkErrors.invalidRequest("the expiration is out of range");
      }
    },
    execute: (ctx, msg) => {
      const { expiration } = msg.grant;
      const authorization = readAuthorization(authz.router, msg.grant.authorization);
      authz.grant(ctx, partiesOf(authz, msg), { authorization, expiration });
      return tx.MsgGrantResponse.encode({}).finish();
    },
  });
}

function revoke(authz: AuthzKeeper): MsgHandler {
  return msgHandler<tx.MsgRevoke>({
    typeUrl: tx.MsgRevoke.typeUrl,
    responseTypeUrl: tx.MsgRevokeResponse.typeUrl,
    codec: tx.MsgRevoke,
    amino: {
      name: "cosmos-sdk/MsgRevoke",
      toJson: ({ granter, grantee, msgTypeUrl }) => ({
        granter,
        grantee,
        msg_type_url: msgTypeUrl,
      }),
    },
    signers: (msg) => [msg.granter],
    validate: (msg) => {
      partiesOf(authz, msg);
      if (msg.msgTypeUrl === "") throw sdkErrors.invalidRequest("missing msg method name");
    },
    execute: (ctx, msg) => {
      authz.revoke(ctx, partiesOf(authz, msg), msg.msgTypeUrl);
      return tx.MsgRevokeResponse.encode({}).finish();
    },
  });
}

function exec(authz: AuthzKeeper): MsgHandler {
  const executor = new Executor(authz);
  return msgHandler<tx.MsgExec>({
    typeUrl: tx.MsgExec.typeUrl,
    responseTypeUrl: tx.MsgExecResponse.typeUrl,
    codec: tx.MsgExec,
    amino: {
      name: "cosmos-sdk/MsgExec",
      toJson: ({ grantee, msgs }) =>
        executor.nested(() => ({
          grantee,
          msgs: msgs.map((any) => {
            const { handler, message } = authz.router.decode(any);
            return { type: handler.amino.name, value: handler.amino.toJson(message) };
          }),
        })),
    },
    signers: (msg) => [msg.grantee],
    precheck: (msg) => executor.precheck(msg),
    validate: (msg) => executor.validate(msg),
    execute: (ctx, msg) => tx.MsgExecResponse.encode({ results: executor.run(ctx, msg) }).finish(),
  });
}
