/** The TypeScript twin in a thread of its own, so that the agent stays prompt while it computes. */
import { Worker } from "node:worker_threads";
import type {
  Mining,
  MiningJob,
  MiningListener,
  Recomputed,
  RecomputeJob,
  SprintEngine,
} from "../expected.ts";
import type { ThreadReply, ThreadRequest } from "./sprint-thread.ts";

interface Job {
  onReply(reply: ThreadReply): void;
  onError(error: Error): void;
}

/** Starts its thread with the first job, and again when it has died. */
export class ThreadEngine implements SprintEngine {
  readonly batch = 1;
  readonly #jobs = new Map<number, Job>();
  readonly #threadFile: URL;
  #worker: Worker | undefined;
  #lastId = 0;

  /** threadFile is the compiled sprint-thread. */
  constructor(threadFile: URL) {
    this.#threadFile = threadFile;
  }

  /** Weights are expanded as a nonce needs them. */
  prepare(): void {}

  mine(job: MiningJob, listener: MiningListener): Mining {
    const id = ++this.#lastId;
    const ended = new Promise<void>((resolve) => {
      this.#jobs.set(id, {
        onReply: (reply) => {
          if (reply.kind === "batch") return listener.onBatch(reply.batch);
          this.#jobs.delete(id);
          resolve();
        },
        onError: (error) => {
          this.#jobs.delete(id);
          resolve();
          listener.onError(error);
        },
      });
    });
    this.#post({ kind: "mine", id, job });
    const stop = () => {
      if (this.#jobs.has(id)) this.#post({ kind: "stop", id });
      return ended;
    };
    return { stop };
  }

  recompute(job: RecomputeJob): Promise<readonly Recomputed[]> {
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#jobs.set(id, {
        onReply: (reply) => {
          this.#jobs.delete(id);
          if (reply.kind === "recomputed") resolve(reply.answers);
        },
        onError: (error) => {
          this.#jobs.delete(id);
          reject(error);
        },
      });
      this.#post({ kind: "recompute", id, job });
    });
  }

  async close(): Promise<void> {
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
    this.#failAll(new Error("the engine is closed"));
  }

  #post(request: ThreadRequest): void {
    this.#worker ??= this.#start();
    this.#worker.postMessage(request);
  }

  #start(): Worker {
    const worker = new Worker(this.#threadFile);
    worker.on("message", (reply: ThreadReply) => {
      const job = this.#jobs.get(reply.id);
      if (reply.kind === "failed") job?.onError(new Error(reply.error));
      else job?.onReply(reply);
    });
    worker.on("error", (error) => this.#died(worker, error));
    worker.on("exit", () => this.#died(worker, new Error("the Sprint thread ended")));
    return worker;
  }

  #died(worker: Worker, error: Error): void {
    if (this.#worker !== worker) return;
    this.#worker = undefined;
    this.#failAll(error);
  }

  #failAll(error: Error): void {
    for (const job of [...this.#jobs.values()]) job.onError(error);
  }
}
