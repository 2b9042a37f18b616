/**
 * Loaded before gonkad (node --import): kills the process at the CRASH_AT-th operation that makes
 * something durable, before or after it happens, and writes down what was signed. Builtin modules
 * and the database are patched, so that the program itself knows nothing of it.
 */
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import path from "node:path";
import { ClassicLevel } from "classic-level";

const crashAt = Number(process.env.CRASH_AT ?? "0");
const isAfter = process.env.CRASH_WHEN === "after";
const operationLog = process.env.CRASH_LOG ?? "";
const signLog = process.env.SIGN_LOG ?? "";
const { appendFileSync, fsyncSync, readFileSync, renameSync } = fs;
let count = 0;

/** Counts an operation; dies when it is the one. */
function reach(name, when) {
  if (when === "before") count++;
  if (count !== crashAt || (when === "after") !== isAfter) return;
  appendFileSync(operationLog, `${crashAt} ${when} ${name}\n`);
  process.kill(process.pid, "SIGKILL");
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000); // Until it is dead.
}

fs.fsyncSync = (handle) => {
  reach("fsync", "before");
  fsyncSync(handle);
  reach("fsync", "after");
};
fs.renameSync = (from, to) => {
  const name = `rename ${path.basename(String(to))}`;
  reach(name, "before");
  renameSync(from, to);
  // Before this a signature cannot have left; after it, it may.
  if (String(to).endsWith("priv_validator_state.json")) {
    appendFileSync(signLog, `${JSON.stringify(JSON.parse(readFileSync(to, "utf8")))}\n`);
  }
  reach(name, "after");
};
syncBuiltinESMExports();

// The database writes chained batches: its operations are put one by one, then written at once.
const { batch } = ClassicLevel.prototype;
ClassicLevel.prototype.batch = function chained(...args) {
  const one = batch.apply(this, args);
  const write = one.write.bind(one);
  one.write = async (options) => {
    const name = `batch ${path.basename(this.location)} ${options?.sync ? "synced" : "not synced"}`;
    reach(name, "before");
    await write(options);
    reach(name, "after");
  };
  return one;
};
