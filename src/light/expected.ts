/** What a light client needs of the world. */
import type { LightClientAttackEvidence } from "cosmjs-types/tendermint/types/evidence";
import type { Time } from "../encoding/time.ts";
import type { LightBlock } from "../types/light/light-block.ts";

/** Somebody who has blocks: usually a full node. Nothing that it says is believed. */
export interface Provider {
  /** Such as its address; for messages. */
  readonly name: string;
  /** The block of a height, or the newest one. Throws ProviderError. */
  lightBlock(height: bigint | "latest"): Promise<LightBlock>;
  /** Hands over evidence of an attack. Throws ProviderError when it is not taken. */
  reportAttack(evidence: LightClientAttackEvidence): Promise<void>;
}

/** Blocks that were verified, by height. */
export interface TrustedStore {
  get(height: bigint): Promise<LightBlock | undefined>;
  /** Lowest first. */
  heights(): Promise<readonly bigint[]>;
  /** Resolves when it would survive a crash. */
  save(block: LightBlock): Promise<void>;
  remove(height: bigint): Promise<void>;
}

export interface Clock {
  now(): Time;
  sleep(nanos: bigint): Promise<void>;
}

/** Structured log lines. Values must be plain data. */
export interface Logger {
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
}
