/** What a message of bank must be like, whatever the state. Throws ModuleError. */
import type { Metadata, Params } from "cosmjs-types/cosmos/bank/v1beta1/bank";
import type { MsgMultiSend } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import { type Coin, fromProtoCoins, isValidDenom, type ProtoCoin } from "../../encoding/coins.ts";
import type { Addresses } from "../addresses.ts";
import { sdkErrors } from "../errors.ts";
import { bankErrors } from "./errors.ts";

/** Coins of a message: sorted, positive, at least one. Throws sdk code 10. */
export function readCoins(coins: readonly ProtoCoin[]): Coin[] {
  const read = fromProtoCoins(coins);
  if (!read || read.length === 0) {
    const text = coins.map((coin) => `${coin.amount}${coin.denom}`).join(",");
    throw sdkErrors.invalidCoins(text.slice(0, 200)); // Whatever it is, it goes into a log.
  }
  return read;
}

/** One input; outputs that sum up to it. */
export function checkMultiSend(addresses: Addresses, { inputs, outputs }: MsgMultiSend): void {
  const [input, second] = inputs;
  if (!input) throw bankErrors.noInputs("");
  if (second) throw bankErrors.multipleSenders("");
  if (outputs.length === 0) throw bankErrors.noOutputs("");
  addresses.parse(input.address, "invalid input address");
  const spent = readCoins(input.coins);
  const left = new Map(spent.map(({ denom, amount }) => [denom, amount]));
  for (const output of outputs) {
    addresses.parse(output.address, "invalid output address");
    for (const { denom, amount } of readCoins(output.coins)) {
      left.set(denom, (left.get(denom) ?? 0n) - amount);
    }
  }
  if ([...left.values()].some((amount) => amount !== 0n)) throw bankErrors.inputOutputMismatch("");
}

/** What is wrong with the parameters, or undefined. */
export function checkBankParams(params: Params): string | undefined {
  if (params.sendEnabled.length > 0) return "use of send_enabled in params is no longer supported";
  return undefined;
}

/** Names that may be listed by MsgSetSendEnabled: valid, none twice. */
export function checkDenoms(denoms: readonly string[]): void {
  const seen = new Set<string>();
  for (const denom of denoms) {
    if (!isValidDenom(denom))
      throw sdkErrors.invalidRequest(`invalid denom ${denom.slice(0, 130)}`);
    if (seen.has(denom)) throw sdkErrors.invalidRequest(`duplicate denom ${denom}`);
    seen.add(denom);
  }
}

/** What is wrong with a denomination's metadata, or undefined (cosmos-sdk Metadata.Validate). */
export function checkMetadata(metadata: Metadata): string | undefined {
  if (!isValidDenom(metadata.base)) return "base is no denom";
  const [first] = metadata.denomUnits;
  if (first?.denom !== metadata.base || first.exponent !== 0) {
    return "the first denom unit must be the base with exponent 0";
  }
  let last = -1;
  for (const unit of metadata.denomUnits) {
    if (unit.exponent <= last) return "the exponents of the denom units must rise";
    last = unit.exponent;
  }
  const isListed = metadata.denomUnits.some((unit) => unit.denom === metadata.display);
  return isListed ? undefined : "display must be one of the denom units";
}
