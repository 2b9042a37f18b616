/** npm run build:light: writes dist/light.js. */
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { bundleLight } from "./bundle.ts";

const dist = path.resolve(path.dirname(fileURLToPath(import.meta.url)), "../../dist");
const text = await bundleLight({ format: "esm", isMinified: true });
mkdirSync(dist, { recursive: true });
writeFileSync(path.join(dist, "light.js"), text);
process.stdout.write(`${path.join(dist, "light.js")}: ${Math.ceil(text.length / 1024)} KiB\n`);
