/** Who verifies whom: spec/modules/pow.md, "Verifiers". Pure. */
import { sha256Parts } from "../../../crypto/hash.ts";
import { u32le, utf8 } from "../../../encoding/bytes.ts";

/** A host that may be drawn as a verifier. */
export interface Eligible {
  readonly operator: string;
  /** The odds of being drawn: its consensus power. Zero is never drawn. */
  readonly power: bigint;
}

/** A host whose opening is to be verified. */
export interface Subject {
  readonly operator: string;
  readonly hostKey: Uint8Array;
}

const domain = utf8("gonka verifier v1");

/**
 * The verifiers of a host, by slot: slot v draws among the eligible that are not the host and were
 * not drawn before, in proportion to their power. Fewer eligible hosts than slots leave the last
 * slots empty. `eligible` must be in key order, for the draw follows it.
 */
export function drawVerifiers(
  subject: Subject,
  {
    beacon3,
    eligible,
    slots,
  }: {
    readonly beacon3: Uint8Array;
    readonly eligible: readonly Eligible[];
    readonly slots: number;
  },
): string[] {
  let urn = eligible.filter(({ operator, power }) => operator !== subject.operator && power > 0n);
  const drawn: string[] = [];
  for (let slot = 0; slot < slots && urn.length > 0; slot++) {
    const total = urn.reduce((sum, { power }) => sum + power, 0n);
    const hash = sha256Parts(domain, beacon3, subject.hostKey, u32le(slot));
    const ball = new DataView(hash.buffer, hash.byteOffset).getBigUint64(0, true) % total;
    const operator = ballOwner(urn, ball);
    drawn.push(operator);
    urn = urn.filter((other) => other.operator !== operator);
  }
  return drawn;
}

/** Whose ball it is when each owns as many as it has power, one after the other. */
function ballOwner(urn: readonly Eligible[], ball: bigint): string {
  let end = 0n;
  for (const { operator, power } of urn) {
    end += power;
    if (ball < end) return operator;
  }
  throw new Error(`ball ${ball} is outside of the urn of ${end}`);
}
