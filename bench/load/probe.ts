/** A client beside the load: asks a node twenty times a second and keeps how long answers took. */
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { HttpLine } from "./http-line.ts";

const intervalMs = 50;

/** Milliseconds of every answer, by call. */
export type Latencies = Readonly<Record<string, readonly number[]>>;

interface ProbeData {
  readonly port: number;
  readonly address: string;
}

/** Starts a process that asks; the returned function ends it and gives what it measured. */
export function startProbe({ port, address }: ProbeData): () => Promise<Latencies> {
  const child = fork(fileURLToPath(import.meta.url), [String(port), address]);
  const failed = new Promise<never>((_, reject) => child.once("error", reject));
  return async () => {
    const answer = new Promise<Latencies>((resolve) => child.once("message", resolve));
    child.send("end");
    const latencies = await Promise.race([answer, failed]);
    child.disconnect();
    return latencies;
  };
}

function probe({ port, address }: ProbeData): void {
  const line = new HttpLine(port);
  const path = "/cosmos.bank.v1beta1.Query/Balance";
  const text = `0a${length(address)}${Buffer.from(address).toString("hex")}1206${denom}`;
  const calls: readonly (readonly [string, Readonly<Record<string, unknown>>])[] = [
    ["status", {}],
    ["abci_query", { path, data: text, height: "0", prove: false }],
    ["block", {}],
  ];
  const latencies: Record<string, number[]> = {};
  let [turn, isAsking, isEnded] = [0, false, false];
  const timer = setInterval(() => {
    if (isAsking) return; // The answer before took longer than the interval, and counts as such.
    const [name, params] = calls[turn++ % calls.length]!;
    isAsking = true;
    const began = performance.now();
    const done = (): void => {
      isAsking = false;
      latencies[name] ??= [];
      latencies[name].push(performance.now() - began);
    };
    line.call(name, params).then(done, (error: unknown) => {
      if (isEnded) return;
      isAsking = false;
      latencies.failed ??= [];
      latencies.failed.push(performance.now() - began);
      if (latencies.failed.length === 1) process.stderr.write(`probe: ${String(error)}\n`);
    });
  }, intervalMs);
  process.once("disconnect", () => process.exit()); // Whoever asked for it is gone.
  process.once("message", () => {
    isEnded = true;
    clearInterval(timer);
    process.send?.(latencies);
    line.close();
  });
}

const denom = Buffer.from("ngonka").toString("hex");
const length = (text: string): string => text.length.toString(16).padStart(2, "0");

const [own, port, address] = process.argv.slice(1);
if (own === fileURLToPath(import.meta.url) && port && address) {
  probe({ port: Number(port), address });
}
