/** The chains that CosmJS's specs expect, at the ports that they have in them. */
import { mkdtempSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { profileFiles } from "../../src/localnet/definition.ts";
import { Localnet } from "../../src/localnet/localnet.ts";

const echoPort = 5555;
const firstBlockPolls = 300;
const pollMs = 200;

/** Starts a profile and waits for its second block; end it with stop. */
export async function startProfile(profile: string): Promise<{ stop(): Promise<void> }> {
  const home = mkdtempSync(path.join(tmpdir(), `gonka-${profile}-`));
  const localnet = await Localnet.prepare({
    home,
    file: profileFiles.get(profile),
    isReset: false,
    onCrash: (name, how) => process.stderr.write(`${profile} ${name} ended: ${how}\n`),
  });
  const stop = async (): Promise<void> => {
    await localnet.stop();
    rmSync(home, { recursive: true, force: true });
  };
  const rpc = localnet.plan.nodes[0]?.rpcPort ?? 0;
  if (localnet.plan.portOffset !== 0) {
    await stop();
    throw new Error(`${profile}: its ports are taken, and CosmJS's specs know no others`);
  }
  localnet.start();
  for (let poll = 0; (await heightOf(rpc)) < 2; poll++) {
    if (poll === firstBlockPolls) {
      await stop();
      throw new Error(`${profile} made no block`);
    }
    await sleep(pollMs);
  }
  return { stop };
}

async function heightOf(port: number): Promise<number> {
  try {
    const response = await fetch(`http://127.0.0.1:${port}/status`);
    const { result } = (await response.json()) as {
      readonly result: { readonly sync_info: { readonly latest_block_height: string } };
    };
    return Number(result.sync_info.latest_block_height);
  } catch {
    return 0;
  }
}

/** The server of CosmJS's scripts/httpserver: tells which headers it got. */
export function startEcho(): Promise<Server> {
  const server = createServer((request, response) => {
    const names = request.rawHeaders.filter((_, index) => index % 2 === 0);
    const values = request.rawHeaders.filter((_, index) => index % 2 === 1);
    const headers = Object.fromEntries(names.map((name, index) => [name, values[index]]));
    response.writeHead(request.url === "/echo_headers" ? 200 : 404, {
      "content-type": "application/json",
      "access-control-allow-origin": "*",
    });
    response.end(JSON.stringify({ request_headers: headers }));
  });
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(echoPort, "127.0.0.1", () => resolve(server));
  });
}
