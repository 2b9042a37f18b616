/** What slashing asks of the module that knows the validators. */
import type { Context } from "../module.ts";

export interface Validators {
  /** The operator whose consensus key has this address now. */
  operatorOf(ctx: Context, consensusAddress: Uint8Array): Uint8Array | undefined;
  /** The consensus address of an operator's validator; undefined for strangers. */
  consensusAddressOf(ctx: Context, operator: Uint8Array): Uint8Array | undefined;
}
