/** Hosts and money as services for explorers read them: modules/views. */
import type { Coin } from "../../encoding/coins.ts";
import type { Host } from "../../gen/gonka/pow/v1/types.ts";
import type { Context } from "../module.ts";
import type { PowKeeper } from "./keeper.ts";
import { addressKey } from "./keys.ts";

export class PowView {
  readonly #pow: PowKeeper;
  constructor(pow: PowKeeper) {
    this.#pow = pow;
  }

  /** Every host, in the order of operators' bytes. */
  validators(ctx: Context) {
    return this.#pow.hosts.all(ctx).map((host) => this.#view(ctx, host));
  }

  validator(ctx: Context, operator: Uint8Array) {
    const host = this.#pow.hosts.hosts.get(ctx, addressKey(operator));
    return host && this.#view(ctx, host);
  }

  maxValidators(ctx: Context): number {
    return this.#pow.params.get(ctx).maxValidators;
  }

  /** What an operator has earned and not been paid yet. */
  waiting(ctx: Context, operator: Uint8Array): bigint {
    return BigInt(this.#pow.rewards.vesting.get(ctx, addressKey(operator))?.balance ?? "0");
  }

  communityPool(ctx: Context): readonly Coin[] {
    return this.#pow.rewards.pool(ctx);
  }

  /** Of the running epoch, in 10^-18 of the coin, and how many blocks it has. */
  emission(ctx: Context) {
    const { epochBlocks } = this.#pow.params.get(ctx);
    return { rate: this.#pow.rewards.rate(ctx), epochBlocks };
  }

  #view(ctx: Context, { operator, consensusPubKey, moniker, website }: Host) {
    const account = this.#pow.addresses.parse(operator);
    return {
      operator: account,
      consensusPubKey,
      moniker,
      website,
      power: this.#pow.powerOf(ctx, account),
      isJailed: this.#pow.isJailed(ctx, operator),
    };
  }
}
