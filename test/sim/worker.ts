/** Runs the seeds it is sent, one after the other: a child process of run-seeds.ts. */
import { runSeed } from "./world.ts";

process.on("message", async (seed: number) => {
  process.send?.(await runSeed(seed));
});
