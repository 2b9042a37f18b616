/** Peers that keep a connection and say nothing. Slow by nature: the limits are 8 and 10 s. */
import { fork } from "node:child_process";
import path from "node:path";
import { multiaddr } from "@multiformats/multiaddr";
import t from "tap";
import { controlProtocol, groupProtocol } from "../../../src/p2p/channels.ts";
import { encodeFrame } from "../../../src/p2p/frames.ts";
import { createHost } from "../../../src/p2p/host.ts";
import { nodeSeed, startNode, until } from "../../support/p2p-nodes.ts";

t.jobs = 2;

t.test("a peer whose process stands still is dropped, and returns when it wakes", async (t) => {
  const node = await startNode(0);
  t.teardown(() => node.network.stop());
  const child = fork(path.resolve("test/support/p2p-child.ts"), [node.address], {
    execArgv: ["--import", "tsx"],
  });
  t.teardown(() => child.kill("SIGKILL"));
  await until("child connects", () => node.recorder.peers.size === 1, 30_000);
  child.kill("SIGSTOP");
  await until("silence noticed", () => node.recorder.peers.size === 0, 30_000);
  child.kill("SIGCONT");
  await until("child is back", () => node.recorder.peers.size === 1, 30_000);
});

t.test("a connection that never says Hello ends by itself", async (t) => {
  const victim = await startNode(0);
  t.teardown(() => victim.network.stop());
  const host = await createHost({ seed: nodeSeed(31), listen: [], refuses: () => false });
  await host.start();
  t.teardown(async () => host.stop());
  await host.handle(controlProtocol, () => {});
  const connection = await host.dial(multiaddr(`/ip4/127.0.0.1/tcp/${victim.port}`));
  const waiting = await connection.newStream(groupProtocol("blocks"));
  waiting.send(encodeFrame(Uint8Array.of(0x40, 1)));
  await until("closed", () => connection.status !== "open", 30_000);
  t.same(victim.recorder.messages, [], "nothing is read before Hello");
});
