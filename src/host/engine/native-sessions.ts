/**
 * The compiled backends of this machine, one after the other: the fastest that works computes, and
 * when it is lost the next one takes its place. A session belongs to one network and is kept until
 * another network is asked for.
 */
import { toHex } from "../../encoding/bytes.ts";
import { EngineError, type EngineOptions, type SprintEngine } from "../../native/engine.ts";
import { deriveWeightsKey } from "../../sprint/seeds.ts";
import type { Log, SprintNetwork } from "../expected.ts";

/** What weights depend on. */
export type WeightsOf = Omit<SprintNetwork, "beacon2">;

/** Where sessions come from: src/native, or a stand-in. */
export interface Backends {
  /** Fastest first, the reference last; the twin is not among them. */
  readonly names: readonly string[];
  open(options: EngineOptions): Promise<SprintEngine>;
}

/** Failures of a backend, not of what it was asked: another one may succeed. */
const losses: ReadonlySet<string> = new Set([
  "GPU_LOST",
  "NO_BACKEND",
  "UNKNOWN_BACKEND",
  "OUT_OF_MEMORY",
  "ENGINE_FAILURE",
]);

interface Session {
  readonly weights: string;
  readonly backend: string;
  readonly engine: Promise<SprintEngine>;
  /** Opened when it is first needed. */
  witness: Promise<SprintEngine> | undefined;
}

export class NativeSessions {
  readonly #backends: Backends;
  readonly #threads: number;
  readonly #log: Log;
  /** Backends not lost yet, in the order in which they are used. */
  #left: readonly string[];
  #session: Session | undefined;
  /** Nonces of a batch, as the last session said. */
  batch = 1;

  /** preferred, if any, is used before faster ones. */
  constructor(
    backends: Backends,
    { preferred, threads, log }: { preferred?: string | undefined; threads: number; log: Log },
  ) {
    this.#backends = backends;
    this.#threads = threads;
    this.#log = log;
    const { names } = backends;
    const first = preferred === undefined ? [] : names.filter((name) => name === preferred);
    this.#left = [...first, ...names.filter((name) => !first.includes(name))];
  }

  /** Whether any backend is left. */
  get isUsable(): boolean {
    return this.#left.length > 0;
  }

  /**
   * Runs a computation on the network's session, again on the next backend when one is lost.
   * Rejects with NO_BACKEND when none is left, and with every other refusal as it is.
   */
  use<T>(network: WeightsOf, run: (engine: SprintEngine) => Promise<T>): Promise<T> {
    return this.#run(network, ({ engine }) => engine, run);
  }

  /**
   * The same on weights expanded a second time by the same backend: a flipped bit is in one of the
   * two. Where both do not fit, the first ones are all there is.
   */
  useWitness<T>(network: WeightsOf, run: (engine: SprintEngine) => Promise<T>): Promise<T> {
    const witness = async (session: Session) => {
      const engine = await session.engine;
      session.witness ??= this.#openWitness(network, session, engine);
      return session.witness;
    };
    return this.#run(network, witness, run);
  }

  async #run<T>(
    network: WeightsOf,
    engineOf: (session: Session) => Promise<SprintEngine>,
    run: (engine: SprintEngine) => Promise<T>,
  ): Promise<T> {
    for (;;) {
      const session = this.#open(network);
      try {
        return await run(await engineOf(session));
      } catch (error) {
        if (!isLoss(error)) throw error;
        this.#lose(session, error);
      }
    }
  }

  async #openWitness(network: WeightsOf, { backend }: Session, engine: SprintEngine) {
    if (network.profile.name === "L") return engine; // 56 GB of weights.
    try {
      return await this.#backends.open(this.#options(network, backend));
    } catch (error) {
      if (!isLoss(error)) throw error;
      this.#log.warn("no second weights: hits are computed twice on the same", {
        error: String(error),
      });
      return engine;
    }
  }

  /** A session of the reference alone, on weights of its own. The caller closes it. */
  reference(network: WeightsOf): Promise<SprintEngine> {
    const last = this.#backends.names.at(-1);
    if (last === undefined) throw new EngineError("NO_BACKEND", "no compiled backend");
    return this.#backends.open(this.#options(network, last));
  }

  /** Gives up the kept weights: they are not to be trusted, or no longer needed. */
  async forget(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    await session?.witness?.then(close, () => {});
    await session?.engine.then(close, () => {});
  }

  #open(network: WeightsOf): Session {
    const weights = toHex(deriveWeightsKey(network));
    if (this.#session?.weights === weights) return this.#session;
    const backend = this.#left[0];
    if (backend === undefined) throw new EngineError("NO_BACKEND", "no compiled backend is left");
    const before = this.forget();
    // One after the other: two networks' weights may not fit at once.
    const engine = before.then(() => this.#backends.open(this.#options(network, backend)));
    this.#session = { weights, backend, engine, witness: undefined };
    engine.then(
      (opened) => this.#tell(opened),
      () => {},
    );
    return this.#session;
  }

  #options({ chainId, profile, beacon1 }: WeightsOf, backend: string): EngineOptions {
    return { chainId, profile: profile.name, beacon1, backend, threads: this.#threads };
  }

  #tell({ backend, batch, memoryBytes, log }: SprintEngine): void {
    this.batch = batch;
    this.#log.info("weights ready", { backend, batch, memoryBytes });
    for (const line of log) this.#log.warn("backend left aside", { line });
  }

  #lose(session: Session, error: EngineError): void {
    if (this.#session === session) void this.forget();
    if (this.#left[0] !== session.backend) return; // Another computation has said so already.
    this.#left = this.#left.slice(1);
    const next = this.#left[0] ?? "the TypeScript twin";
    const { code, message } = error;
    this.#log.error("backend lost", { backend: session.backend, code, message, next });
  }
}

function isLoss(error: unknown): error is EngineError {
  return error instanceof EngineError && losses.has(error.code);
}

async function close(engine: SprintEngine): Promise<void> {
  await engine.close().catch(() => {});
}
