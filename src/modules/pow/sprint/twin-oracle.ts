/** The judge of disputes for profiles that a state machine can afford: the TypeScript twin. */
import { equalBytes } from "../../../encoding/bytes.ts";
import { attestationTag, isHit } from "../../../sprint/digest.ts";
import { computeNonce, prepareSprint } from "../../../sprint/nonce.ts";
import { profileNamed } from "../../../sprint/profiles.ts";
import { deriveWeightsKey } from "../../../sprint/seeds.ts";
import type { Weights } from "../../../sprint/weights.ts";
import type { NonceAnswer, NonceQuestion, SprintOracle } from "../expected.ts";

/** Keeps the expanded weights of the last beacon: all hosts of an epoch share them. */
export class TwinOracle implements SprintOracle {
  #last: { readonly key: Uint8Array; readonly weights: Weights } | undefined;

  recompute(question: NonceQuestion): NonceAnswer {
    const { chainId, beacon1, beacon2, hostKey, nonce, c } = question;
    const profile = profileNamed(question.profile);
    if (!profile) throw new Error(`no Sprint profile ${question.profile}`);
    const key = deriveWeightsKey({ chainId, profile, beacon1 });
    const shared = this.#last && equalBytes(this.#last.key, key) ? this.#last.weights : undefined;
    const sprint = prepareSprint({ chainId, profile, beacon1, beacon2, hostKey }, shared);
    this.#last = { key, weights: sprint.weights };
    const { digest, output } = computeNonce(sprint, nonce);
    return {
      digest,
      isHit: isHit({ digest, output, target: sprint.target, c }),
      tagOf: (verifierKey) => attestationTag({ verifierKey, digest, output }),
    };
  }
}
