/**
 * The second line of defence: what the primary shows is compared with what witnesses have. Two
 * verified blocks of one height convict whoever signed both (CometBFT light/detector.go).
 */
import type { LightClientAttackEvidence } from "cosmjs-types/tendermint/types/evidence";
import { equalBytes } from "../encoding/bytes.ts";
import { compareTime, type Time } from "../encoding/time.ts";
import { hashHeader } from "../types/header.ts";
import { lightClientAttackEvidence } from "../types/light/light-attack.ts";
import type { LightBlock } from "../types/light/light-block.ts";
import { LightClientError, ProviderError } from "./errors.ts";
import type { Clock, Logger, Provider } from "./expected.ts";
import { fetchBlock, verifySkipping } from "./traces.ts";
import type { Assumptions } from "./verifier.ts";

/** How long a block may be under way between correct nodes. */
const maxBlockLagNanos = 10_000_000_000n;

export interface Detection {
  readonly assumptions: Assumptions;
  readonly clock: Clock;
  readonly log: Logger;
  readonly primary: Provider;
  readonly witnesses: readonly Provider[];
}

/** What a witness says of a block: the same, nothing useful, another block, or nonsense. */
type Answer =
  | { readonly kind: "silent" | "bad"; readonly witness: Provider }
  | { readonly kind: "same" | "other"; readonly witness: Provider; readonly block: LightBlock };

/**
 * Compares the end of a verified trace of the primary with all witnesses. Returns those that gave a
 * wrong answer. Throws LightClientError: "attack" with evidence, sent to whom it concerns, or "no
 * witness confirms".
 */
export async function detectDivergence(
  trace: readonly LightBlock[],
  detection: Detection,
  now: Time,
): Promise<readonly Provider[]> {
  const last = trace.at(-1);
  if (!last) throw new Error("a trace has at least the trusted block");
  const { log, witnesses } = detection;
  const answers = await Promise.all(witnesses.map((each) => compare(last, each, detection)));
  const bad: Provider[] = [];
  for (const answer of answers) {
    const { kind, witness } = answer;
    if (answer.kind === "other") await examine(trace, answer, detection, now);
    // Whoever shows another block and cannot prove it has lied, too.
    if (kind === "other" || kind === "bad") bad.push(witness);
    if (kind !== "same") log.warn("witness does not confirm", { witness: witness.name, kind });
  }
  if (!answers.some(({ kind }) => kind === "same")) {
    throw new LightClientError(
      "no witness confirms",
      `block ${last.header.height}: none of ${witnesses.length} witnesses has it`,
    );
  }
  return bad;
}

/** What a witness says of a block. Total. */
export async function compare(
  block: LightBlock,
  witness: Provider,
  detection: Pick<Detection, "assumptions" | "clock">,
): Promise<Answer> {
  try {
    const other = await sameHeightOrLater(block, witness, detection);
    if (!other) return { kind: "silent", witness };
    const isSame = equalBytes(hashHeader(other.header), hashHeader(block.header));
    return { kind: isSame ? "same" : "other", witness, block: other };
  } catch (error) {
    if (!(error instanceof ProviderError)) throw error;
    return { kind: error.fault === "bad block" ? "bad" : "silent", witness };
  }
}

/**
 * The witness's block of the same height. One that is lower, but not earlier, conflicts as well: a
 * primary may invent heights to come. A witness that is merely behind gets time to catch up.
 */
async function sameHeightOrLater(
  block: LightBlock,
  witness: Provider,
  { assumptions, clock }: Pick<Detection, "assumptions" | "clock">,
): Promise<LightBlock | undefined> {
  const { height, time } = block.header;
  const { chainId, maxClockDriftNanos } = assumptions;
  for (const isPatient of [true, false]) {
    try {
      return await fetchBlock(witness, height, chainId);
    } catch (error) {
      if (!(error instanceof ProviderError) || error.fault !== "too high") throw error;
    }
    const newest = await fetchBlock(witness, "latest", chainId);
    if (newest.header.height < height && compareTime(newest.header.time, time) >= 0) return newest;
    if (isPatient) await clock.sleep(2n * maxClockDriftNanos + maxBlockLagNanos);
  }
  return undefined;
}

/** Throws the attack when the witness can prove its block; returns when it cannot. */
async function examine(
  trace: readonly LightBlock[],
  { witness, block }: { readonly witness: Provider; readonly block: LightBlock },
  detection: Detection,
  now: Time,
): Promise<void> {
  const { log, primary } = detection;
  const byWitness = await findFork(trace, block, witness, detection, now);
  if (!byWitness) return;
  const evidence = [evidenceOf(byWitness)];
  await report(evidence[0], witness, log);
  // The witness may be the liar: the primary gets the chance to show that.
  const byPrimary = await findFork(byWitness.trace, byWitness.diverging, primary, detection, now);
  if (byPrimary) {
    evidence.push(evidenceOf(byPrimary));
    await report(evidence[1], primary, log);
  }
  throw new LightClientError(
    "attack",
    `${primary.name} and ${witness.name} prove different blocks of height ${block.header.height}`,
    evidence,
  );
}

/** A verified way of the source to another block than the trace's. */
interface Fork {
  /** From the last common block to the source's. */
  readonly trace: readonly LightBlock[];
  /** The block of the examined trace that the source contradicts. */
  readonly diverging: LightBlock;
}

function evidenceOf({ trace, diverging }: Fork): LightClientAttackEvidence {
  const [common, trusted] = [trace[0], trace.at(-1)];
  if (!common || !trusted) throw new Error("a fork has a common block and a trusted one");
  return lightClientAttackEvidence({ conflicting: diverging, trusted, common });
}

/**
 * Walks the trace with the source's blocks of the same heights up to the first that differs and
 * that the source can prove. Undefined when it cannot.
 */
async function findFork(
  trace: readonly LightBlock[],
  target: LightBlock,
  source: Provider,
  { assumptions, log }: Detection,
  now: Time,
): Promise<Fork | undefined> {
  const verify = (trusted: LightBlock, to: LightBlock) =>
    verifySkipping({ source, trusted, target: to, assumptions, now });
  try {
    let common: LightBlock | undefined;
    for (const block of trace) {
      const { height } = block.header;
      // Heights beyond the source's newest block can only have been invented.
      const isShared = height < target.header.height;
      const own = isShared ? await fetchBlock(source, height, assumptions.chainId) : target;
      if (equalBytes(hashHeader(own.header), hashHeader(block.header))) {
        common = own;
        continue;
      }
      if (!common) return undefined;
      const isReached = common.header.height === own.header.height;
      return { trace: isReached ? [common] : await verify(common, own), diverging: block };
    }
  } catch (error) {
    if (!(error instanceof ProviderError || error instanceof LightClientError)) throw error;
    log.warn("another block, unproven", { source: source.name, why: error.message });
  }
  return undefined;
}

/** Best effort: whoever gets it may be the attacker. */
async function report(
  evidence: LightClientAttackEvidence | undefined,
  to: Provider,
  log: Logger,
): Promise<void> {
  if (!evidence) return;
  try {
    await to.reportAttack(evidence);
  } catch (error) {
    log.warn("evidence was not taken", { by: to.name, why: String(error) });
  }
}
