/** Exit codes and error texts of the command line: one line cause, one line fix, a code. */
import { ConfigError } from "../node/config.ts";

/** docs/cli.md lists the same. */
export const exitCodes = {
  ok: 0,
  unexpected: 1,
  usage: 2,
  config: 3,
  unreachable: 4,
  rejected: 5,
  failed: 6,
  timedOut: 7,
  keyring: 8,
  mismatch: 9,
  doctorFailed: 10,
  engine: 11,
  interrupted: 130,
} as const;

/** What the user is told when a command cannot do what was asked. */
export class CliError extends Error {
  readonly exit: number;
  /** Stable identifier for scripts, such as "key_not_found". */
  readonly id: string;
  readonly fix: string;
  constructor(
    kind: keyof typeof exitCodes,
    id: string,
    text: { readonly cause: string; readonly fix: string },
  ) {
    super(text.cause);
    this.exit = exitCodes[kind];
    this.id = id;
    this.fix = text.fix;
  }
}

const unreachableCauses = ["ECONNREFUSED", "ECONNRESET", "ENOTFOUND", "ETIMEDOUT", "EHOSTUNREACH"];

/** Any thrown value as a CliError. */
export function toCliError(thrown: unknown): CliError {
  if (thrown instanceof CliError) return thrown;
  const cause = thrown instanceof Error ? thrown.message : String(thrown);
  const unreachable = unreachableCause(thrown);
  if (unreachable !== undefined) {
    return new CliError("unreachable", "node_unreachable", {
      cause: `the node cannot be reached: ${unreachable}`,
      fix: "check --node, or start one with `gonkad localnet`",
    });
  }
  if (thrown instanceof ConfigError) {
    return new CliError("config", "bad_config", { cause, fix: "mend what is named above" });
  }
  return new CliError("unexpected", "unexpected", {
    cause,
    fix: "run again with --trace and report what it prints",
  });
}

/** What kept a request from reaching its server; undefined when it was something else. */
function unreachableCause(thrown: unknown): string | undefined {
  if (!(thrown instanceof Error)) return undefined;
  if (thrown.name === "TimeoutError") return "no answer in time";
  const code = (thrown.cause as { readonly code?: unknown } | undefined)?.code;
  return typeof code === "string" && unreachableCauses.includes(code) ? code : undefined;
}

/** The three lines on stderr. */
export function formatError(error: CliError): string {
  return `Error: ${error.message}\nfix: ${error.fix}\ncode: ${error.id}\n`;
}
