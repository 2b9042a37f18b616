/** One child process of a localnet: started with its log in a file, stopped or killed. */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync } from "node:fs";
import path from "node:path";

export class LocalnetProcess {
  readonly name: string;
  readonly logFile: string;
  readonly #args: readonly string[];
  #child: ChildProcess | undefined;
  #exited: Promise<void> = Promise.resolve();
  #isWanted = false;
  readonly #onCrash: (name: string, how: string) => void;

  constructor(options: {
    readonly name: string;
    readonly logFile: string;
    /** Of node: the program and its arguments. */
    readonly args: readonly string[];
    /** Told when it ends without having been asked to. */
    readonly onCrash: (name: string, how: string) => void;
  }) {
    this.name = options.name;
    this.logFile = options.logFile;
    this.#args = options.args;
    this.#onCrash = options.onCrash;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  get isRunning(): boolean {
    return this.#child !== undefined;
  }

  start(): void {
    if (this.#child) return;
    mkdirSync(path.dirname(this.logFile), { recursive: true });
    const log = openSync(this.logFile, "a");
    const child = spawn(process.execPath, this.#args, {
      // The channel carries nothing: it breaks when this process ends, however it ends.
      stdio: ["ignore", log, log, "ipc"],
    });
    closeSync(log);
    this.#child = child;
    this.#isWanted = true;
    this.#exited = new Promise((resolve) => {
      const gone = (how: string): void => {
        if (this.#child !== child) return;
        this.#child = undefined;
        resolve();
        if (this.#isWanted) this.#onCrash(this.name, how);
      };
      child.once("error", (error) => gone(error.message)); // It could not even be started.
      child.once("exit", (code, signal) => gone(signal ?? `exit code ${code}`));
    });
  }

  /** Sends the signal; resolves when the process is gone. */
  async kill(signal: NodeJS.Signals): Promise<void> {
    this.#isWanted = false;
    this.#child?.kill(signal);
    await this.#exited;
  }

  /** Asks it to end, and insists after that many milliseconds. */
  async stop(graceMs: number): Promise<void> {
    const insist = setTimeout(() => this.#child?.kill("SIGKILL"), graceMs);
    await this.kill("SIGTERM");
    clearTimeout(insist);
  }
}
