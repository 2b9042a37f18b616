/** The command line in this process: its output caught, its environment and exit code put back. */
import { main } from "../../src/cli/main.ts";

export interface CliResult {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

/** Runs gonkad with these arguments; env holds the only GONKAD_* variables that it sees. */
export async function runCli(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<CliResult> {
  const before = { env: { ...process.env }, exitCode: process.exitCode };
  for (const name of Object.keys(process.env)) {
    if (name.startsWith("GONKAD_")) delete process.env[name];
  }
  Object.assign(process.env, env);
  const [out, err] = [caught(process.stdout), caught(process.stderr)];
  process.exitCode = 0;
  try {
    await main(["node", "gonkad", ...args]);
    return { code: Number(process.exitCode), out: out.release(), err: err.release() };
  } finally {
    out.release();
    err.release();
    process.exitCode = before.exitCode;
    for (const name of Object.keys(env)) delete process.env[name];
    Object.assign(process.env, before.env);
  }
}

/** Keeps what is written to a stream until it is released. */
function caught(stream: NodeJS.WriteStream): { release(): string } {
  const write = stream.write;
  let text = "";
  stream.write = ((chunk: string | Uint8Array, ...rest: unknown[]) => {
    text += typeof chunk === "string" ? chunk : Buffer.from(chunk).toString();
    const done = rest.find((each) => typeof each === "function") as (() => void) | undefined;
    done?.();
    return true;
  }) as typeof stream.write;
  return {
    release: () => {
      stream.write = write;
      return text;
    },
  };
}

/** What t.throws and t.rejects are to find in a CliError. */
export function refusal(fields: { id?: string; exit?: number; message?: string }): Error {
  return fields as unknown as Error; // tap compares only the fields that are there.
}
