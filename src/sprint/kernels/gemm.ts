/**
 * The dense product of ISP-1: out = Q(x · wᵀ, shift), exact in 32-bit integers (|sum| <= 4.0e8:
 * spec/sprint.md, clause 10). Four tokens by two weight rows at a time keep the eight sums in
 * registers.
 */
import { requantize } from "./arithmetic.ts";

/** Operands: x is [tokens][inputs], w is [outputs][inputs], both row-major s8. */
export interface DenseProduct {
  readonly x: Int8Array;
  readonly w: Int8Array;
  /** A multiple of 4. */
  readonly tokens: number;
  readonly inputs: number;
  /** A multiple of 2. */
  readonly outputs: number;
  readonly shift: number;
}

/** Writes Q(x · wᵀ, shift) to out, [tokens][outputs] row-major. */
export function denseProduct(product: DenseProduct, out: Int8Array): void {
  const { tokens, outputs } = product;
  for (let n = 0; n < outputs; n += 2) {
    for (let s = 0; s < tokens; s += 4) denseTile(product, out, s, n);
  }
}

/** Rows s .. s+3 and columns n, n+1 of the product. */
function denseTile(product: DenseProduct, out: Int8Array, s: number, n: number): void {
  const { x, w, inputs, outputs, shift } = product;
  const [w0, x0] = [n * inputs, s * inputs];
  const [w1, x1, x2, x3] = [w0 + inputs, x0 + inputs, x0 + 2 * inputs, x0 + 3 * inputs];
  let [a0, a1, b0, b1, c0, c1, d0, d1] = [0, 0, 0, 0, 0, 0, 0, 0];
  for (let k = 0; k < inputs; k++) {
    const p = w[w0 + k]!;
    const q = w[w1 + k]!;
    const a = x[x0 + k]!;
    const b = x[x1 + k]!;
    const c = x[x2 + k]!;
    const d = x[x3 + k]!;
    a0 = (a0 + Math.imul(a, p)) | 0;
    a1 = (a1 + Math.imul(a, q)) | 0;
    b0 = (b0 + Math.imul(b, p)) | 0;
    b1 = (b1 + Math.imul(b, q)) | 0;
    c0 = (c0 + Math.imul(c, p)) | 0;
    c1 = (c1 + Math.imul(c, q)) | 0;
    d0 = (d0 + Math.imul(d, p)) | 0;
    d1 = (d1 + Math.imul(d, q)) | 0;
  }
  const at = s * outputs + n;
  out[at] = requantize(a0, shift);
  out[at + 1] = requantize(a1, shift);
  out[at + outputs] = requantize(b0, shift);
  out[at + outputs + 1] = requantize(b1, shift);
  out[at + 2 * outputs] = requantize(c0, shift);
  out[at + 2 * outputs + 1] = requantize(c1, shift);
  out[at + 3 * outputs] = requantize(d0, shift);
  out[at + 3 * outputs + 1] = requantize(d1, shift);
}
