/** What the application needs from the modules that take part in every transaction and block. */
import type { Any } from "cosmjs-types/google/protobuf/any";
import type { ConsensusParams } from "cosmjs-types/tendermint/types/params";
import type { Coin } from "../encoding/coins.ts";
import type { Time } from "../encoding/time.ts";
import type { Addresses } from "../modules/addresses.ts";
import type { Context } from "../modules/module.ts";
import type { Branch } from "../store/branch.ts";
import type { ReadStore } from "../store/kv.ts";

/** The committed state and the version under work: store/multistore.ts. */
export interface CommitStore {
  /** The last committed height, 0 before the first commit. */
  readonly version: bigint;
  appHash(): Uint8Array;
  /** The sub-store with the writes of the version under work. */
  working(name: string): Branch;
  workingHash(): Uint8Array;
  commit(): Promise<{ readonly version: bigint; readonly appHash: Uint8Array }>;
  /** Drops everything written since the last commit. */
  discard(): void;
  setInitialVersion(version: bigint): void;
  /** A committed version, while it is kept. */
  at(version: bigint): CommittedState | undefined;
}

/** The state of a committed height. */
export interface CommittedState {
  store(name: string): ReadStore;
  /** Encoded ICS-23 proofs: of the key in its store, and of the store in the application hash. */
  prove(name: string, key: Uint8Array): { readonly key: Uint8Array; readonly store: Uint8Array };
}

/** An account as the ante chain sees it. */
export interface SignerAccount {
  readonly address: Uint8Array;
  readonly number: bigint;
  readonly sequence: bigint;
  readonly pubKey: Any | undefined;
}

/** Limits and costs of transactions: characters, counts, gas. */
export interface TxParams {
  readonly maxMemoCharacters: bigint;
  readonly txSigLimit: bigint;
  readonly txSizeCostPerByte: bigint;
  readonly sigVerifyCostEd25519: bigint;
  readonly sigVerifyCostSecp256k1: bigint;
}

/** auth. */
export interface Accounts {
  readonly addresses: Addresses;
  readonly params: { get(ctx: Context): TxParams };
  /** Used timeouts of unordered transactions. tryAdd is false when it was used before. */
  readonly nonces: {
    tryAdd(ctx: Context, used: { readonly address: Uint8Array; readonly timeout: Time }): boolean;
  };
  get(ctx: Context, address: Uint8Array): SignerAccount | undefined;
  /** Writes back what get returned, with another sequence or key. */
  set(ctx: Context, account: SignerAccount): void;
}

/** bank. */
export interface Fees {
  send(ctx: Context, from: Uint8Array, to: Uint8Array, coins: readonly Coin[]): void;
}

/** feegrant. */
export interface FeeGrants {
  /** Takes a fee from what the granter lets the grantee spend. Throws ModuleError. */
  use(
    ctx: Context,
    parties: { readonly granter: Uint8Array; readonly grantee: Uint8Array },
    payment: { readonly fee: readonly Coin[]; readonly messageTypes: readonly string[] },
  ): void;
}

/** consensus. */
export interface ConsensusParamsSource {
  get(ctx: Context): ConsensusParams;
  init(ctx: Context, params: ConsensusParams): void;
  /** Of the block that made this state; undefined before the first. */
  blockTime(ctx: Context): Time | undefined;
}

/** pow: decides when an epoch begins. Reads only. */
export interface Epochs {
  beginsEpoch(ctx: Context): boolean;
}

/** Gives the thread to whatever else waits for it, and resolves when it comes back. */
export type Turn = () => Promise<void>;

/** Where the application writes what people should know. */
export interface Log {
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}
