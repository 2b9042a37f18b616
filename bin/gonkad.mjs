#!/usr/bin/env node
// Starts the compiled command line; says what to do when there is none yet.
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const main = new URL("../dist/cli/main.js", import.meta.url);
if (!existsSync(fileURLToPath(main))) {
  process.stderr.write("gonkad is not built yet\nfix: run `npm run build` first\ncode: not_built\n");
  process.exit(3);
}
const { main: run } = await import(main.href);
await run(process.argv);
