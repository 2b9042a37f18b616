/** Amounts as people write them: 1.5gnk, 1500000000ngonka, 10ngonka,5other. */
import { type Coin, parseCoins } from "../../encoding/coins.ts";
import { usage } from "../settings.ts";

/** Decimals of GNK: 1 GNK = 10^9 ngonka. */
const gnkDecimals = 9;

/** The coins of a text; a usage error that shows how to write them otherwise. */
export function readCoins(text: string): readonly Coin[] {
  const gnk = /^(\d{1,18})(?:\.(\d{1,9}))?gnk$/i.exec(text.trim());
  if (gnk) {
    const amount = BigInt((gnk[1] ?? "0") + (gnk[2] ?? "").padEnd(gnkDecimals, "0"));
    return [{ denom: "ngonka", amount }];
  }
  const coins = parseCoins(text);
  if (coins && coins.length > 0) return coins;
  throw usage(`"${text}" is no amount`, "write 1.5gnk or 1500000000ngonka");
}
