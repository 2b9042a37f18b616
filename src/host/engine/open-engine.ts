/** The engine of this machine: compiled backends where there are any, else the TypeScript twin. */
import { backendNames, openEngine, twinBackend } from "../../native/open-engine.ts";
import type { Log, SprintEngine } from "../expected.ts";
import { NativeEngine } from "./native-engine.ts";
import { NativeSessions } from "./native-sessions.ts";
import { ThreadEngine } from "./thread-engine.ts";

/** What to compute with. */
export interface EngineChoice {
  /** A backend's name to try before the others; the fastest first when absent. */
  readonly backend?: string | undefined;
  /** 0, the default, means one for each processor. */
  readonly threads?: number | undefined;
}

/** The file that the twin's thread runs, as it is compiled. */
const threadFile = new URL("./sprint-thread.js", import.meta.url);

/** Says in the log which engine it is. Rejects when this machine has no backend of that name. */
export async function openHostEngine(
  { backend, threads = 0 }: EngineChoice,
  log: Log,
): Promise<SprintEngine> {
  const names = await backendNames();
  if (backend !== undefined && !names.includes(backend)) {
    throw new Error(`no backend ${backend} here; there is ${names.join(", ")}`);
  }
  const twin = new ThreadEngine(threadFile);
  const compiled = names.filter((name) => name !== twinBackend);
  if (compiled.length === 0 || backend === twinBackend) {
    log.info("engine", { implementation: twinBackend });
    if (backend === undefined) log.warn("slow engine", { fix: "npm run build:native" });
    return twin;
  }
  log.info("engine", { implementation: "native", backends: compiled, first: backend, threads });
  const backends = { names: compiled, open: openEngine };
  const sessions = new NativeSessions(backends, { preferred: backend, threads, log });
  return new NativeEngine(sessions, twin, log);
}
