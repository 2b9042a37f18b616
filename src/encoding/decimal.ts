/** Fixed decimals with 18 digits after the point, as bigint: the SDK's LegacyDec. */

const digits = 18;

/** 1.0 */
export const one = 10n ** BigInt(digits);

const shape = /^(-?)(\d{1,60})(?:\.(\d{1,18}))?$/;

/** The decimal of a text such as "0.334"; undefined when it is not one or has over 18 digits. */
export function parseDecimal(text: string): bigint | undefined {
  const match = shape.exec(text);
  if (!match) return undefined;
  const whole = BigInt(match[2] ?? "0") * one;
  const size = whole + BigInt((match[3] ?? "").padEnd(digits, "0"));
  return match[1] === "-" ? -size : size;
}

/** All 18 digits: 334000000000000000n is "0.334000000000000000". */
export function formatDecimal(value: bigint): string {
  const size = value < 0n ? -value : value;
  const fraction = String(size % one).padStart(digits, "0");
  return `${value < 0n ? "-" : ""}${size / one}.${fraction}`;
}

/** a * b, rounded toward minus infinity. */
export function mulFloor(a: bigint, b: bigint): bigint {
  return divideFloor(a * b, one);
}

/** a / b, rounded toward minus infinity. Throws a RangeError when b is zero. */
export function quoFloor(a: bigint, b: bigint): bigint {
  return divideFloor(a * one, b);
}

/** a * b, rounded to the nearest, half to even: LegacyDec.Mul. */
export function mulRound(a: bigint, b: bigint): bigint {
  return divideRound(a * b, one);
}

/**
 * a / b as LegacyDec.Quo: the quotient is cut after 36 digits and then rounded to 18, half to
 * even. Throws a RangeError when b is zero.
 */
export function quoRound(a: bigint, b: bigint): bigint {
  return divideRound((a * one * one) / b, one);
}

/** The nearest whole number, half to even: LegacyDec.RoundInt. */
export function roundToInt(value: bigint): bigint {
  return divideRound(value, one);
}

/** a / b for a positive b, to the nearest, half to even. */
function divideRound(a: bigint, b: bigint): bigint {
  const floor = divideFloor(a, b);
  const twice = 2n * (a - floor * b);
  if (twice === b) return floor % 2n === 0n ? floor : floor + 1n;
  return twice > b ? floor + 1n : floor;
}

function divideFloor(a: bigint, b: bigint): bigint {
  const quotient = a / b;
  const isExact = quotient * b === a;
  return isExact || a < 0n === b < 0n ? quotient : quotient - 1n;
}
