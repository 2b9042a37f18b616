/**
 * A light client: follows a chain by headers and commits alone, from one block that its user trusts
 * (CometBFT light/client.go). It needs no state and no secrets, and one honest provider among all.
 */
import { equalBytes, toUpperHex } from "../encoding/bytes.ts";
import type { Time } from "../encoding/time.ts";
import { verifyCommitLight } from "../types/commit.ts";
import { hashHeader } from "../types/header.ts";
import type { LightBlock } from "../types/light/light-block.ts";
import { compare, detectDivergence } from "./detector.ts";
import { LightClientError, ProviderError } from "./errors.ts";
import type { Clock, Logger, Provider, TrustedStore } from "./expected.ts";
import { Providers } from "./providers.ts";
import { fetchBlock, verifySequentially, verifySkipping } from "./traces.ts";
import { type Assumptions, checkAssumptions, isExpired, refuseBackward } from "./verifier.ts";

/** Verified blocks kept; the oldest go first. */
const maxStored = 1000;

export interface LightClientParts {
  readonly assumptions: Assumptions;
  readonly primary: Provider;
  readonly witnesses: readonly Provider[];
  readonly store: TrustedStore;
  readonly clock: Clock;
  readonly log: Logger;
  /** Whether blocks may be skipped where a third of the trusted set has signed a later one. */
  readonly mode?: "skipping" | "sequential";
  /** The block to start from, learnt in another way than from the providers. */
  readonly trust?: { readonly height: bigint; readonly hash: Uint8Array };
}

export class LightClient {
  readonly #parts: LightClientParts;
  readonly #providers: Providers;
  #latest: LightBlock | undefined;

  private constructor(parts: LightClientParts) {
    this.#parts = parts;
    const { chainId } = parts.assumptions;
    this.#providers = new Providers({ ...parts, chainId });
  }

  /**
   * Opens the client on what its store holds, or on the trusted block. Throws LightClientError,
   * ProviderError.
   */
  static async start(parts: LightClientParts): Promise<LightClient> {
    const problem = checkAssumptions(parts.assumptions);
    if (problem !== undefined) throw new LightClientError("bad options", problem);
    const client = new LightClient(parts);
    const newest = (await parts.store.heights()).at(-1);
    if (newest !== undefined) client.#latest = await parts.store.get(newest);
    if (parts.trust) await client.#anchor(parts.trust);
    if (!client.#latest) {
      throw new LightClientError(
        "bad options",
        "nothing is stored: give a trusted height and hash",
      );
    }
    return client;
  }

  /** The highest block that is trusted. */
  get latest(): LightBlock {
    if (!this.#latest) throw new Error("a started client has a trusted block");
    return this.#latest;
  }

  /** The block of a height, verified. Throws LightClientError, ProviderError. */
  async verify(height: bigint): Promise<LightBlock> {
    const known = await this.#parts.store.get(height);
    return known ?? (await this.#verifyBlock(await this.#providers.fetch(height)));
  }

  /** The newest block of the primary, verified; undefined when it is known already. */
  async update(): Promise<LightBlock | undefined> {
    const block = await this.#providers.fetch("latest");
    if (block.header.height <= this.latest.header.height) return undefined;
    return await this.#verifyBlock(block);
  }

  /**
   * Whether all witnesses that have the block also have its validators' proposer priorities, which
   * no header hashes: whoever goes on to vote needs them. Throws LightClientError.
   */
  async confirmPriorities(block: LightBlock): Promise<void> {
    const { assumptions, clock } = this.#parts;
    const own = prioritiesOf(block);
    for (const witness of this.#providers.witnesses) {
      const answer = await compare(block, witness, { assumptions, clock });
      if (answer.kind !== "same" || prioritiesOf(answer.block) === own) continue;
      const what = `${witness.name} has other proposer priorities at height ${block.header.height}`;
      throw new LightClientError("no witness confirms", what);
    }
  }

  async #anchor(trust: { height: bigint; hash: Uint8Array }): Promise<void> {
    const { assumptions, clock, store } = this.#parts;
    const block = (await store.get(trust.height)) ?? (await this.#providers.fetch(trust.height));
    const { commit, header, validators } = block;
    const hash = hashHeader(header);
    if (!equalBytes(hash, trust.hash)) {
      throw new LightClientError(
        "wrong trusted hash",
        `block ${header.height} has hash ${toUpperHex(hash)}, not ${toUpperHex(trust.hash)}`,
      );
    }
    const { chainId } = assumptions;
    const bad = verifyCommitLight(chainId, validators, commit.blockId, header.height, commit);
    if (bad !== undefined) throw new LightClientError("invalid block", bad);
    for (const witness of this.#providers.witnesses) {
      const { kind } = await compare(block, witness, { assumptions, clock });
      if (kind !== "other") continue;
      const what = `${witness.name} has another block ${header.height} than the trusted one`;
      throw new LightClientError("no witness confirms", what);
    }
    await this.#trust(block);
  }

  async #verifyBlock(target: LightBlock): Promise<LightBlock> {
    const now = this.#parts.clock.now();
    const { height } = target.header;
    const heights = await this.#parts.store.heights();
    const below = await this.#stored(heights.filter((each) => each < height).at(-1));
    if (below && !isExpired(below.header, this.#parts.assumptions, now)) {
      await this.#forward(below, target, now);
    } else {
      const above = await this.#stored(heights.find((each) => each > height));
      if (!above) throw expired(below);
      await this.#backward(above, target);
    }
    await this.#trust(target);
    return target;
  }

  async #stored(height: bigint | undefined): Promise<LightBlock | undefined> {
    return height === undefined ? undefined : await this.#parts.store.get(height);
  }

  /** A primary that cannot prove the block makes way for the next one, if that has the same. */
  async #forward(trusted: LightBlock, target: LightBlock, now: Time): Promise<void> {
    const { assumptions, clock, log, mode } = this.#parts;
    const walk = mode === "sequential" ? verifySequentially : verifySkipping;
    let trace: readonly LightBlock[] | undefined;
    for (let tries = this.#providers.witnesses.length; !trace; tries--) {
      const source = this.#providers.primary;
      try {
        trace = await walk({ source, trusted, target, assumptions, now });
      } catch (error) {
        if (tries === 0 || !(await this.#hasOther(error, target))) throw error;
      }
    }
    const { primary, witnesses } = this.#providers;
    const detection = { assumptions, clock, log, primary, witnesses };
    this.#providers.drop(await detectDivergence(trace, detection, now));
  }

  /** Whether another provider has the same block and may prove it. It is the primary then. */
  async #hasOther(error: unknown, target: LightBlock): Promise<boolean> {
    const fault = faultOf(error);
    if (!fault || !this.#providers.replacePrimary(fault)) return false;
    const { chainId } = this.#parts.assumptions;
    const again = await fetchBlock(this.#providers.primary, target.header.height, chainId);
    return equalBytes(hashHeader(again.header), hashHeader(target.header));
  }

  /** Header by header along the hashes: needs no signatures, and works when all have expired. */
  async #backward(trusted: LightBlock, target: LightBlock): Promise<void> {
    let newer = trusted;
    while (newer.header.height > target.header.height) {
      const height = newer.header.height - 1n;
      const isLast = height === target.header.height;
      const older = isLast ? target : await this.#providers.fetch(height);
      const problem = refuseBackward(older.header, newer.header);
      if (problem !== undefined) {
        throw new LightClientError("invalid block", `block ${height}: ${problem}`);
      }
      newer = older;
    }
  }

  async #trust(block: LightBlock): Promise<void> {
    const { store } = this.#parts;
    await store.save(block);
    if (!this.#latest || block.header.height > this.#latest.header.height) this.#latest = block;
    const heights = await store.heights();
    for (const height of heights.slice(0, Math.max(0, heights.length - maxStored))) {
      await store.remove(height);
    }
  }
}

const prioritiesOf = ({ validators: { validators } }: LightBlock): string =>
  validators.map(({ priority }) => String(priority)).join();

/** What the primary did wrong; undefined when the error is none of its doing. */
function faultOf(error: unknown): ProviderError | undefined {
  if (error instanceof ProviderError) return error;
  const isInvalid = error instanceof LightClientError && error.failure === "invalid block";
  return isInvalid ? new ProviderError("bad block", error.message) : undefined;
}

function expired(below: LightBlock | undefined): LightClientError {
  const which = below ? `the trusted block ${below.header.height} has` : "all trusted blocks have";
  const why = `${which} expired: start again from a newer height and hash`;
  return new LightClientError("expired", why);
}
