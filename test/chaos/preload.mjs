/**
 * Loaded before gonkad (node --import): writes down what is signed (SIGN_LOG), and shifts the wall
 * clock by the milliseconds in CLOCK_FILE, read ten times a second. Date alone is shifted: a step
 * of a machine's clock leaves the monotonic one alone, and with it timers, performance and hrtime. A
 * time namespace would do the reverse, so it is of no use here.
 */
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";

const { appendFileSync, readFileSync, renameSync } = fs;
const signLog = process.env.SIGN_LOG ?? "";
fs.renameSync = (from, to) => {
  renameSync(from, to);
  // Before this a signature cannot have left; after it, it may.
  if (String(to).endsWith("priv_validator_state.json")) {
    appendFileSync(signLog, `${JSON.stringify(JSON.parse(readFileSync(to, "utf8")))}\n`);
  }
};
syncBuiltinESMExports();

const clockFile = process.env.CLOCK_FILE ?? "";
let shiftMs = 0;
const everyMs = 100;
setInterval(() => {
  if (fs.existsSync(clockFile)) shiftMs = Number(readFileSync(clockFile, "utf8"));
}, everyMs).unref();

const RealDate = Date;
const now = () => RealDate.now() + shiftMs;
globalThis.Date = new Proxy(RealDate, {
  construct: (target, args, as) => Reflect.construct(target, args.length > 0 ? args : [now()], as),
  apply: () => new RealDate(now()).toString(),
  get: (target, key) => (key === "now" ? now : Reflect.get(target, key)),
});
