/** Waits for a job of the addon: abort signal, progress and error codes. */
import type { AddonJob } from "./addon.ts";
import { EngineError, type EngineErrorCode, type JobOptions } from "./engine.ts";

const progressIntervalMs = 200;
const knownCodes: ReadonlySet<string> = new Set<EngineErrorCode>([
  "BAD_ARGUMENT",
  "UNKNOWN_BACKEND",
  "NO_BACKEND",
  "GPU_LOST",
  "MODEL_FILE",
  "MODEL_CHANGED",
  "CANCELLED",
  "OUT_OF_MEMORY",
  "ENGINE_FAILURE",
]);

/** Starts a job and settles with it. Rejects with an EngineError, CANCELLED after an abort. */
export async function runJob<T>(
  start: () => AddonJob<T>,
  { signal, onProgress }: JobOptions = {},
): Promise<T> {
  if (signal?.aborted) throw new EngineError("CANCELLED", "cancelled before it began");
  const job = typed(start);
  const cancel = () => job.cancel();
  signal?.addEventListener("abort", cancel, { once: true });
  const timer = onProgress && setInterval(() => onProgress(...job.progress()), progressIntervalMs);
  try {
    const result = await job.promise;
    onProgress?.(...job.progress());
    return result;
  } catch (error) {
    throw engineError(error);
  } finally {
    clearInterval(timer);
    signal?.removeEventListener("abort", cancel);
  }
}

/** Runs a call of the addon; what it throws becomes an EngineError. */
export function typed<T>(start: () => T): T {
  try {
    return start();
  } catch (error) {
    throw engineError(error);
  }
}

function engineError(error: unknown): unknown {
  if (!(error instanceof Error) || !("code" in error) || !isCode(error.code)) return error;
  return new EngineError(error.code, error.message);
}

function isCode(code: unknown): code is EngineErrorCode {
  return typeof code === "string" && knownCodes.has(code);
}
