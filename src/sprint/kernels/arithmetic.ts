/**
 * The integer arithmetic of ISP-1 (spec/sprint.md, clauses 1 and 4): saturation, the rounding
 * requantiser and the norm. Every operand and result fits a signed 32-bit integer, except the
 * quotient inside the norm (clause 10 lists the bounds).
 */

/** sat(x): an activation is never -128. */
export function saturate(x: number): number {
  return Math.max(-127, Math.min(127, x));
}

/** Q(x, n): the only rounding requantiser; 1 <= n <= 16, |x| + 2^(n-1) < 2^31. */
export function requantize(x: number, n: number): number {
  return saturate((x + (1 << (n - 1))) >> n);
}

/** The factor m of a row whose squares sum to ss, 0 <= ss < 2^30, d channels wide. */
export function normFactor(d: number, ss: number): number {
  const quotient = (BigInt(d) << 42n) / BigInt(Math.max(ss, 1));
  return isqrt(quotient < maxQuotient ? Number(quotient) : Number(maxQuotient));
}

/** Largest quotient the norm takes a root of: 2^44 - 1. */
const maxQuotient = (1n << 44n) - 1n;

/** floor(sqrt(n)) for 0 <= n < 2^52. The estimate may be off by one; the two loops settle it. */
export function isqrt(n: number): number {
  let root = Math.floor(Math.sqrt(n));
  while (root * root > n) root--;
  while ((root + 1) * (root + 1) <= n) root++;
  return root;
}

/** N(t) of one row of sums: writes the activations to out. Entries are at most 254 in size. */
export function normalize(row: Int32Array, out: Int8Array): void {
  let ss = 0;
  for (let k = 0; k < row.length; k++) ss += Math.imul(row[k]!, row[k]!);
  const m = normFactor(row.length, ss);
  for (let k = 0; k < row.length; k++) out[k] = requantize(Math.imul(row[k]!, m), 16);
}
