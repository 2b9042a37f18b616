/**
 * The light client for web pages: `npm run build:light` makes dist/light.js of it.
 *
 *     import { followChain } from "./light.js";
 *     const client = await followChain({ chainId, primary, witnesses,
 *       trustedHeight, trustedHash });
 *     const { header } = await client.verify(120n);
 */
import { fromHex } from "../../src/encoding/bytes.ts";
import { fromMillis } from "../../src/encoding/time.ts";
import { LightClient } from "../../src/light/client.ts";
import { MemoryTrustedStore } from "../../src/light/memory-store.ts";
import { RpcProvider } from "../../src/light/rpc-provider.ts";
import { evidenceJson } from "../../src/types/json/block.ts";

export interface FollowOptions {
  readonly chainId: string;
  /** RPC URLs; the nodes must allow the page's origin (cors_allowed_origins). */
  readonly primary: string;
  readonly witnesses: readonly string[];
  readonly trustedHeight: bigint;
  /** Hex, from a source that the user trusts. */
  readonly trustedHash: string;
  /** Milliseconds; a week by default. */
  readonly trustingPeriodMs?: number;
  readonly warn?: (message: string, fields?: object) => void;
}

const millis = 1_000_000n;
const weekMs = 7 * 24 * 3600 * 1000;
const driftMs = 10_000n;

/** A light client in memory. Throws LightClientError, ProviderError; spec/light.md. */
export function followChain(options: FollowOptions): Promise<LightClient> {
  const { chainId, trustingPeriodMs = weekMs, warn = () => undefined } = options;
  const provider = (url: string) =>
    new RpcProvider({
      url,
      evidenceJson: (attack) => evidenceJson({ lightClientAttackEvidence: attack }),
    });
  return LightClient.start({
    assumptions: {
      chainId,
      trustingPeriodNanos: BigInt(trustingPeriodMs) * millis,
      maxClockDriftNanos: driftMs * millis,
      trustLevel: { numerator: 1n, denominator: 3n },
    },
    primary: provider(options.primary),
    witnesses: options.witnesses.map(provider),
    store: new MemoryTrustedStore(),
    clock: {
      now: () => fromMillis(Date.now()),
      sleep: (nanos) => new Promise((resolve) => setTimeout(resolve, Number(nanos / millis))),
    },
    log: { info: () => undefined, warn },
    trust: { height: options.trustedHeight, hash: fromHex(options.trustedHash) },
  });
}
