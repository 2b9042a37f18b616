/**
 * The compiled engine as it exports itself (native/src/binding). Every call takes one options
 * object; a job runs on threads of its own and never holds the event loop.
 */
import { loadCompiled } from "../crypto/compiled.ts";

/** A computation under way. progress() is [done, total]; a cancelled promise rejects. */
export interface AddonJob<T> {
  readonly promise: Promise<T>;
  cancel(): void;
  progress(): [bigint, bigint];
}

/** A network after beacon 1, held by the engine until it is collected. */
export interface AddonSession {
  readonly backend: string;
  readonly batch: number;
  readonly memoryBytes: number;
  /** Backends that failed their self-test, one line each. */
  readonly log: readonly string[];
}

/** What a nonce, a window and a tier are to the addon. */
interface AddonWindow {
  readonly session: AddonSession;
  readonly beacon2: Uint8Array;
  readonly hostKey: Uint8Array;
}

/** A weight challenge; hashes are 32 bytes, the host key 33. */
export interface AddonChallenge {
  readonly chainId: string;
  readonly profile: string;
  readonly beacon: Uint8Array;
  readonly hostKey: Uint8Array;
  readonly modelRoot: Uint8Array;
  readonly rows: bigint;
  readonly passes: number;
}

/** Model files in the registry's order; threads 0 means one for each processor. */
export interface AddonFiles {
  readonly files: readonly { readonly path: string; readonly lengthBytes: bigint }[];
  readonly threads: number;
}

/** An answer with its pass roots one after the other. */
export interface AddonAnswer {
  readonly passRoots: Uint8Array;
  readonly finalSeed: Uint8Array;
}

/** An opening with each proof's hashes one after the other. */
export interface AddonOpening {
  readonly rows: readonly Uint8Array[];
  readonly proof: Uint8Array;
  readonly passes: readonly {
    readonly groups: readonly Uint8Array[];
    readonly proof: Uint8Array;
  }[];
}

/** Which rows of which passes an opening shows. */
export interface AddonSamples {
  readonly samples: readonly { readonly pass: number; readonly row: bigint }[];
}

/** How a backend did in its self-test. */
interface AddonSelfTest {
  readonly backend: string;
  readonly failed: string;
  readonly tests: readonly { readonly name: string; readonly passed: boolean }[];
}

/** The addon's functions. Lists are packed bytes; the comments give an entry's layout. */
export interface Addon {
  /** Every backend, devices too, fastest first: asking a device takes its time. */
  backends(options: object): AddonJob<string[]>;
  /** Those of the processor alone, at once. */
  cpuBackends(options: object): string[];
  open(options: {
    readonly chainId: string;
    readonly profile: string;
    readonly beacon1: Uint8Array;
    readonly backend: string;
    readonly threads: number;
    readonly batch: number;
  }): AddonJob<AddonSession>;
  /** Frees what the session holds, after the jobs that were begun on it. */
  close(options: { readonly session: AddonSession }): AddonJob<true>;
  /** leaves: LE64(nonce) ‖ digest of each hit, by increasing nonce. */
  mine(
    options: AddonWindow & { readonly first: bigint; readonly count: bigint; readonly c: number },
  ): AddonJob<{ readonly leaves: Uint8Array; readonly root: Uint8Array }>;
  /** claims: host key ‖ LE64(nonce) ‖ digest ‖ LE32(c). verdicts: 0 valid, 1 digest, 2 no hit. */
  verify(options: {
    readonly session: AddonSession;
    readonly beacon2: Uint8Array;
    readonly claims: Uint8Array;
  }): AddonJob<{ readonly verdicts: Uint8Array; readonly backendFaults: number }>;
  /** items: host key ‖ LE64(nonce). The result: digest ‖ O of each. */
  compute(options: {
    readonly session: AddonSession;
    readonly beacon2: Uint8Array;
    readonly items: Uint8Array;
  }): AddonJob<Uint8Array>;
  trace(options: AddonWindow & { readonly nonce: bigint; readonly c: number }): AddonJob<{
    readonly trace: readonly Uint8Array[];
    readonly digest: Uint8Array;
    readonly hit: boolean;
    readonly dot: bigint;
    readonly v2: bigint;
    readonly t2: bigint;
  }>;
  /** One nonce, before the call returns: digest ‖ O. CPU backends only; keeps nothing. */
  recomputeNow(options: {
    readonly chainId: string;
    readonly profile: string;
    readonly beacon1: Uint8Array;
    readonly beacon2: Uint8Array;
    readonly hostKey: Uint8Array;
    readonly nonce: bigint;
    readonly backend: string;
    readonly threads: number;
  }): Uint8Array;
  /** failed: the name of the first test that fails, or "". */
  selfTest(options: { readonly profile: string }): AddonJob<readonly AddonSelfTest[]>;
  /** Operations that the backend's bare kernel does in a second of one core. */
  measurePeak(options: {
    readonly backend: string;
    readonly threads: number;
    readonly milliseconds: number;
  }): AddonJob<bigint>;
  modelRoot(options: AddonFiles): AddonJob<{
    readonly root: Uint8Array;
    readonly rows: bigint;
    readonly fileSha256: readonly Uint8Array[];
  }>;
  mwcAnswer(options: AddonFiles & AddonChallenge): AddonJob<AddonAnswer>;
  mwcOpen(
    options: AddonFiles & AddonChallenge & AddonAnswer & AddonSamples,
  ): AddonJob<AddonOpening>;
  /** "" when the opening holds, else what is wrong. */
  mwcVerify(
    options: AddonChallenge & AddonAnswer & AddonSamples & { readonly opening: AddonOpening },
  ): AddonJob<string>;
  /** Hashes of the store's nodes, written into cells before the call returns. */
  hashNodes?(batch: {
    readonly cells: Uint32Array;
    readonly leaves: Uint32Array;
    readonly records: Uint8Array;
    readonly inner: Uint32Array;
  }): void;
}

/** The addon, or why it is not here. */
export type LoadedAddon = { readonly addon: Addon } | { readonly missing: string };

let loaded: LoadedAddon | undefined;

/** Loads the addon that `npm run build:native` made; a process asks once. */
export function loadAddon(): LoadedAddon {
  loaded ??= load();
  return loaded;
}

function load(): LoadedAddon {
  const compiled = loadCompiled("gonka_sprint");
  return "missing" in compiled ? compiled : { addon: compiled.exports as Addon };
}
