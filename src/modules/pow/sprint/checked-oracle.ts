/**
 * The judge of disputes (spec/modules/pow.md, "Verification"). A nonce is computed twice, by the
 * fastest compiled backend and by the scalar one; the TypeScript twin decides when they differ, and
 * alone where nothing is compiled. The answer is the same on every machine, only its speed is not.
 */
import { equalBytes } from "../../../encoding/bytes.ts";
import type { NonceComputer, NonceTask } from "../../../native/compute-now.ts";
import { attestationTag, isHit } from "../../../sprint/digest.ts";
import { computeNonce, type NonceResult, prepareSprint, targetOf } from "../../../sprint/nonce.ts";
import { type Profile, profileNamed } from "../../../sprint/profiles.ts";
import { deriveKeys, deriveWeightsKey } from "../../../sprint/seeds.ts";
import type { Weights } from "../../../sprint/weights.ts";
import type { NonceAnswer, NonceQuestion, SprintOracle } from "../expected.ts";

/** Where the oracle says what went wrong with this machine. */
interface OracleLog {
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

export class CheckedOracle implements SprintOracle {
  /** Backends that have not been found out, fastest first. */
  #computers: readonly NonceComputer[];
  readonly #log: OracleLog;
  /** The twin's weights of the last beacon: all hosts of an epoch share them. */
  #last: { readonly key: Uint8Array; readonly weights: Weights } | undefined;

  /** computers: fastest first, the most trusted last; none leaves everything to the twin. */
  constructor(computers: readonly NonceComputer[], log: OracleLog) {
    this.#computers = computers;
    this.#log = log;
  }

  /** For machines without compiled code, and for tests. */
  static twinAlone(): CheckedOracle {
    return new CheckedOracle([], { error: () => {} });
  }

  recompute(question: NonceQuestion): NonceAnswer {
    const { c, hostKey, chainId, beacon1, beacon2 } = question;
    const profile = profileNamed(question.profile);
    if (!profile) throw new Error(`no Sprint profile ${question.profile}`);
    const task = { ...question, profile: profile.name };
    const { digest, output } = this.#agreed(task) ?? this.#byTwin(task, profile);
    const target = targetOf(deriveKeys({ chainId, profile, beacon1, beacon2, hostKey }).target);
    return {
      digest,
      isHit: isHit({ digest, output, target, c }),
      tagOf: (verifierKey) => attestationTag({ verifierKey, digest, output }),
    };
  }

  /** What two computations agree on; undefined when compiled code cannot compute it twice. */
  #agreed(task: NonceTask): NonceResult | undefined {
    const reference = this.#computers.at(-1);
    const second = reference && this.#attempt(reference, task);
    if (!reference || !second) return undefined;
    // The fastest that works; where there is no other, the reference a second time.
    for (const computer of this.#computers) {
      const first = this.#attempt(computer, task);
      if (!first) continue;
      if (isSame(first, second)) return second;
      return this.#decide(task, [
        { computer, result: first },
        { computer: reference, result: second },
      ]);
    }
    return undefined;
  }

  /** A backend that fails is passed over, this time: memory may be short only now. */
  #attempt(computer: NonceComputer, task: NonceTask): NonceResult | undefined {
    try {
      return computer.compute(task);
    } catch (error) {
      const { backend } = computer;
      this.#log.error("a backend cannot judge", { backend, error: String(error) });
      return undefined;
    }
  }

  /** Two results for one nonce: the twin decides, and who was wrong is not asked again. */
  #decide(
    task: NonceTask,
    results: readonly { readonly computer: NonceComputer; readonly result: NonceResult }[],
  ): NonceResult {
    const profile = profileNamed(task.profile);
    if (!profile) throw new Error(`no Sprint profile ${task.profile}`);
    const truth = this.#byTwin(task, profile);
    const wrong = results.filter(({ result }) => !isSame(result, truth));
    const backends = wrong.map(({ computer }) => computer.backend);
    this.#log.error("backends disagree about a nonce: this machine or its build is faulty", {
      wrong: backends.join(", "),
      nonce: String(task.nonce),
    });
    this.#computers = this.#computers.filter(({ backend }) => !backends.includes(backend));
    return truth;
  }

  #byTwin(task: NonceTask, profile: Profile): NonceResult {
    const { chainId, beacon1, beacon2, hostKey, nonce } = task;
    const key = deriveWeightsKey({ chainId, profile, beacon1 });
    const shared = this.#last && equalBytes(this.#last.key, key) ? this.#last.weights : undefined;
    const sprint = prepareSprint({ chainId, profile, beacon1, beacon2, hostKey }, shared);
    this.#last = { key, weights: sprint.weights };
    return computeNonce(sprint, nonce);
  }
}

function isSame(a: NonceResult, b: NonceResult): boolean {
  return equalBytes(a.digest, b.digest) && equalBytes(bytesOf(a.output), bytesOf(b.output));
}

function bytesOf({ buffer, byteOffset, byteLength }: Int8Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}
