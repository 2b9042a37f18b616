/**
 * How many accusations one message may hold: each makes the state machine recompute a leaf, for gas
 * that a transaction pays in advance, and what exceeds a block's gas is never executed at all.
 */
import { Verdict, VerdictKind } from "../gen/gonka/pow/v1/types.ts";

/** gas: what spec/modules/pow.md, "Messages", asks for a leaf, and some for the record. */
const costs: Readonly<Record<string, { readonly gas: number; readonly most: number }>> = {
  T: { gas: 3_000_000, most: 30 }, // Blocks of the localnet hold 100,000,000.
  C: { gas: 205_000_000, most: 4 }, // Blocks of the network hold 1,000,000,000.
};

/**
 * The verdicts with no more accusations than a block can judge, the first ones; on the other hosts
 * it abstains, for it can neither vouch for them nor be heard. And the gas that judging takes.
 */
export function affordable(
  verdicts: readonly Verdict[],
  profile: string,
): { readonly verdicts: Verdict[]; readonly gas: number } {
  const { gas, most } = costs[profile] ?? { gas: 0, most: 0 };
  let accused = 0;
  const kept = verdicts.map((verdict) => {
    if (verdict.kind !== VerdictKind.VERDICT_KIND_INVALID || accused++ < most) return verdict;
    return Verdict.fromPartial({ host: verdict.host, kind: VerdictKind.VERDICT_KIND_ABSTAIN });
  });
  return { verdicts: kept, gas: gas * Math.min(accused, most) };
}
