/** Legacy amino JSON of grants and of the messages in a MsgExec. */
import type { Grant } from "cosmjs-types/cosmos/authz/v1beta1/authz";
import { formatTime } from "../../encoding/time.ts";
import { readAuthorization } from "./authorization.ts";
import type { Router } from "./expected.ts";

/** The grant of a MsgGrant. */
export function grantAmino(router: Router, { authorization, expiration }: Grant): unknown {
  const read = readAuthorization(router, authorization);
  const shown =
    read.kind === "generic"
      ? { type: "cosmos-sdk/GenericAuthorization", value: { msg: read.msgType || undefined } }
      : {
          type: "cosmos-sdk/SendAuthorization",
          value: {
            spend_limit: read.send.spendLimit,
            allow_list: read.send.allowList.length > 0 ? read.send.allowList : undefined,
          },
        };
  return { authorization: shown, expiration: expiration && formatTime(expiration) };
}
