/**
 * What the validator signed last, and the rule that keeps it from signing two different things at
 * one height, round and step. priv_validator_state.json, as CometBFT writes it (privval/file.go).
 */
import { parseBase64, parseHex, toBase64, toUpperHex } from "../encoding/bytes.ts";
import { PrivvalFileError, parseJson } from "./key-file.ts";

/** Order of the steps within a round; none before anything was signed. */
export const signSteps = { none: 0, propose: 1, prevote: 2, precommit: 3 } as const;

/** A point in consensus; points are ordered by height, then round, then step. */
export interface SignPoint {
  readonly height: bigint;
  readonly round: number;
  readonly step: number;
}

/** The last thing signed; no signature before the first. */
export interface SignState extends SignPoint {
  readonly signed: { readonly signature: Uint8Array; readonly signBytes: Uint8Array } | undefined;
}

/** The state of a key that never signed. */
export const neverSigned: SignState = {
  height: 0n,
  round: 0,
  step: signSteps.none,
  signed: undefined,
};

/**
 * Whether this point may be signed after that state: "fresh" when it lies ahead, "same" when it is
 * the very point signed last, else why not.
 */
export function checkPoint(
  state: SignState,
  point: SignPoint,
): "fresh" | "same" | { refused: string } {
  const order = comparePoints(point, state);
  if (order > 0) return "fresh";
  if (order === 0 && state.signed) return "same";
  if (order === 0) return { refused: `${show(point)} was signed, but its bytes are not known` };
  return { refused: `${show(point)} is before ${show(state)}, which is signed` };
}

const show = ({ height, round, step }: SignPoint): string => `${height}/${round}/${step}`;

function comparePoints(a: SignPoint, b: SignPoint): number {
  if (a.height !== b.height) return a.height < b.height ? -1 : 1;
  return a.round - b.round || a.step - b.step;
}

/** The file of a state. */
export function formatStateFile({ height, round, step, signed }: SignState): string {
  const bytes = signed && {
    signature: toBase64(signed.signature),
    signbytes: toUpperHex(signed.signBytes),
  };
  return JSON.stringify({ height: String(height), round, step, ...bytes }, undefined, 2);
}

/** Reads the file. Throws PrivvalFileError: signing without knowing the past is not safe. */
export function parseStateFile(text: string): SignState {
  const file = parseJson(text, "state file");
  const { height, round, step, signature, signbytes } = file;
  if (typeof height !== "string" || !/^\d{1,19}$/.test(height)) {
    throw new PrivvalFileError("state file: height must be a decimal string");
  }
  const point = { round: natural("round", round), step: natural("step", step) };
  if (point.step > signSteps.precommit) {
    throw new PrivvalFileError(`state file: step must be at most ${signSteps.precommit}`);
  }
  if (signature === undefined && signbytes === undefined) {
    return { height: BigInt(height), ...point, signed: undefined };
  }
  const signatureBytes = typeof signature === "string" ? parseBase64(signature) : undefined;
  const signBytes = typeof signbytes === "string" ? parseHex(signbytes) : undefined;
  if (!signatureBytes || !signBytes) {
    throw new PrivvalFileError(
      "state file: signature must be base64 and signbytes hex, or neither",
    );
  }
  return { height: BigInt(height), ...point, signed: { signature: signatureBytes, signBytes } };
}

function natural(name: string, value: unknown): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= 0) return value;
  throw new PrivvalFileError(`state file: ${name} must be a whole number from 0 on`);
}
