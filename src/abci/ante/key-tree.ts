/** Signatures of single keys and of threshold keys, which may nest. */
import { MultiSignature } from "cosmjs-types/cosmos/crypto/multisig/v1beta1/multisig";
import type { ModeInfo, ModeInfo_Multi } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import { sha256 } from "../../crypto/hash.ts";
import type { SignatureCheck } from "../../crypto/secp256k1.ts";
import { sdkErrors } from "../../modules/errors.ts";
import type { GasMeter } from "../../modules/module.ts";
import type { TxParams } from "../expected.ts";
import type { PubKey } from "../tx/pub-keys.ts";
import { decodeStrict } from "../tx/strict-reader.ts";

/** A signature, how it was made, and the bytes it should be over in each mode. */
export interface Signed {
  readonly modeInfo: ModeInfo;
  readonly signature: Uint8Array;
  bytes(mode: number): Uint8Array | undefined;
}

/** Whether the signature of a single key is valid. */
export type Verify = (check: SignatureCheck) => boolean;

const maxSignatureBytes = 65_536;

/** What is wrong with a signature, or undefined when it is valid. */
export function verifySignature(
  pubKey: PubKey,
  signed: Signed,
  verify: Verify,
): string | undefined {
  const { single, multi } = signed.modeInfo;
  if (pubKey.type === "multisig") {
    return multi && !single
      ? verifyThreshold(pubKey, { ...signed, multi }, verify)
      : "a threshold key needs a multi mode info";
  }
  if (!single || multi) return "a single key needs a single mode info";
  if (pubKey.type !== "secp256k1") return `${pubKey.type} keys cannot sign transactions`;
  const bytes = signed.bytes(single.mode);
  if (!bytes) return `sign mode ${single.mode} is not supported for this transaction`;
  const { key: publicKey } = pubKey;
  const { signature } = signed;
  if (signature.length !== 64) return `a signature of ${signature.length} bytes`;
  return verify({ publicKey, digest: sha256(bytes), signature })
    ? undefined
    : "unable to verify single signer signature";
}

/** cosmos-sdk crypto/keys/multisig VerifyMultisignature. */
function verifyThreshold(
  { keys, threshold }: PubKey & { type: "multisig" },
  signed: Signed & { readonly multi: ModeInfo_Multi },
  verify: Verify,
): string | undefined {
  const bits = bitsOf(signed.multi);
  const decoded = decodeStrict(MultiSignature, signed.signature, {
    unknown: "refuse",
    maxBytes: maxSignatureBytes,
  });
  if (typeof decoded === "string") return decoded;
  const { signatures } = decoded.message;
  if (bits.length !== keys.length) return `a bit array of ${bits.length} for ${keys.length} keys`;
  const signing = keys.filter((_, index) => bits[index]);
  if (signing.length < threshold) return `${signing.length} of ${threshold} signatures`;
  const { modeInfos } = signed.multi;
  if (signatures.length !== signing.length || modeInfos.length !== signing.length) {
    return `${signing.length} keys, ${signatures.length} signatures, ${modeInfos.length} modes`;
  }
  for (const [index, key] of signing.entries()) {
    const [signature, modeInfo] = [signatures[index], modeInfos[index]];
    if (!signature || !modeInfo) return `signature ${index} is missing`;
    const bytes = (mode: number) => signed.bytes(mode);
    const problem = verifySignature(key, { modeInfo, signature, bytes }, verify);
    if (problem !== undefined) return `signature ${index}: ${problem}`;
  }
  return undefined;
}

/** CompactBitArray: the highest bit of a byte comes first. */
function bitsOf({ bitarray }: ModeInfo_Multi): boolean[] {
  if (!bitarray) return [];
  const { extraBitsStored: extra, elems } = bitarray;
  if (extra > 7 || (elems.length === 0 && extra > 0)) return [];
  const count = extra === 0 ? elems.length * 8 : (elems.length - 1) * 8 + extra;
  return Array.from(
    { length: count },
    (_, i) => (((elems[i >> 3] ?? 0) >> (7 - (i & 7))) & 1) === 1,
  );
}

/** Charges for one signature: for a threshold key, for those of its keys that sign. */
export function chargeSignature(
  meter: { readonly gas: GasMeter; readonly params: TxParams },
  pubKey: PubKey,
  modeInfo: ModeInfo,
): void {
  const { gas, params } = meter;
  if (pubKey.type !== "multisig") {
    const isSecp256k1 = pubKey.type === "secp256k1";
    const cost = isSecp256k1 ? params.sigVerifyCostSecp256k1 : params.sigVerifyCostEd25519;
    gas.consume(cost, `ante verify: ${pubKey.type}`);
    if (isSecp256k1) return;
    throw sdkErrors.invalidPubKey("ED25519 public keys are unsupported");
  }
  const { multi } = modeInfo;
  const bits = multi ? bitsOf(multi) : [];
  let next = 0;
  for (const [index, key] of pubKey.keys.entries()) {
    if (!bits[index]) continue;
    const inner = multi?.modeInfos[next++];
    if (inner) chargeSignature(meter, key, inner);
  }
}
