/**
 * Transactions of the kvstore: "key=value", "key:value", and "val=type!base64 key!power", which
 * sets the power of a validator (cometbft abci/example/kvstore/kvstore.go). spec/kvstore.md, T.
 */
import type { Event, ValidatorUpdate } from "cosmjs-types/tendermint/abci/types";
import { equalBytes, parseBase64, utf8 } from "../encoding/bytes.ts";
import {
  type PublicKey,
  publicKeyFromProto,
  publicKeyToProto,
} from "../types/validators/validator.ts";

const [colon, equals] = [0x3a, 0x3d];
const validatorPrefix = utf8("val=");
/** Key types by what a transaction calls them; no name means ed25519. */
const keyTypes: ReadonlyMap<string, PublicKey["type"]> = new Map([
  ["", "ed25519"],
  ["ed25519", "ed25519"],
  ["secp256k1", "secp256k1"],
]);
const maxPower = (1n << 63n) - 1n;
const lossyText = new TextDecoder("utf-8", { ignoreBOM: true });

/** A change of a validator, or a pair. */
export type KvTx =
  | { readonly update: ValidatorUpdate }
  | { readonly key: Uint8Array; readonly value: Uint8Array };

/** Reads a transaction; undefined when it is malformed. */
export function parseTx(tx: Uint8Array): KvTx | undefined {
  if (equalBytes(tx.subarray(0, validatorPrefix.length), validatorPrefix)) {
    const update = parseUpdate(lossyText.decode(tx.subarray(validatorPrefix.length)));
    return update && { update };
  }
  const at = tx.findIndex((byte) => byte === colon || byte === equals);
  const isLast = tx.findLastIndex((byte) => byte === colon || byte === equals) === at;
  if (at <= 0 || !isLast || at === tx.length - 1) return undefined;
  return { key: tx.slice(0, at), value: tx.slice(at + 1) };
}

function parseUpdate(text: string): ValidatorUpdate | undefined {
  const [name = "", encoded = "", power = "", ...more] = text.split("!");
  const isNumber = /^[+]?\d{1,19}$/.test(power) && BigInt(power) <= maxPower;
  const [type, key] = [keyTypes.get(name), parseBase64(encoded)];
  if (more.length > 0 || !isNumber || !type || !key) return undefined;
  // CheckTx of the example lets keys of other lengths pass, and FinalizeBlock then panics.
  const pubKey = publicKeyToProto({ type, key });
  return publicKeyFromProto(pubKey) && { pubKey, power: BigInt(power) };
}

/** The same transaction as a proposer puts it into a block: with "=" for the first ":". */
export function normalTx(tx: Uint8Array): Uint8Array {
  const at = tx.indexOf(colon);
  if (at < 0) return tx;
  const copy = tx.slice();
  copy[at] = equals;
  return copy;
}

/** The two events of every transaction. Bytes that are no text are shown as replacement signs. */
export function eventsOf(tx: Uint8Array): Event[] {
  const at = tx.indexOf(equals);
  const isPair = at >= 0 && tx.lastIndexOf(equals) === at;
  const [key, value] = isPair ? [tx.subarray(0, at), tx.subarray(at + 1)] : [tx, tx];
  return [
    event("Cosmoshi Netowoko", lossyText.decode(key)),
    event("Cosmoshi", lossyText.decode(value)),
  ];
}

const event = (creator: string, key: string): Event => ({
  type: "app",
  attributes: [
    { key: "creator", value: creator, index: true },
    { key: "key", value: key, index: true },
    { key: "index_key", value: "index is working", index: true },
    { key: "noindex_key", value: "index is working", index: false },
  ],
});
