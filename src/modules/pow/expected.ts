/** What proof of work asks of others. abci/app.ts joins them. */
import type { Coin } from "../../encoding/coins.ts";
import type { Context } from "../module.ts";

/** Money. Only rewards/ uses it; the amounts given are positive. */
export interface Bank {
  balances(ctx: Context, owner: Uint8Array): readonly Coin[];
  /** Whether an account of a module that accounts for every coin: nothing may be sent there. */
  isBlocked(address: Uint8Array): boolean;
  /** Throws a ModuleError when the sender has not enough. */
  send(ctx: Context, from: Uint8Array, to: Uint8Array, coins: readonly Coin[]): void;
  /** Creates coins; nobody else in the chain may. */
  mint(ctx: Context, to: Uint8Array, coins: readonly Coin[]): void;
}

/** Who may not decide for now: for missing blocks, or for ever for signing two of one height. */
export interface Jail {
  isJailed(ctx: Context, operator: Uint8Array): boolean;
}

/** One nonce of one host's Sprint, with everything that its digest depends on. */
export interface NonceQuestion {
  readonly chainId: string;
  /** "T" or "C". */
  readonly profile: string;
  readonly beacon1: Uint8Array;
  readonly beacon2: Uint8Array;
  /** Compressed secp256k1, 33 bytes. */
  readonly hostKey: Uint8Array;
  readonly nonce: bigint;
  /** The bound of the hit rule of the committed tier. */
  readonly c: number;
}

/** What is true about a nonce. */
export interface NonceAnswer {
  readonly digest: Uint8Array;
  readonly isHit: boolean;
  /** The tag of 32 bytes that a verifier with this worker key must have attested. */
  tagOf(verifierKey: Uint8Array): Uint8Array;
}

/** Re-executes a nonce: the judge of every dispute. A pure function of the question. */
export interface SprintOracle {
  recompute(question: NonceQuestion): NonceAnswer;
}

/** Public randomness, one value per block. A threshold signature replaces version 1 later. */
export interface Beacon {
  /** Takes the block under execution in. Called once per block, before anything is drawn. */
  advance(ctx: Context): void;
  /** 32 bytes that nobody knew before this block; `purpose` separates draws of one block. */
  draw(ctx: Context, purpose: string): Uint8Array;
}
