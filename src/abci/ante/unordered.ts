/** Transactions without a sequence: any order, once each, until a time (cosmos-sdk 0.53). */
import { addNanos, compareTime, formatTime, isTime, type Time } from "../../encoding/time.ts";
import { sdkErrors } from "../../modules/errors.ts";
import type { Accounts } from "../expected.ts";
import type { RunContext } from "../state/context.ts";
import type { DecodedTx } from "../tx/decode.ts";
import { signersOf } from "../tx/signers.ts";

/** A timeout may be so far away: what was used is remembered until then. */
const maxMinutes = 10n;
const maxNanos = maxMinutes * 60n * 1_000_000_000n;
/** Pays for forgetting it later. */
const unorderedCost = 2_240n;

/** The time after which a transaction is refused; undefined when there is none. */
function timeoutOf({ body }: DecodedTx): Time | undefined {
  const timeout = body.timeoutTimestamp;
  if (!timeout || timeout.seconds === 0n) return undefined;
  if (!isTime(timeout)) throw sdkErrors.invalidRequest("timeout_timestamp is out of range");
  return timeout;
}

/** Refuses a transaction whose time has passed. Throws sdk code 42. */
export function checkTimeout(ctx: RunContext, tx: DecodedTx): void {
  const timeout = timeoutOf(tx);
  if (!timeout || compareTime(timeout, ctx.block.time) >= 0) return;
  const times = `block time: ${formatTime(ctx.block.time)}`;
  throw sdkErrors.txTimeout(`${times}, timeout timestamp: ${formatTime(timeout)}`);
}

/** Marks an unordered transaction as used by each of its signers. Throws sdk code 18. */
export function useNonces(ctx: RunContext, { nonces, addresses }: Accounts, tx: DecodedTx): void {
  if (!tx.body.unordered) return;
  const timeout = timeoutOf(tx);
  if (!timeout || timeout.seconds < 0n) {
    throw sdkErrors.invalidRequest("unordered transaction must have timeout_timestamp set");
  }
  if (compareTime(timeout, addNanos(ctx.block.time, maxNanos)) > 0) {
    throw sdkErrors.invalidRequest(`unordered tx ttl exceeds ${maxMinutes}m0s`);
  }
  ctx.gas.consume(unorderedCost, "unordered tx");
  for (const { address } of signersOf(addresses, tx)) {
    if (nonces.tryAdd(ctx, { address, timeout }) || ctx.isSimulation) continue;
    const used = "already used timeout timestamp for this account";
    throw sdkErrors.invalidRequest(`failed to add unordered nonce: ${used}`);
  }
}
