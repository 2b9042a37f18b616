/** Picks the engine: the addon where it is built and works, else the TypeScript twin. */
import { loadAddon } from "./addon.ts";
import { openAddonEngine } from "./addon-engine.ts";
import type { EngineOptions, JobOptions, SprintEngine } from "./engine.ts";
import { EngineError } from "./engine.ts";
import { runJob } from "./run-job.ts";
import { openTwinEngine } from "./twin-engine.ts";

/** The backend name that asks for the twin. */
export const twinBackend = "typescript";

/** Opens an engine; its implementation, backend and log say which one it became, and why. */
export async function openEngine(options: EngineOptions & JobOptions): Promise<SprintEngine> {
  if (options.backend === twinBackend) return openTwinEngine(options, []);
  const loaded = loadAddon();
  if ("missing" in loaded) return openTwinEngine(options, [loaded.missing]);
  try {
    return await openAddonEngine(loaded.addon, options);
  } catch (error) {
    if (!(error instanceof EngineError) || error.code !== "NO_BACKEND") throw error;
    return openTwinEngine(options, [error.message]);
  }
}

/** Every backend here, fastest first; the twin is always there and always last. */
export async function backendNames(): Promise<readonly string[]> {
  const loaded = loadAddon();
  if ("missing" in loaded) return [twinBackend];
  return [...(await runJob(() => loaded.addon.backends({}))), twinBackend];
}

/** How every compiled backend does in its self-test: failed is its first failing test, or "". */
export async function selfTestBackends(
  profile: EngineOptions["profile"],
  options: JobOptions = {},
): Promise<
  readonly {
    readonly backend: string;
    readonly failed: string;
    readonly tests: readonly { readonly name: string; readonly passed: boolean }[];
  }[]
> {
  const loaded = loadAddon();
  return "missing" in loaded ? [] : runJob(() => loaded.addon.selfTest({ profile }), options);
}

/** Operations that a compiled backend's bare kernel does in a second of one core. */
export async function measurePeak(options: {
  readonly backend: string;
  readonly threads: number;
  readonly milliseconds: number;
}): Promise<bigint> {
  const loaded = loadAddon();
  if ("missing" in loaded) throw new EngineError("UNKNOWN_BACKEND", loaded.missing);
  return runJob(() => loaded.addon.measurePeak(options));
}
