/** gonkad from the sources, for processes that tests start: node --import tsx FILE start ... */
import { main } from "../../src/cli/main.ts";

await main(process.argv);
