/** Who must sign a transaction, and what it brings for each of them. */
import type { Addresses } from "../../modules/addresses.ts";
import { sdkErrors } from "../../modules/errors.ts";
import type { DecodedTx, Signer } from "./decode.ts";

/** The signers, found once per transaction. Throws sdk codes 4 and 7. */
export function signersOf(addresses: Addresses, tx: DecodedTx): readonly Signer[] {
  tx.found.signers ??= tx.signers.map((text, index) => {
    const [info, signature] = [tx.signerInfos[index], tx.signatures[index]];
    if (!info || !signature) {
      const counts = `expected ${tx.signers.length}, got ${tx.signerInfos.length}`;
      throw sdkErrors.unauthorized(`wrong number of signers; ${counts}`);
    }
    const address = addresses.parse(text);
    const found = { key: undefined, events: undefined, known: undefined, underWay: undefined };
    return { text, address, info, signature, ...found };
  });
  return tx.found.signers;
}
