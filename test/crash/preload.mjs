/**
 * Loaded before a life (child.mjs): names every operation that changes the disk by its kind and by
 * the functions of the program that asked for it, and kills the process at the one that CRASH
 * names, before it, after it, or in the middle of a write. What is signed is written down. Builtin
 * modules and the database are patched, so that the program itself knows nothing of it.
 */
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import path from "node:path";
import { ClassicLevel } from "classic-level";

/** Of {label, when, nth}; label "" kills nowhere. */
const crash = JSON.parse(process.env.CRASH ?? '{"label":""}');
const { appendFileSync, readFileSync, writeSync } = fs;
const [pointLog, signLog] = [process.env.POINT_LOG ?? "", process.env.SIGN_LOG ?? ""];
const bundle = process.env.BUNDLE ?? "";
/** Functions of the program that a label names at most, the innermost first. */
const depth = 4;
/** Occurrences in one height that count as points of their own. */
const maxInHeight = 5;

/** Of [line of the bundle, the module that begins there], in order; "" is not the program. */
const modules = JSON.parse(readFileSync(`${bundle}.modules`, "utf8"));
const names = new Map();

/** Such as wal/disk:sync; "" for what is not the program. */
function nameOf(frame) {
  const known = names.get(frame);
  if (known !== undefined) return known;
  const name = readName(frame);
  names.set(frame, name);
  return name;
}

function readName(frame) {
  const found = /^ +at (?:async )?(?:new )?(\S+)?.*?(?:\(|\s)file:\/\/(.*):(\d+):\d+\)?$/.exec(
    frame,
  );
  if (found?.[2] !== bundle) return "";
  const line = Number(found[3]);
  const module = modules.findLast(([from]) => from <= line)?.[1] ?? "";
  if (module === "") return "";
  const called = (found[1] ?? "").replace(/^(Object|_\w+|\w+)\./, "").replace(/^file:.*/, "");
  return `${module}${called === "" ? "" : `:${called}`}`;
}

/** Every batch of a database passes here: it tells nothing of who asked. */
const passedThrough = "store/held-writes:batch";

const counts = new Map();
/** By label, since the last height ended. */
const inHeight = new Map();
let isOurs = false;

/** Names the operation of this kind that the caller is about to do, and counts it. */
function arrive(kind) {
  if (isOurs) return undefined;
  Error.stackTraceLimit = 40;
  const frames = (new Error().stack ?? "").split("\n").slice(2);
  const callers = frames.map(nameOf).filter((name) => name !== "" && name !== passedThrough);
  if (callers.length === 0) return undefined;
  const what = `${kind} ${callers.slice(0, depth).join(" < ")}`;
  const place = Math.min((inHeight.get(what) ?? 0) + 1, maxInHeight);
  inHeight.set(what, place);
  const label = place === 1 ? what : `${what} (${place})`;
  const count = (counts.get(label) ?? 0) + 1;
  counts.set(label, count);
  note(pointLog, label);
  if (kind === "fdatasync" && what.includes(":endHeight")) inHeight.clear();
  return { label, count };
}

function note(file, line) {
  isOurs = true; // Appending is a write, too.
  appendFileSync(file, `${line}\n`);
  isOurs = false;
}

/** Dies when this is the point. */
function reach(point, when) {
  if (!point || point.label !== crash.label) return;
  if (point.count !== crash.nth || when !== crash.when) return;
  process.kill(process.pid, "SIGKILL");
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000); // Until it is dead.
}

/** Before a signature leaves, its state is renamed into place; from then on it may be out. */
function noteSigned(to) {
  if (!String(to).endsWith("priv_validator_state.json")) return;
  note(signLog, JSON.stringify(JSON.parse(readFileSync(to, "utf8"))));
}

function patch(name, kindOf) {
  const original = fs[name];
  fs[name] = (...args) => {
    const point = arrive(kindOf(args));
    reach(point, "before");
    const done = original(...args);
    if (name === "renameSync") noteSigned(args[1]);
    reach(point, "after");
    return done;
  };
}

const base = (file) => (typeof file === "string" ? path.basename(file).replace(/\d+$/, "N") : "");
patch("fsyncSync", () => "fsync");
patch("fdatasyncSync", () => "fdatasync");
patch("renameSync", ([, to]) => `rename ${base(to)}`);
patch("truncateSync", ([file]) => `truncate ${base(file)}`);
patch("rmSync", ([file]) => `remove ${base(file)}`);
patch("writeFileSync", ([file]) => `write ${base(file)}`);
fs.writeSync = (handle, bytes, offset = 0, ...rest) => {
  const point = arrive("append");
  reach(point, "before");
  if (point?.label === crash.label && crash.when === "torn" && point.count === crash.nth) {
    writeSync(handle, bytes, offset, Math.ceil((bytes.length - offset) / 2));
  }
  reach(point, "torn");
  const done = writeSync(handle, bytes, offset, ...rest);
  reach(point, "after");
  return done;
};
syncBuiltinESMExports();

// The database writes chained batches: its operations are put one by one, then written at once.
const { batch } = ClassicLevel.prototype;
ClassicLevel.prototype.batch = function chained(...args) {
  const one = batch.apply(this, args);
  const write = one.write.bind(one);
  one.write = async (options) => {
    const synced = options?.sync ? "synced" : "not synced";
    const point = arrive(`batch ${path.basename(this.location)} ${synced}`);
    reach(point, "before");
    await write(options);
    reach(point, "after");
  };
  return one;
};
