/** Log lines on stderr: plain for people, JSON for collectors. Values are data, never secrets. */

export type LogLevel = "debug" | "info" | "warn" | "error";

const levels: readonly LogLevel[] = ["debug", "info", "warn", "error"];

export type LogFields = Readonly<Record<string, unknown>>;

export class Logger {
  readonly #module: string;
  readonly #threshold: number;
  readonly #isJson: boolean;

  constructor(options: {
    readonly module: string;
    readonly level: string;
    readonly format: string;
  }) {
    this.#module = options.module;
    this.#threshold = Math.max(0, levels.indexOf(options.level as LogLevel));
    this.#isJson = options.format === "json";
  }

  /** The same settings under another module name. */
  named(module: string): Logger {
    const level = levels[this.#threshold] ?? "info";
    return new Logger({ module, level, format: this.#isJson ? "json" : "plain" });
  }

  debug(message: string, fields?: LogFields): void {
    this.#write("debug", message, fields);
  }
  info(message: string, fields?: LogFields): void {
    this.#write("info", message, fields);
  }
  warn(message: string, fields?: LogFields): void {
    this.#write("warn", message, fields);
  }
  error(message: string, fields?: LogFields): void {
    this.#write("error", message, fields);
  }

  #write(level: LogLevel, message: string, fields: LogFields = {}): void {
    if (levels.indexOf(level) < this.#threshold) return;
    const time = new Date().toISOString();
    const line = this.#isJson
      ? JSON.stringify({ time, level, module: this.#module, message, ...fields }, showBigint)
      : `${time} ${level.toUpperCase().padEnd(5)} ${this.#module}: ${message}${plainFields(fields)}`;
    process.stderr.write(`${line}\n`);
  }
}

function showBigint(_: string, value: unknown): unknown {
  if (value instanceof Error) return value.message;
  return typeof value === "bigint" ? String(value) : value;
}

/** Text without blanks and control characters: a peer must not write lines of its own. */
const isPlain = /^[^\s\p{Cc}"]+$/u;

function plainFields(fields: LogFields): string {
  return Object.entries(fields)
    .map(([name, value]) => ` ${name}=${plainValue(value)}`)
    .join("");
}

function plainValue(value: unknown): string {
  if (value instanceof Error) return JSON.stringify(value.message);
  if (typeof value === "string") return isPlain.test(value) ? value : JSON.stringify(value);
  return typeof value === "bigint" ? String(value) : JSON.stringify(value, showBigint);
}
