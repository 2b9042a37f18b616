/** What a signer signs, in SIGN_MODE_DIRECT and SIGN_MODE_LEGACY_AMINO_JSON. */
import { SignMode } from "cosmjs-types/cosmos/tx/signing/v1beta1/signing";
import { SignDoc } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import { utf8 } from "../../encoding/bytes.ts";
import { canonicalJson } from "../../encoding/canonical-json.ts";
import { formatTime, type Time } from "../../encoding/time.ts";
import type { DecodedTx } from "./decode.ts";

/** Who signs, beside the transaction itself. */
export interface SignerData {
  readonly chainId: string;
  readonly accountNumber: bigint;
  readonly sequence: bigint;
}

/** The bytes for one mode; undefined when the transaction cannot be signed in that mode. */
export function signBytes(tx: DecodedTx, signer: SignerData, mode: number): Uint8Array | undefined {
  if (mode === SignMode.SIGN_MODE_DIRECT) return directSignBytes(tx, signer);
  if (mode === SignMode.SIGN_MODE_LEGACY_AMINO_JSON) return aminoSignBytes(tx, signer);
  return undefined;
}

function directSignBytes(tx: DecodedTx, { chainId, accountNumber }: SignerData): Uint8Array {
  const { bodyBytes, authInfoBytes } = tx;
  return SignDoc.encode({ bodyBytes, authInfoBytes, chainId, accountNumber }).finish();
}

/** StdSignDoc of cosmos-sdk x/auth/migrations/legacytx; amino leaves empty members out. */
function aminoSignBytes(tx: DecodedTx, signer: SignerData): Uint8Array | undefined {
  if (tx.hasUnknownFields || tx.body.nonCriticalExtensionOptions.length > 0) return undefined;
  const { fee, body } = tx;
  const document = {
    account_number: String(signer.accountNumber),
    chain_id: signer.chainId,
    fee: {
      amount: fee.amount,
      gas: String(fee.gasLimit),
      payer: fee.payer === "" ? undefined : fee.payer,
      granter: fee.granter === "" ? undefined : fee.granter,
    },
    memo: body.memo,
    msgs: tx.messages.map(({ handler, message }) => ({
      type: handler.amino.name,
      value: handler.amino.toJson(message),
    })),
    sequence: String(signer.sequence),
    timeout_height: body.timeoutHeight === 0n ? undefined : String(body.timeoutHeight),
    unordered: body.unordered ? true : undefined,
    timeout_timestamp: isSet(body.timeoutTimestamp) ? formatTime(body.timeoutTimestamp) : undefined,
  };
  return utf8(canonicalJson(document));
}

/** As in Go, where the epoch stands for no time. */
function isSet(time: Time | undefined): time is Time {
  return time !== undefined && time.seconds !== 0n;
}
