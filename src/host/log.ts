/** Log lines as JSON, one event a line, and the status file. */
import type { Log, LogFields } from "./expected.ts";

type Level = "info" | "warn" | "error";

/** Writes each event with its time, level and fields. `write` gets a line without its end. */
export function jsonLog(write: (line: string) => void): Log {
  const at =
    (level: Level) =>
    (event: string, fields: LogFields = {}) => {
      const time = new Date().toISOString();
      write(JSON.stringify({ time, level, event, ...fields }, plain));
    };
  return { info: at("info"), warn: at("warn"), error: at("error") };
}

/** JSON has neither bigint nor bytes: decimal and hex strings stand for them. */
export function plain(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return String(value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
  return value;
}
