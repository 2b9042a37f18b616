/** What a node leaves behind when a planned upgrade stops it. */
import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import t from "tap";
import { UpgradeNeeded } from "../../../src/modules/upgrade/halt.ts";
import { noteUpgrade } from "../../../src/node/upgrade-info.ts";

t.test("the plan is written down as the SDK writes it, from under other errors too", async (t) => {
  const home = t.testdir();
  const file = path.join(home, "data", "upgrade-info.json");
  const plan = { name: "v2", height: 123_456n, info: '{"binaries":{}}' };
  const failure = new Error("consensus failed", { cause: new UpgradeNeeded(plan) });
  t.same(noteUpgrade(home, failure), plan);
  // The JSON of Plan in Go: fixed order, the height as a number, the zero time.
  const expected =
    '{"name":"v2","time":"0001-01-01T00:00:00Z","height":123456,"info":"{\\"binaries\\":{}}"}';
  t.equal(readFileSync(file, "utf8"), expected);
  noteUpgrade(home, new UpgradeNeeded({ name: "v3", height: 7n, info: "" }));
  t.equal(
    readFileSync(file, "utf8"),
    '{"name":"v3","time":"0001-01-01T00:00:00Z","height":7}',
    "a later plan takes its place",
  );
});

t.test("other failures leave nothing", async (t) => {
  const home = t.testdir();
  t.equal(noteUpgrade(home, new Error("no disk")), undefined);
  t.equal(noteUpgrade(home, "text"), undefined);
  t.notOk(existsSync(path.join(home, "data")));
});
