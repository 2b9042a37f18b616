/**
 * What every transaction must pass before its messages run, in the order of cosmos-sdk x/auth/ante.
 * Its effects stay even when the messages fail: the fee is paid and the sequence is used up.
 */
import { sdkErrors } from "../../modules/errors.ts";
import type { Accounts, FeeGrants, Fees } from "../expected.ts";
import type { RunContext } from "../state/context.ts";
import type { DecodedTx } from "../tx/decode.ts";
import { checkMinimumFee, deductFee, feeOf, type GasPrice } from "./fees.ts";
import { chargeSignatures, raiseSequences, setPubKeys, verifySignatures } from "./signatures.ts";
import { checkTimeout, useNonces } from "./unordered.ts";
import type { SignatureVerifier } from "./verifier.ts";

/** Why a transaction is run. */
export type RunMode = "check" | "recheck" | "simulate" | "finalize";

const maxGasLimit = (1n << 63n) - 1n;
/** What a signature and a key add to a transaction; a simulation may leave them out. */
const signatureBytes = 66n;
const pubKeyBytes = 46n;

/** The modules and settings that the chain needs. */
export interface Ante {
  readonly accounts: Accounts;
  readonly fees: Fees;
  readonly grants: FeeGrants;
  readonly minGasPrices: readonly GasPrice[];
  readonly verifier: SignatureVerifier;
}

/** Runs the chain. Throws ModuleError; ctx then must be dropped. */
export function runAnte(ctx: RunContext, ante: Ante, run: { tx: DecodedTx; mode: RunMode }): void {
  const { tx, mode } = run;
  if (tx.body.extensionOptions.length > 0) throw sdkErrors.unknownExtensionOptions("");
  checkFeatures(tx);
  checkShape(tx);
  checkHeightAndMemo(ctx, ante, tx);
  checkTimeout(ctx, tx);
  chargeSize(ctx, ante, run);
  if (mode === "check" || mode === "recheck") checkMinimumFee(tx, ante.minGasPrices);
  deductFee(ctx, ante, tx);
  setPubKeys(ctx, ante, tx);
  chargeSignatures(ctx, ante, tx);
  // At recheck the same bytes were verified before; what can have changed is the sequence.
  const isVerified = mode === "simulate" || mode === "recheck";
  useNonces(ctx, ante.accounts, tx);
  verifySignatures(ctx, ante, { tx, isVerified });
  if (!tx.body.unordered) raiseSequences(ctx, ante, tx);
}

/** A field that the SDK has given up. Ignored, it would mean something else than its signer did. */
function checkFeatures(tx: DecodedTx): void {
  if (tx.hasTip) throw sdkErrors.notSupported("tips are not enabled");
}

/** cosmos-sdk types/tx ValidateBasic. */
function checkShape(tx: DecodedTx): void {
  if (tx.fee.gasLimit > maxGasLimit) {
    throw sdkErrors.invalidRequest(`invalid gas supplied; ${tx.fee.gasLimit} > ${maxGasLimit}`);
  }
  feeOf(tx);
  if (tx.signatures.length === 0) throw sdkErrors.noSignatures("");
  const expected = tx.signers.length;
  for (const got of [tx.signatures.length, tx.signerInfos.length]) {
    if (got !== expected) {
      throw sdkErrors.unauthorized(`wrong number of signers; expected ${expected}, got ${got}`);
    }
  }
}

function checkHeightAndMemo(ctx: RunContext, { accounts }: Ante, tx: DecodedTx): void {
  const { timeoutHeight, memo } = tx.body;
  if (timeoutHeight > 0n && ctx.block.height > timeoutHeight) {
    const heights = `block height: ${ctx.block.height}, timeout height: ${timeoutHeight}`;
    throw sdkErrors.txTimeoutHeight(heights);
  }
  const { maxMemoCharacters } = accounts.params.get(ctx);
  const length = Buffer.byteLength(memo); // As Go's len does, the SDK counts bytes.
  if (BigInt(length) > maxMemoCharacters) {
    const counts = `${maxMemoCharacters} but received ${length} characters`;
    throw sdkErrors.memoTooLarge(`maximum number of characters is ${counts}`);
  }
}

function chargeSize(ctx: RunContext, ante: Ante, run: { tx: DecodedTx; mode: RunMode }): void {
  const { tx, mode } = run;
  let size = BigInt(tx.bytes.length);
  if (mode === "simulate") {
    for (const [index, signature] of tx.signatures.entries()) {
      if (signature.length === 0) size += signatureBytes;
      if (!tx.signerInfos[index]?.publicKey) size += pubKeyBytes;
    }
  }
  ctx.gas.consume(ante.accounts.params.get(ctx).txSizeCostPerByte * size, "txSize");
}
