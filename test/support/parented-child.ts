/** A child that would live for ever, but for its parent. */
import { stopWithParent } from "../../src/localnet/parent.ts";

stopWithParent(() => process.exit(0));
setInterval(() => {}, 60_000);
process.stdout.write("up\n");
