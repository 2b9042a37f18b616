/** Long computations of the command line end at Ctrl-C, and say so. */
import { EngineError } from "../native/engine.ts";
import { CliError } from "./errors.ts";

/** Runs with a signal that Ctrl-C and SIGTERM abort; what was cancelled ends with exit code 130. */
export async function untilInterrupted<T>(run: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const stopping = new AbortController();
  const stop = (): void => stopping.abort();
  process.once("SIGINT", stop);
  process.once("SIGTERM", stop);
  try {
    return await run(stopping.signal);
  } catch (error) {
    throw stopping.signal.aborted ? interrupted() : engineRefusal(error);
  } finally {
    process.removeListener("SIGINT", stop);
    process.removeListener("SIGTERM", stop);
  }
}

function interrupted(): CliError {
  return new CliError("interrupted", "interrupted", {
    cause: "interrupted before it was done",
    fix: "start it again; nothing was changed",
  });
}

/** What to do about an engine's refusal; any other error as it is. */
function engineRefusal(error: unknown): unknown {
  if (!(error instanceof EngineError)) return error;
  const { code, message: cause } = error;
  const id = code.toLowerCase();
  switch (code) {
    case "BAD_ARGUMENT":
    case "UNKNOWN_BACKEND":
      return new CliError("usage", id, { cause, fix: "see `gonkad sprint selftest` and --help" });
    case "MODEL_FILE":
    case "MODEL_CHANGED":
      return new CliError("mismatch", id, {
        cause,
        fix: "compare the files with the registry entry; let nobody write while they are read",
      });
    default:
      return new CliError("engine", id, {
        cause,
        fix: "try --backend scalar; `gonkad sprint selftest` shows what works here",
      });
  }
}
