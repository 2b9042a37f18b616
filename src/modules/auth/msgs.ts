/** The messages of auth. */
import { MsgUpdateParams, MsgUpdateParamsResponse } from "cosmjs-types/cosmos/auth/v1beta1/tx";
import { sdkErrors } from "../errors.ts";
import { type MsgHandler, msgHandler } from "../module.ts";
import type { AccountKeeper } from "./keeper.ts";
import { checkAuthParams } from "./params.ts";

/** Handlers; authority is the one address that may change parameters: gov's account. */
export function authMsgs(accounts: AccountKeeper, authority: string): readonly MsgHandler[] {
  return [
    msgHandler<MsgUpdateParams>({
      typeUrl: MsgUpdateParams.typeUrl,
      responseTypeUrl: MsgUpdateParamsResponse.typeUrl,
      codec: MsgUpdateParams,
      amino: {
        name: "cosmos-sdk/x/auth/MsgUpdateParams",
        toJson: ({ authority, params }) => ({
          authority,
          params: {
            max_memo_characters: String(params.maxMemoCharacters),
            tx_sig_limit: String(params.txSigLimit),
            tx_size_cost_per_byte: String(params.txSizeCostPerByte),
            sig_verify_cost_ed25519: String(params.sigVerifyCostEd25519),
            sig_verify_cost_secp256k1: String(params.sigVerifyCostSecp256k1),
          },
        }),
      },
      signers: (msg) => [msg.authority],
      validate: (msg) => {
        accounts.addresses.parse(msg.authority, "invalid authority address");
        const bad = checkAuthParams(msg.params);
        if (bad !== undefined) throw sdkErrors.invalidRequest(bad);
      },
      execute: (ctx, msg) => {
        if (msg.authority !== authority) {
          const detail = `invalid authority; expected ${authority}, got ${msg.authority}`;
          throw sdkErrors.unauthorized(detail);
        }
        accounts.params.schedule(ctx, msg.params);
        return MsgUpdateParamsResponse.encode({}).finish();
      },
    }),
  ];
}
