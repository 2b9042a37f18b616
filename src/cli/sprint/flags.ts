/** Flags that several commands of the Sprint take, and how they are read. */
import { InvalidArgumentError, Option } from "commander";
import { parseHex } from "../../encoding/bytes.ts";
import { maxThreshold } from "../../sprint/digest.ts";
import { maxNonce } from "../../sprint/nonce.ts";
import { type Profile, profileNamed, profiles } from "../../sprint/profiles.ts";

/** --profile, read as a Profile. */
export function profileOption(): Option {
  return new Option("--profile <name>", "size of the Sprint: T, C, M or L").argParser(parseProfile);
}

/** --backend: a name that `gonkad sprint selftest` lists. */
export function backendOption(): Option {
  return new Option("--backend <name>", "backend; the fastest that works when absent");
}

/** --threads, 1 to 1024. */
export function threadsOption(): Option {
  return new Option(
    "--threads <n>",
    "threads of a CPU backend; all processors when absent",
  ).argParser(wholeParser(1, 1024));
}

/** --seconds, 1 to a day. */
export function secondsOption(about: string, fallback: number): Option {
  const option = new Option("--seconds <n>", about).default(fallback);
  return option.argParser(wholeParser(1, 86_400));
}

function parseProfile(text: string): Profile {
  const profile = profileNamed(text);
  if (profile) return profile;
  throw new InvalidArgumentError(`Not one of ${Object.keys(profiles).join(", ")}.`);
}

export function parseNonce(text: string): bigint {
  const nonce = /^[0-9]{1,20}$/.test(text) ? BigInt(text) : maxNonce + 1n;
  if (nonce > maxNonce) throw new InvalidArgumentError("Not a decimal number below 2^64.");
  return nonce;
}

export function parseThreshold(text: string): number {
  const c = /^[0-9]{1,7}$/.test(text) ? Number(text) : maxThreshold + 1;
  if (c > maxThreshold) throw new InvalidArgumentError("Not an integer from 0 to 1048576.");
  return c;
}

/** Reads bytes of that length. */
export function hexParser(length: number): (text: string) => Uint8Array {
  return (text) => {
    const bytes = parseHex(text);
    if (bytes?.length === length) return bytes;
    throw new InvalidArgumentError(`Not ${length} bytes of hex (${2 * length} digits).`);
  };
}

/** Reads a whole number in that range. */
export function wholeParser(least: number, most: number): (text: string) => number {
  return (text) => {
    const number = /^[0-9]{1,10}$/.test(text) ? Number(text) : most + 1;
    if (number >= least && number <= most) return number;
    throw new InvalidArgumentError(`Not a whole number from ${least} to ${most}.`);
  };
}
