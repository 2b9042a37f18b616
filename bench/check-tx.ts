/**
 * CheckTx alone, four ways: with signatures verified in place, with signatures known, through the
 * mempool with signatures verified on threads, and again as a recheck. Times are microseconds for
 * one transaction: processor time of all threads, and by the clock.
 */

import { sha256 } from "../src/crypto/hash.ts";
import { secp256k1Sign, secp256k1Verify, secp256k1VerifyBatch } from "../src/crypto/secp256k1.ts";
import { defaultMempoolLimits, Mempool } from "../src/mempool/mempool.ts";
import { AppChain, type Dev } from "../test/support/app-chain.ts";

/** Of one transaction or signature. */
export interface Micros {
  readonly cpu: number;
  readonly clock: number;
}

const quiet = { debug: () => undefined, warn: () => undefined };

async function micros(count: number, run: () => unknown): Promise<Micros> {
  const [cpu, start] = [process.cpuUsage(), process.hrtime.bigint()];
  await run();
  const { user, system } = process.cpuUsage(cpu);
  const clock = Number(process.hrtime.bigint() - start) / 1000;
  return { cpu: (user + system) / count, clock: clock / count };
}

/** What one verification takes here and now: in place, and in batches on threads. */
export async function verifications(signer: Dev): Promise<Record<string, Micros>> {
  const { publicKey, privateKey } = signer;
  const checks = Array.from({ length: 4096 }, (_, index) => {
    const digest = sha256(Uint8Array.of(index & 255, index >> 8));
    return { publicKey, digest, signature: secp256k1Sign(privateKey, digest) };
  });
  const inPlace = () => {
    for (const { digest, signature } of checks) secp256k1Verify(publicKey, digest, signature);
  };
  const found = { "one verification, in place": await micros(checks.length, inPlace) };
  if (!secp256k1VerifyBatch) return found;
  const batch = await micros(checks.length, () => secp256k1VerifyBatch?.(checks));
  return { ...found, "one verification, in batches": batch };
}

/**
 * Every way on an application of its own; state and transactions belong together. The first
 * transactions make the application acquainted with their signers and are not measured.
 */
export async function checkTimes(
  state: Record<string, unknown>,
  { first, txs }: { readonly first: readonly Uint8Array[]; readonly txs: readonly Uint8Array[] },
): Promise<Record<string, Micros>> {
  const start = async () => {
    const chain = await AppChain.start({ state, verifyBatch: secp256k1VerifyBatch });
    await chain.block(first);
    return chain;
  };
  const [plain, known, pooled] = [await start(), await start(), await start()];
  const check = (chain: AppChain) => () => {
    for (const tx of txs) if (chain.check(tx).code !== 0) throw new Error("a send was refused");
  };
  const { length } = txs;
  const limits = { ...defaultMempoolLimits, maxTxs: length };
  const mempool = new Mempool(pooled.app, limits, quiet);
  const times: Record<string, Micros> = {};
  times["CheckTx, verified in place"] = await micros(length, check(plain));
  times["looking ahead, on threads"] = await micros(length, () => known.app.lookAhead?.(txs));
  times["CheckTx, signatures known"] = await micros(length, check(known));
  times["mempool, verified on threads"] = await micros(length, () =>
    Promise.all(txs.map((tx) => mempool.checkTx(tx))),
  );
  if (mempool.size !== length) throw new Error("the mempool refused a send");
  await pooled.block();
  mempool.lock();
  times.recheck = await micros(length, () =>
    mempool.update({ height: 2n, txs: [], results: [] }, { maxDataBytes: -1n, maxGas: -1n }),
  );
  mempool.unlock();
  if (mempool.size !== length) throw new Error("a recheck dropped a send");
  return times;
}
