/**
 * One life of a node, over the bundle: starts the node of a home, writes the port of its RPC to
 * standard output, and ends by SIGTERM, or with code 3 after so many blocks that no point was met.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";

/** Blocks of a life that was to end at a point and does not come to it. */
const blocksWithoutPoint = 4;

const { startNode } = await import(pathToFileURL(process.env.BUNDLE ?? "").href);
const node = await startNode(process.env.HOME_OF_NODE ?? "", (error) => {
  process.stderr.write(`fatal: ${error?.stack ?? error}\n`);
  process.exit(4);
});
process.stdout.write(`${node.rpcPort}\n`);
process.once("SIGTERM", async () => {
  await node.stop();
  process.exit(0);
});
let first;
while (process.env.CRASH) {
  const answer = await fetch(`http://127.0.0.1:${node.rpcPort}/status`);
  const height = Number((await answer.json()).result.sync_info.latest_block_height);
  first ??= height;
  if (height >= first + blocksWithoutPoint) process.exit(3);
  await sleep(50);
}
