/**
 * Signatures verified on other threads before anybody asks: of transactions that arrive, and of a
 * block before it runs. A verdict is kept beside the decoded transaction, for the key and account
 * number that it is about; the ante chain takes it only for the same. So nothing here changes an
 * answer, only who waits for it (docs/adr/092).
 */
import type { SignatureCheck } from "../../crypto/secp256k1.ts";
import { ModuleError } from "../../modules/errors.ts";
import { findProblem, isKnownFor, signerKey } from "../ante/signatures.ts";
import type { RunContext } from "../state/context.ts";
import type { Runtime } from "../state/runtime.ts";
import type { DecodedTx, Signer, VerifiedFor } from "./decode.ts";
import { signersOf } from "./signers.ts";

/** A signer whose signatures are on their way: checks of the batch from one index to another. */
interface Asked {
  readonly tx: DecodedTx;
  readonly signer: Signer;
  readonly about: VerifiedFor;
  readonly from: number;
  readonly to: number;
}

/** Verifies what is not known yet; undefined when there is nothing to wait for. Never fails. */
export function lookAhead(runtime: Runtime, txs: readonly Uint8Array[]): Promise<void> | undefined {
  const { verifier } = runtime.parts.ante;
  if (!verifier.hasThreads) return undefined;
  const ctx = runtime.checkContext({ isSimulation: false });
  const checks: SignatureCheck[] = [];
  const asked: Asked[] = [];
  const underWay = new Set<Promise<void>>();
  for (const bytes of txs) {
    try {
      const tx = runtime.parts.txs.remember(bytes);
      for (const signer of signersOf(runtime.parts.ante.accounts.addresses, tx)) {
        if (signer.underWay) underWay.add(signer.underWay);
        // A verdict for another key or number is rare, and then found by the ante chain itself.
        else if (!signer.known) ask(ctx, runtime, { tx, signer, checks, asked });
      }
    } catch (error) {
      if (error instanceof ModuleError) continue; // CheckTx refuses what is malformed.
      runtime.parts.log.error("looking ahead met a bug", { error: String(error) });
    }
  }
  if (checks.length > 0) underWay.add(verify(ctx, runtime, asked, checks));
  return underWay.size === 0 ? undefined : Promise.all(underWay).then(() => undefined);
}

/** Adds the checks of a signer, unless the verdict is known or CheckTx will refuse before it. */
function ask(
  ctx: RunContext,
  { parts: { ante } }: Runtime,
  of: { tx: DecodedTx; signer: Signer; checks: SignatureCheck[]; asked: Asked[] },
): void {
  const { tx, signer, checks, asked } = of;
  const account = ante.accounts.get(ctx, signer.address);
  if (!account) return;
  if (!tx.body.unordered && signer.info.sequence < account.sequence) return;
  const pubKey = account.pubKey ?? signerKey(signer);
  if (!pubKey) return;
  const about = { pubKey, number: account.number };
  if (isKnownFor(signer, about)) return;
  const from = checks.length;
  const problem = findProblem(ctx, tx, signer, about, (check) => checks.push(check) > 0);
  // What is wrong without a signature being wrong costs nothing to find again.
  if (problem !== undefined) checks.length = from;
  else asked.push({ tx, signer, about, from, to: checks.length });
}

function verify(
  ctx: RunContext,
  { parts: { ante, log } }: Runtime,
  asked: readonly Asked[],
  checks: readonly SignatureCheck[],
): Promise<void> {
  const verdicts = ante.verifier.verifyAhead(checks);
  const done = verdicts.then(
    (valid) => {
      for (const one of asked) keep(ctx, one, valid);
    },
    (error: unknown) => {
      for (const { signer } of asked) signer.underWay = undefined;
      log.error("signatures were not verified ahead", { error: String(error) });
    },
  );
  for (const { signer } of asked) signer.underWay = done;
  return done;
}

function keep(ctx: RunContext, { tx, signer, about, from, to }: Asked, valid: readonly boolean[]) {
  signer.underWay = undefined;
  let next = from;
  const isValid = valid.slice(from, to).every(Boolean);
  // The same walk with the verdicts finds what to call the problem.
  const problem = isValid
    ? undefined
    : findProblem(ctx, tx, signer, about, () => valid[next++] === true);
  signer.known = { ...about, problem };
}
