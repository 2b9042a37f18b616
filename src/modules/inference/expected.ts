/** What the inference market asks of proof of work. */
import type { Context } from "../module.ts";

export interface Hosts {
  /** Whether this operator has a registered host, also one that is leaving. */
  isHost(ctx: Context, operator: string): boolean;
  /** Throws a ModuleError unless the signer may send this message for this registered host. */
  assertMayAct(
    ctx: Context,
    act: { readonly signer: string; readonly host: string; readonly typeUrl: string },
  ): void;
}
