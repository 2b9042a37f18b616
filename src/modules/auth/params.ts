/** The parameters of auth, with their bounds. */
import type { Params } from "cosmjs-types/cosmos/auth/v1beta1/auth";

/** The SDK's defaults. Sizes in characters and bytes, costs in gas. */
export const defaultAuthParams: Params = {
  maxMemoCharacters: 256n,
  txSigLimit: 7n,
  txSizeCostPerByte: 10n,
  sigVerifyCostEd25519: 590n,
  sigVerifyCostSecp256k1: 1000n,
};

const bounds: readonly (readonly [name: keyof Params, min: bigint, max: bigint])[] = [
  ["maxMemoCharacters", 1n, 65_536n],
  ["txSigLimit", 1n, 100n],
  ["txSizeCostPerByte", 1n, 100_000n],
  ["sigVerifyCostEd25519", 1n, 10_000_000n],
  ["sigVerifyCostSecp256k1", 1n, 10_000_000n],
];

/** What is wrong with the parameters, or undefined. */
export function checkAuthParams(params: Params): string | undefined {
  const bad = bounds.find(([name, min, max]) => params[name] < min || params[name] > max);
  return bad && `${bad[0]} is ${params[bad[0]]}, must be from ${bad[1]} to ${bad[2]}`;
}
