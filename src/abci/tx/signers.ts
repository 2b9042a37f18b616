/** Who must sign a transaction, and what it brings for each of them. */
import type { SignerInfo } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import type { Any } from "cosmjs-types/google/protobuf/any";
import type { Addresses } from "../../modules/addresses.ts";
import { sdkErrors } from "../../modules/errors.ts";
import type { DecodedTx } from "./decode.ts";

/** A required signer. */
export interface Signer {
  readonly text: string;
  readonly address: Uint8Array;
  readonly info: SignerInfo;
  readonly signature: Uint8Array;
  /** For which account the signature was found valid. */
  verified: VerifiedFor | undefined;
}

/** What a signature is verified against beside the bytes of the transaction and the chain id. */
export interface VerifiedFor {
  readonly pubKey: Any;
  readonly number: bigint;
}

/** The signers, found once per transaction. Throws sdk codes 4 and 7. */
export function signersOf(addresses: Addresses, tx: DecodedTx): readonly Signer[] {
  tx.found.signers ??= tx.signers.map((text, index) => {
    const [info, signature] = [tx.signerInfos[index], tx.signatures[index]];
    if (!info || !signature) {
      const counts = `expected ${tx.signers.length}, got ${tx.signerInfos.length}`;
      throw sdkErrors.unauthorized(`wrong number of signers; ${counts}`);
    }
    return { text, address: addresses.parse(text), info, signature, verified: undefined };
  });
  return tx.found.signers;
}
