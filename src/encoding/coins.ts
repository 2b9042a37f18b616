/**
 * Amounts of money. A list of coins is always sorted by denomination, names each denomination
 * once and holds no zero amounts; the functions here keep it so.
 */

/** An amount in the smallest unit of its denomination. */
export interface Coin {
  readonly denom: string;
  readonly amount: bigint;
}

/** cosmos.base.v1beta1.Coin: the amount as decimal text. */
export interface ProtoCoin {
  denom: string;
  amount: string;
}

const denomShape = /^[a-zA-Z][a-zA-Z0-9/:._-]{2,127}$/;
const amountShape = /^(?:0|[1-9]\d{0,77})$/;
const coinShape = /^(\d{1,78})([a-zA-Z][a-zA-Z0-9/:._-]{2,127})$/;
/** The SDK's math.Int holds 256 bits. */
const maxAmount = (1n << 256n) - 1n;

/** 3 to 128 characters, a letter first (cosmos-sdk types/coin.go). */
export function isValidDenom(denom: string): boolean {
  return denomShape.test(denom);
}

/** An amount such as "12"; undefined for signs, leading zeros and over 256 bits. */
export function parseAmount(text: string): bigint | undefined {
  if (!amountShape.test(text)) return undefined;
  const amount = BigInt(text);
  return amount <= maxAmount ? amount : undefined;
}

/** One coin such as "10ngonka"; zero is a coin here. */
export function parseCoin(text: string): Coin | undefined {
  const match = coinShape.exec(text.trim());
  if (!match) return undefined;
  const amount = BigInt(match[1] ?? "");
  return amount <= maxAmount ? { denom: match[2] ?? "", amount } : undefined;
}

/** Coins such as "10ngonka,5x" in any order; undefined on repetition. "" is no coins. */
export function parseCoins(text: string): Coin[] | undefined {
  if (text.trim() === "") return [];
  const coins: Coin[] = [];
  for (const piece of text.split(",")) {
    const coin = parseCoin(piece);
    if (!coin) return undefined;
    coins.push(coin);
  }
  return normalized(coins);
}

/** "5abc,10ngonka": the inverse of parseCoins. */
export function formatCoins(coins: readonly Coin[]): string {
  return coins.map(({ denom, amount }) => `${amount}${denom}`).join(",");
}

/** The sum of both lists. */
export function addCoins(a: readonly Coin[], b: readonly Coin[]): Coin[] {
  const sums = new Map<string, bigint>();
  for (const { denom, amount } of [...a, ...b]) {
    sums.set(denom, (sums.get(denom) ?? 0n) + amount);
  }
  return sorted([...sums].map(([denom, amount]) => ({ denom, amount })));
}

/** a minus b; undefined when any denomination would become negative. */
export function subtractCoins(a: readonly Coin[], b: readonly Coin[]): Coin[] | undefined {
  const negative = b.map(({ denom, amount }) => ({ denom, amount: -amount }));
  const rest = addCoins(a, negative);
  return rest.every((coin) => coin.amount > 0n) ? rest : undefined;
}

/** For protobuf messages. */
export function toProtoCoins(coins: readonly Coin[]): ProtoCoin[] {
  return coins.map(({ denom, amount }) => ({ denom, amount: String(amount) }));
}

/**
 * Coins of a message. Undefined unless they are in canonical form: valid, positive, sorted, each
 * denomination once (cosmos-sdk Coins.Validate).
 */
export function fromProtoCoins(coins: readonly ProtoCoin[]): Coin[] | undefined {
  const parsed: Coin[] = [];
  for (const { denom, amount: text } of coins) {
    const amount = parseAmount(text);
    if (amount === undefined || amount === 0n || !isValidDenom(denom)) return undefined;
    const last = parsed.at(-1);
    if (last && last.denom >= denom) return undefined;
    parsed.push({ denom, amount });
  }
  return parsed;
}

function normalized(coins: readonly Coin[]): Coin[] | undefined {
  const names = new Set(coins.map((coin) => coin.denom));
  return names.size === coins.length ? sorted(coins) : undefined;
}

function sorted(coins: readonly Coin[]): Coin[] {
  return coins
    .filter((coin) => coin.amount !== 0n)
    .sort((a, b) => (a.denom < b.denom ? -1 : a.denom > b.denom ? 1 : 0));
}
