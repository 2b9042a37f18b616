/** A parent for test/unit/localnet/process.test.ts: starts a child, tells its pid, and waits. */
import { fileURLToPath } from "node:url";
import { LocalnetProcess } from "../../src/localnet/process.ts";

const child = new LocalnetProcess({
  name: "child",
  logFile: process.argv[2]!,
  args: ["--import", "tsx", fileURLToPath(new URL("parented-child.ts", import.meta.url))],
  onCrash: () => process.exit(3),
});
child.start();
process.stdout.write(`${child.pid}\n`);
setInterval(() => {}, 60_000);
