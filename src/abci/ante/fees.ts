/** Fees: what a node asks for, and taking what the transaction offers. */
import { type Coin, formatCoins, fromProtoCoins, isValidDenom } from "../../encoding/coins.ts";
import { one, parseDecimal } from "../../encoding/decimal.ts";
import { moduleAddress } from "../../modules/addresses.ts";
import { ModuleError, sdkErrors } from "../../modules/errors.ts";
import type { Accounts, FeeGrants, Fees } from "../expected.ts";
import type { RunContext } from "../state/context.ts";
import type { DecodedTx } from "../tx/decode.ts";

/** The least price per gas of one denomination, as an 18-digit decimal. */
export interface GasPrice {
  readonly denom: string;
  readonly price: bigint;
}

/** Collects the fees until they are paid out. */
export const feeCollectorName = "fee_collector";
const feeCollector = moduleAddress(feeCollectorName);

/** Prices such as "0.025ngonka,1x"; undefined when malformed. "" asks for nothing. */
export function parseGasPrices(text: string): GasPrice[] | undefined {
  if (text.trim() === "") return [];
  const prices: GasPrice[] = [];
  for (const piece of text.split(",")) {
    const match = /^(\d+(?:\.\d{1,18})?)([a-zA-Z][a-zA-Z0-9/:._-]{2,127})$/.exec(piece.trim());
    const price = parseDecimal(match?.[1] ?? "");
    if (!match || price === undefined) return undefined;
    prices.push({ denom: match[2] ?? "", price });
  }
  prices.sort((a, b) => (a.denom < b.denom ? -1 : 1));
  return prices;
}

/**
 * The fee in canonical coins. Coins of zero are no fee: CosmJS sends them when the gas price is 0
 * (cosmos-sdk x/auth/ante/fee.go checks a fee only when it is not zero). Throws sdk code 13.
 */
export function feeOf(tx: DecodedTx): readonly Coin[] {
  tx.found.fee ??= readFee(tx);
  return tx.found.fee;
}

function readFee({ fee }: DecodedTx): readonly Coin[] {
  if (fee.amount.every(({ amount, denom }) => amount === "0" && isValidDenom(denom))) return [];
  const coins = fromProtoCoins(fee.amount);
  if (coins) return coins;
  const text = fee.amount.map(({ amount, denom }) => `${amount}${denom}`).join(",");
  throw sdkErrors.insufficientFee(`invalid fee provided: ${text.slice(0, 200)}`);
}

/**
 * In CheckTx only: one of the prices must be met. The required fee is price times gas limit,
 * rounded up. No price above zero means that no fee is asked for.
 */
export function checkMinimumFee(tx: DecodedTx, prices: readonly GasPrice[]): void {
  const required = prices
    .filter(({ price }) => price > 0n)
    .map(({ denom, price }) => ({
      denom,
      amount: (price * tx.fee.gasLimit + one - 1n) / one, // Rounded up: one unit short is short.
    }));
  if (required.length === 0) return;
  const offered = feeOf(tx);
  const isMet = required.some(({ denom, amount }) =>
    offered.some((coin) => coin.denom === denom && coin.amount >= amount),
  );
  if (isMet) return;
  const texts = `got: ${formatCoins(offered)} required: ${formatCoins(required)}`;
  throw sdkErrors.insufficientFee(`insufficient fees; ${texts}`);
}

/** The modules that take part in a payment. */
interface Paying {
  readonly accounts: Accounts;
  readonly fees: Fees;
  readonly grants: FeeGrants;
}

/** Moves the fee to the collector, from its payer or from who granted the payer an allowance. */
export function deductFee(ctx: RunContext, modules: Paying, tx: DecodedTx): void {
  const { accounts, fees } = modules;
  const fee = feeOf(tx);
  const from = tx.fee.granter === "" ? tx.feePayer : tx.fee.granter;
  const address = accounts.addresses.parse(from, "fee payer address");
  if (from !== tx.feePayer) useGrant(ctx, modules, tx);
  if (!accounts.get(ctx, address)) {
    throw sdkErrors.unknownAddress(`fee payer address: ${from} does not exist`);
  }
  if (fee.length > 0) fees.send(ctx, address, feeCollector, fee);
  ctx.emit("tx", [
    ["fee", formatCoins(fee)],
    ["fee_payer", from],
  ]);
}

function useGrant(ctx: RunContext, { accounts, grants }: Paying, tx: DecodedTx): void {
  const { feePayer, fee, messages } = tx;
  const parties = {
    granter: accounts.addresses.parse(fee.granter, "fee granter address"),
    grantee: accounts.addresses.parse(feePayer, "fee payer address"),
  };
  const messageTypes = messages.map(({ handler }) => handler.typeUrl);
  try {
    grants.use(ctx, parties, { fee: feeOf(tx), messageTypes });
  } catch (error) {
    if (!(error instanceof ModuleError)) throw error;
    const { codespace, code, message, detail } = error;
    const who = `${fee.granter} does not allow to pay fees for ${feePayer}: `;
    throw new ModuleError(codespace, code, who + message, who + detail);
  }
}
