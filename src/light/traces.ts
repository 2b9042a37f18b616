/** Ways from a trusted block to a later one: in large steps where trust reaches, else in halves. */
import type { Time } from "../encoding/time.ts";
import { type LightBlock, validateLightBlock } from "../types/light/light-block.ts";
import { LightClientError, ProviderError } from "./errors.ts";
import type { Provider } from "./expected.ts";
import { type Assumptions, isExpired, verifyForward } from "./verifier.ts";

/** From where to where, on whose word, when. */
export interface Journey {
  readonly source: Provider;
  readonly trusted: LightBlock;
  readonly target: LightBlock;
  readonly assumptions: Assumptions;
  readonly now: Time;
}

/** A block of a provider whose parts belong together. Throws ProviderError. */
export async function fetchBlock(
  source: Provider,
  height: bigint | "latest",
  chainId: string,
): Promise<LightBlock> {
  const block = await source.lightBlock(height);
  const problem =
    height !== "latest" && block.header.height !== height
      ? `block ${block.header.height} instead of ${height}`
      : validateLightBlock(chainId, block);
  if (problem !== undefined) throw new ProviderError("bad block", `${source.name}: ${problem}`);
  return block;
}

/**
 * Verifies the target with as few blocks as trust allows (skipping verification). Returns all that
 * were verified on the way, from the trusted block to the target. A source that lies about its sets
 * can make this as long as the way block by block, no longer. Throws LightClientError,
 * ProviderError.
 */
export async function verifySkipping(journey: Journey): Promise<readonly LightBlock[]> {
  const { source, trusted, target, assumptions, now } = journey;
  const trace = [trusted];
  const ahead = [target];
  for (let from = trusted, to = ahead.at(-1); to; to = ahead.at(-1)) {
    const verdict = verifyForward(from, to, assumptions, now);
    if (verdict === "verified") {
      trace.push(to);
      ahead.pop();
      from = to;
    } else if (verdict === "untrusted") {
      // Adjacent blocks are never "untrusted", so this lies strictly between the two.
      const middle = (from.header.height + to.header.height) / 2n;
      ahead.push(await fetchBlock(source, middle, assumptions.chainId));
    } else {
      throw refusal(from, to, verdict.refused, journey);
    }
  }
  return trace;
}

/** Verifies every block up to the target. Returns all of them. Throws as verifySkipping. */
export async function verifySequentially(journey: Journey): Promise<readonly LightBlock[]> {
  const { source, trusted, target, assumptions, now } = journey;
  const trace = [trusted];
  let from = trusted;
  while (from.header.height < target.header.height) {
    const height = from.header.height + 1n;
    const isLast = height === target.header.height;
    const to = isLast ? target : await fetchBlock(source, height, assumptions.chainId);
    const verdict = verifyForward(from, to, assumptions, now);
    if (verdict !== "verified") {
      const why = verdict === "untrusted" ? "it is not signed by its set" : verdict.refused;
      throw refusal(from, to, why, journey);
    }
    trace.push(to);
    from = to;
  }
  return trace;
}

function refusal(
  from: LightBlock,
  to: LightBlock,
  why: string,
  { assumptions, now, source }: Journey,
): LightClientError {
  const failure = isExpired(from.header, assumptions, now) ? "expired" : "invalid block";
  return new LightClientError(failure, `block ${to.header.height} of ${source.name}: ${why}`);
}
