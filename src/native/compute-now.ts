/**
 * Nonces at once, on the caller's thread: for a state machine, which may not wait. Devices are left
 * out: they may vanish, or be busy. Nothing is kept from one nonce to the next.
 */
import type { ProfileName } from "../sprint/profiles.ts";
import { type Addon, loadAddon } from "./addon.ts";
import type { ComputedNonce, HostNonce } from "./engine.ts";
import { typed } from "./run-job.ts";

/** Everything that a nonce depends on. */
export interface NonceTask extends HostNonce {
  readonly chainId: string;
  readonly profile: ProfileName;
  readonly beacon1: Uint8Array;
  readonly beacon2: Uint8Array;
}

/** One way to compute a nonce. */
export interface NonceComputer {
  readonly backend: string;
  /** Throws an EngineError: NO_BACKEND when the backend fails its self-test. */
  compute(task: NonceTask): ComputedNonce;
}

const digestBytes = 32;

/** The compiled backends that can compute at once, fastest first, scalar last; or why none can. */
export function nonceComputers(): readonly NonceComputer[] | { readonly missing: string } {
  const loaded = loadAddon();
  if ("missing" in loaded) return loaded;
  const { addon } = loaded;
  return addon
    .cpuBackends({})
    .map((backend) => ({ backend, compute: (task) => compute(addon, backend, task) }));
}

function compute(addon: Addon, backend: string, task: NonceTask): ComputedNonce {
  const bytes = typed(() => addon.recomputeNow({ ...task, backend, threads: 0 }));
  const output = new Int8Array(bytes.slice(digestBytes).buffer);
  return { digest: bytes.slice(0, digestBytes), output };
}
