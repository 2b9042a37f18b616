/**
 * Bytes to a transaction. Total: a DecodedTx or a ModuleError with sdk code 2, whatever the bytes.
 * spec/abci.md, "Decoding". What is signed is kept as it came, never encoded again.
 */

import type { Fee, SignerInfo } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import { AuthInfo, TxBody, TxRaw } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import type { Any } from "cosmjs-types/google/protobuf/any";
import type { Event } from "cosmjs-types/tendermint/abci/types";
import type { Coin } from "../../encoding/coins.ts";
import { sdkErrors } from "../../modules/errors.ts";
import type { Codec } from "../../modules/module.ts";
import type { PubKey } from "./pub-keys.ts";
import { readRawTx } from "./raw-tx.ts";
import type { Registry, RoutedMessage } from "./registry.ts";
import { decodeStrict, type UnknownFields } from "./strict-reader.ts";

/** Larger transactions are refused before anything else looks at them. */
export const maxTxBytes = 1_048_576;
const maxMessages = 1_000;
const maxSignerInfos = 100;

/** A transaction in every form that a later step needs. */
export interface DecodedTx {
  readonly bytes: Uint8Array;
  /** As signed. */
  readonly bodyBytes: Uint8Array;
  /** As signed. */
  readonly authInfoBytes: Uint8Array;
  readonly body: TxBody;
  readonly signerInfos: readonly SignerInfo[];
  readonly fee: Fee;
  readonly signatures: readonly Uint8Array[];
  readonly messages: readonly RoutedMessage[];
  /** Addresses that must sign, in order, the fee payer last unless it is among them. */
  readonly signers: readonly string[];
  readonly feePayer: string;
  readonly hasTip: boolean;
  /** Whether the body has fields that may be ignored but cannot be shown in amino JSON. */
  readonly hasUnknownFields: boolean;
  readonly found: Findings;
}

/**
 * What the steps found out from the bytes alone, so that it is found once however often the
 * transaction runs. But for verdicts about signatures, which are dear, only successes are kept: a
 * refusal is worked out again.
 */
export interface Findings {
  /** No message is refused before signatures are looked at. */
  isValid: boolean;
  fee: readonly Coin[] | undefined;
  signers: readonly Signer[] | undefined;
}

/** A required signer. */
export interface Signer {
  readonly text: string;
  readonly address: Uint8Array;
  readonly info: SignerInfo;
  readonly signature: Uint8Array;
  /** The key that it brings, once it is found to be that of the address. */
  key: PubKey | undefined;
  /** Its sequence and signature as events, once they are asked for. Not to be written into. */
  events: readonly Event[] | undefined;
  /** What is known of the signature. */
  known: KnownVerdict | undefined;
  /** Settles when other threads have verified it; undefined when they are not at it. */
  underWay: Promise<void> | undefined;
}

/** What a signature is verified against beside the bytes of the transaction and the chain id. */
export interface VerifiedFor {
  readonly pubKey: Any;
  readonly number: bigint;
}

/** A verdict: undefined when the signature is valid for that account, else what is wrong. */
export interface KnownVerdict extends VerifiedFor {
  readonly problem: string | undefined;
}

/** Decodes; throws ModuleError. */
export function decodeTx(registry: Registry, bytes: Uint8Array): DecodedTx {
  if (bytes.length === 0) throw sdkErrors.txDecode("tx bytes are empty");
  const raw = (bytes.length <= maxTxBytes && readRawTx(bytes)) || refuseRaw(bytes);
  const { message: body, hasUnknownFields } = strict(TxBody, raw.bodyBytes, "refuse critical");
  const { message: auth } = strict(AuthInfo, raw.authInfoBytes, "refuse");
  if (body.messages.length > maxMessages || auth.signerInfos.length > maxSignerInfos) {
    throw sdkErrors.txDecode("too many messages or signers");
  }
  if (!auth.fee) throw sdkErrors.txDecode("the fee is missing");
  const messages = body.messages.map((any) => registry.decode(any, "owned"));
  const required = [
    ...new Set(messages.flatMap(({ handler, message }) => handler.signers(message))),
  ];
  const feePayer = auth.fee.payer !== "" ? auth.fee.payer : (required[0] ?? "");
  const isListed = feePayer === "" || required.includes(feePayer);
  return {
    bytes,
    bodyBytes: raw.bodyBytes,
    authInfoBytes: raw.authInfoBytes,
    body,
    signerInfos: auth.signerInfos,
    fee: auth.fee,
    signatures: raw.signatures,
    messages,
    signers: isListed ? required : [...required, feePayer],
    feePayer,
    hasTip: auth.tip !== undefined,
    hasUnknownFields,
    found: { isValid: false, fee: undefined, signers: undefined },
  };
}

/** Says what is wrong with bytes that are no canonical TxRaw. */
function refuseRaw(bytes: Uint8Array): never {
  strict(TxRaw, bytes, "refuse");
  throw sdkErrors.txDecode("the outer message is not in canonical form (ADR-027)");
}

function strict<T>(codec: Codec<T>, bytes: Uint8Array, unknown: UnknownFields) {
  const options = { unknown, maxBytes: maxTxBytes, memory: "owned" } as const;
  const decoded = decodeStrict(codec, bytes, options);
  if (typeof decoded === "string") throw sdkErrors.txDecode(decoded);
  return decoded;
}
