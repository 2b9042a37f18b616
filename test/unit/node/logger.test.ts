/** Log lines: one per call whatever the values hold, levels, plain and JSON. */
import t from "tap";
import { Logger } from "../../../src/node/logger.ts";

function linesOf(options: { level: string; format: string }, run: (log: Logger) => void): string[] {
  const write = process.stderr.write;
  let text = "";
  process.stderr.write = ((chunk: string) => {
    text += chunk;
    return true;
  }) as typeof process.stderr.write;
  try {
    run(new Logger({ module: "node", ...options }));
  } finally {
    process.stderr.write = write;
  }
  return text.split("\n").slice(0, -1);
}

t.test("levels below the threshold say nothing, also under another name", async (t) => {
  const all = (log: Logger): void => {
    log.debug("d");
    log.info("i");
    log.named("p2p").warn("w");
    log.error("e");
  };
  const count = (level: string) => linesOf({ level, format: "plain" }, all).length;
  t.same(["debug", "info", "warn", "error"].map(count), [4, 3, 2, 1]);
});

t.test("plain: time, level, module, message, fields", async (t) => {
  const fields = { height: 5n, id: "ab12", why: "two words", list: [1n], error: new Error("bad") };
  const [line] = linesOf({ level: "info", format: "plain" }, (log) => log.info("up", fields));
  t.match(line, /^\d{4}-\d\d-\d\dT[\d:.]+Z INFO {2}node: up height=5 id=ab12 /);
  t.match(line, / why="two words" list=\["1"\] error="bad"$/);
});

t.test("a value from a peer cannot write a line of its own", async (t) => {
  const evil = "x\n2026-01-01T00:00:00.000Z INFO  node: all is well\u001b[2J";
  for (const format of ["plain", "json"]) {
    const lines = linesOf({ level: "info", format }, (log) => log.info("peer", { moniker: evil }));
    t.equal(lines.length, 1, format);
    t.notMatch(lines[0], "\u001b", format);
  }
});

t.test("json: one object with the same", async (t) => {
  const fields = { height: 5n, error: new Error("bad") };
  const run = (log: Logger): void => log.named("p2p").warn("slow", fields);
  const [line] = linesOf({ level: "info", format: "json" }, run);
  const { time, ...rest } = JSON.parse(line ?? "");
  t.match(time, /Z$/);
  t.same(rest, { level: "warn", module: "p2p", message: "slow", height: "5", error: "bad" });
});
