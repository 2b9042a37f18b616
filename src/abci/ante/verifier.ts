/** Verifies the signatures of one application, in place or on other threads, and counts them. */
import { type SignatureCheck, secp256k1Verify } from "../../crypto/secp256k1.ts";

/** Many signatures on other threads: secp256k1VerifyBatch. */
export type VerifyBatch = (checks: readonly SignatureCheck[]) => Promise<readonly boolean[]>;

export class SignatureVerifier {
  readonly #batch: VerifyBatch | undefined;
  #count = 0;

  /** Without a batch, everything is verified in place. */
  constructor(batch?: VerifyBatch) {
    this.#batch = batch;
  }

  /** How many signatures were verified so far: single ones and each of a threshold key. */
  get count(): number {
    return this.#count;
  }

  /** Whether verifyAhead has threads to verify on. */
  get hasThreads(): boolean {
    return this.#batch !== undefined;
  }

  /** Whether a signature is valid. */
  verify({ publicKey, digest, signature }: SignatureCheck): boolean {
    this.#count++;
    return secp256k1Verify(publicKey, digest, signature);
  }

  /** The verdict of each, worked out elsewhere. */
  async verifyAhead(checks: readonly SignatureCheck[]): Promise<readonly boolean[]> {
    if (!this.#batch) throw new Error("there are no threads to verify on");
    this.#count += checks.length;
    return this.#batch(checks);
  }
}
