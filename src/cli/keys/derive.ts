/** Keys from mnemonics: BIP-39, and SLIP-10 along the path of coin type 118. */
import { pbkdf2Sync } from "node:crypto";
import { EnglishMnemonic, Slip10, Slip10Curve, stringToPath } from "@cosmjs/crypto";
import { secp256k1Address, secp256k1PublicKey } from "../../crypto/secp256k1.ts";
import { toBech32 } from "../../encoding/bech32.ts";
import { toBase64 } from "../../encoding/bytes.ts";
import { CliError } from "../errors.ts";
import type { KeyInfo } from "./keyring.ts";

/** BIP-44 path of account and index; gonka uses Cosmos' coin type (118). */
export function hdPath(options: {
  readonly coinType: number;
  readonly account: number;
  readonly index: number;
}): string {
  return `m/44'/${options.coinType}'/${options.account}'/0/${options.index}`;
}

/** The private key of a mnemonic at a path. */
export function derivePrivateKey(mnemonic: string, path: string): Uint8Array {
  const seed = seedOf(parseMnemonic(mnemonic));
  return Slip10.derivePath(Slip10Curve.Secp256k1, seed, stringToPath(path)).privkey;
}

/** BIP-39 without a passphrase. Native: the portable implementations take a second for it. */
function seedOf(mnemonic: EnglishMnemonic): Uint8Array {
  return new Uint8Array(pbkdf2Sync(mnemonic.toString(), "mnemonic", 2048, 64, "sha512"));
}

function parseMnemonic(text: string): EnglishMnemonic {
  try {
    return new EnglishMnemonic(text.trim().split(/\s+/).join(" "));
  } catch (error) {
    throw new CliError("usage", "mnemonic", {
      cause: `not a BIP-39 mnemonic: ${error instanceof Error ? error.message : String(error)}`,
      fix: "check spelling and order of the words",
    });
  }
}

/** Everything public about a private key. */
export function describeKey(
  name: string,
  privateKey: Uint8Array,
  options: { readonly prefix: string; readonly hdPath: string | undefined },
): KeyInfo {
  const pubKey = secp256k1PublicKey(privateKey);
  return {
    name,
    type: "local",
    address: toBech32(options.prefix, secp256k1Address(pubKey)),
    pubKey: toBase64(pubKey),
    hdPath: options.hdPath,
  };
}
