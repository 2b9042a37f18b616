/** The Sprint by the compiled addon. */
import { concat, u32le, u64le, utf8 } from "../encoding/bytes.ts";
import { profiles } from "../sprint/profiles.ts";
import type { Addon, AddonSession } from "./addon.ts";
import {
  type Claim,
  type ComputedNonce,
  EngineError,
  type EngineHit,
  type EngineOptions,
  type HostNonce,
  type JobOptions,
  type MineRequest,
  type MineResult,
  requireClaim,
  requireHostNonce,
  requireLength,
  requireNonce,
  requireRange,
  requireWindow,
  type SprintEngine,
  type TracedNonce,
  type Verdict,
  type VerifyResult,
} from "./engine.ts";
import { runJob } from "./run-job.ts";

const verdictNames: readonly Verdict[] = ["valid", "digest-differs", "not-a-hit"];
const [leafBytes, digestBytes, outputWidth] = [40, 32, 256];
const chainIdMaxBytes = 255;
/** Entries decoded or encoded between two turns of the event loop: well below a millisecond. */
const entriesPerTurn = 100;
const [claimBytes, itemBytes] = [77, 41];

/** Opens an engine; rejects with UNKNOWN_BACKEND or NO_BACKEND when the machine has none. */
export async function openAddonEngine(
  addon: Addon,
  options: EngineOptions & JobOptions,
): Promise<SprintEngine> {
  const { chainId, profile, beacon1, backend = "auto", threads = 0, batch = 0 } = options;
  requireLength("beacon 1", beacon1, digestBytes);
  if (utf8(chainId).length > chainIdMaxBytes) {
    throw new EngineError("BAD_ARGUMENT", `a chain id of more than ${chainIdMaxBytes} bytes`);
  }
  const open = () => addon.open({ chainId, profile, beacon1, backend, threads, batch });
  const session = await runJob(open, options);
  return new AddonEngine(addon, session, profiles[profile].tokens * outputWidth);
}

class AddonEngine implements SprintEngine {
  readonly implementation = "native";
  readonly #addon: Addon;
  readonly #session: AddonSession;
  readonly #outputBytes: number;

  constructor(addon: Addon, session: AddonSession, outputBytes: number) {
    this.#addon = addon;
    this.#session = session;
    this.#outputBytes = outputBytes;
  }

  get backend(): string {
    return this.#session.backend;
  }
  get batch(): number {
    return this.#session.batch;
  }
  get memoryBytes(): number {
    return this.#session.memoryBytes;
  }
  get log(): readonly string[] {
    return this.#session.log;
  }

  async mine(request: MineRequest, options?: JobOptions): Promise<MineResult> {
    requireWindow(request);
    requireRange(request.first, request.count);
    const session = this.#session;
    const { leaves, root } = await runJob(() => this.#addon.mine({ session, ...request }), options);
    return { hits: await inTurns(leaves.length / leafBytes, (at) => hitAt(leaves, at)), root };
  }

  async verify(
    { beacon2, claims }: { readonly beacon2: Uint8Array; readonly claims: readonly Claim[] },
    options?: JobOptions,
  ): Promise<VerifyResult> {
    requireLength("beacon 2", beacon2, digestBytes);
    const packed = await packInTurns(claims, claimBytes, packClaim);
    const session = this.#session;
    const { verdicts, backendFaults } = await runJob(
      () => this.#addon.verify({ session, beacon2, claims: packed }),
      options,
    );
    return { verdicts: Array.from(verdicts, (code) => verdictNames[code]!), backendFaults };
  }

  async compute(
    { beacon2, items }: { readonly beacon2: Uint8Array; readonly items: readonly HostNonce[] },
    options?: JobOptions,
  ): Promise<readonly ComputedNonce[]> {
    requireLength("beacon 2", beacon2, digestBytes);
    const packed = await packInTurns(items, itemBytes, packItem);
    const session = this.#session;
    const start = () => this.#addon.compute({ session, beacon2, items: packed });
    const bytes = await runJob(start, options);
    const size = digestBytes + this.#outputBytes;
    return inTurns(items.length, (at) => ({
      digest: bytes.slice(at * size, at * size + digestBytes),
      output: new Int8Array(bytes.slice(at * size + digestBytes, (at + 1) * size).buffer),
    }));
  }

  async trace(
    request: Omit<MineRequest, "first" | "count"> & { readonly nonce: bigint },
    options?: JobOptions,
  ): Promise<TracedNonce> {
    requireWindow(request);
    requireNonce(request.nonce);
    const session = this.#session;
    return runJob(() => this.#addon.trace({ session, ...request }), options);
  }

  async close(): Promise<void> {
    await runJob(() => this.#addon.close({ session: this.#session }));
  }
}

function hitAt(leaves: Uint8Array, at: number): EngineHit {
  const start = at * leafBytes;
  const nonce = new DataView(leaves.buffer, leaves.byteOffset + start).getBigUint64(0, true);
  return { nonce, digest: leaves.slice(start + 8, start + leafBytes) };
}

function packClaim(claim: Claim): Uint8Array {
  requireClaim(claim);
  return concat(claim.hostKey, u64le(claim.nonce), claim.digest, u32le(claim.c));
}

function packItem(item: HostNonce): Uint8Array {
  requireHostNonce(item);
  return concat(item.hostKey, u64le(item.nonce));
}

/** Entries of one length behind each other, refused or packed in pieces as inTurns builds. */
async function packInTurns<T>(
  list: readonly T[],
  entryBytes: number,
  pack: (entry: T) => Uint8Array,
): Promise<Uint8Array> {
  const packed = new Uint8Array(list.length * entryBytes);
  await inTurns(list.length, (at) => packed.set(pack(list[at]!), at * entryBytes));
  return packed;
}

/** Builds a list in pieces, so that a long one never holds the event loop. */
async function inTurns<T>(count: number, build: (at: number) => T): Promise<T[]> {
  const list: T[] = [];
  for (let at = 0; at < count; at++) {
    if (at > 0 && at % entriesPerTurn === 0) await new Promise((turn) => setImmediate(turn));
    list.push(build(at));
  }
  return list;
}
