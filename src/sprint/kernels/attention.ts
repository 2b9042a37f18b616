/** The attention of ISP-1 (spec/sprint.md, clause 4): every pair of tokens, no mask, no softmax. */

import { headWidth, type Profile } from "../profiles.ts";
import { requantize } from "./arithmetic.ts";

/**
 * Mixes the tokens. qkv is [tokens][3d]: q, k and v in thirds, head h in columns 128h .. 128h+127
 * of each. Returns o, [tokens][d], the heads side by side again.
 */
export function attend(profile: Profile, qkv: Int8Array): Int8Array {
  const { tokens, width, heads } = profile;
  const mixed = new Int8Array(tokens * width);
  const pairs = new Int8Array(tokens * tokens);
  for (let head = 0; head < heads; head++) {
    const column = head * headWidth;
    scorePairs(profile, qkv, column, pairs);
    mixValues(profile, { qkv, pairs, column }, mixed);
  }
  return mixed;
}

/** P[s][r] = Q(q[s] · k[r], n_p) of the head that starts at this column. */
function scorePairs(profile: Profile, qkv: Int8Array, column: number, pairs: Int8Array): void {
  const { tokens, width, shift } = profile;
  for (let s = 0; s < tokens; s++) {
    const query = s * 3 * width + column;
    for (let r = 0; r < tokens; r++) {
      const key = r * 3 * width + width + column;
      let sum = 0;
      for (let c = 0; c < headWidth; c++) {
        sum = (sum + Math.imul(qkv[query + c]!, qkv[key + c]!)) | 0;
      }
      pairs[s * tokens + r] = requantize(sum, shift.pair);
    }
  }
}

/** o[s][c] = Q(Σ_r P[s][r] · v[r][c], n_s). */
function mixValues(
  profile: Profile,
  { qkv, pairs, column }: { qkv: Int8Array; pairs: Int8Array; column: number },
  mixed: Int8Array,
): void {
  const { tokens, width, shift } = profile;
  for (let s = 0; s < tokens; s++) {
    for (let c = 0; c < headWidth; c++) {
      let sum = 0;
      for (let r = 0; r < tokens; r++) {
        const value = qkv[r * 3 * width + 2 * width + column + c]!;
        sum = (sum + Math.imul(pairs[s * tokens + r]!, value)) | 0;
      }
      mixed[s * width + column + c] = requantize(sum, shift.mix);
    }
  }
}
