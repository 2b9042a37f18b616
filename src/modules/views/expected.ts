/** What the read-only services show, whatever module it comes from. */
import type { Coin } from "../../encoding/coins.ts";
import type { Time } from "../../encoding/time.ts";
import type { Addresses } from "../addresses.ts";
import type { Context } from "../module.ts";

/** A validator as its own module knows it. */
export interface ValidatorView {
  readonly operator: Uint8Array;
  /** ed25519, 32 bytes. */
  readonly consensusPubKey: Uint8Array;
  readonly moniker: string;
  readonly website: string;
  /** In consensus, of all power; zero for one that is not in the set. */
  readonly power: bigint;
  readonly isJailed: boolean;
}

/** Proof of work. */
export interface Validators {
  /** Every host, in the order of operators' bytes. */
  validators(ctx: Context): readonly ValidatorView[];
  validator(ctx: Context, operator: Uint8Array): ValidatorView | undefined;
  maxValidators(ctx: Context): number;
  /** What an operator has earned and not been paid yet. */
  waiting(ctx: Context, operator: Uint8Array): bigint;
  communityPool(ctx: Context): readonly Coin[];
  /** Emission of the running epoch in 10^-18 of the coin, and the length of an epoch. */
  emission(ctx: Context): { readonly rate: bigint; readonly epochBlocks: bigint };
}

/** bank. */
export interface Supply {
  supply(ctx: Context, denom: string): bigint;
}

/** consensus. */
export interface ConsensusParams {
  get(ctx: Context): {
    readonly block?: { readonly maxBytes: bigint; readonly maxGas: bigint } | undefined;
    readonly evidence?:
      | {
          readonly maxAgeNumBlocks: bigint;
          readonly maxAgeDuration: Time;
          readonly maxBytes: bigint;
        }
      | undefined;
    readonly validator?: { readonly pubKeyTypes: readonly string[] } | undefined;
  };
}

/** What the services are built from. */
export interface ViewParts {
  readonly addresses: Addresses;
  /** The coin of the chain. */
  readonly denom: string;
  readonly validators: Validators;
  readonly supply: Supply;
  readonly consensus: ConsensusParams;
}
