/** What a rehearsal rehearses: profile, tiers and length of the window, of a network or as told. */
import { parseBase64 } from "../../encoding/bytes.ts";
import { QueryParamsResponse } from "../../gen/gonka/pow/v1/query.ts";
import { maxThreshold } from "../../sprint/digest.ts";
import { type Profile, profileNamed } from "../../sprint/profiles.ts";
import { CliError } from "../errors.ts";
import { rpcGet } from "../query/rpc-get.ts";

/** A hit of tier k weighs 2^k; c bounds the hit rule. */
export interface Tier {
  readonly k: number;
  readonly c: number;
}

export interface SprintWindow {
  readonly profile: Profile;
  readonly tiers: readonly Tier[];
  readonly windowSeconds: number;
}

/** The tiers of both genesis files. */
export const publishedTiers: readonly Tier[] = [
  { k: 2, c: 44_314 },
  { k: 3, c: 75_513 },
  { k: 4, c: 100_603 },
  { k: 5, c: 122_019 },
  { k: 6, c: 140_929 },
  { k: 8, c: 173_634 },
  { k: 10, c: 201_676 },
];

/** Blocks over which the time between two is measured, at most. */
const measuredBlocks = 100;

/** The active parameters of a node's chain; the window's length by the pace of its last blocks. */
export async function windowOfNode(node: string): Promise<SprintWindow> {
  const { response } = (await rpcGet(node, `abci_query?path=${paramsPath}`)) as QueryAnswer;
  const { code = 0, value, log } = response;
  const { params } = QueryParamsResponse.decode(parseBase64(value ?? "") ?? new Uint8Array());
  const profile = params && profileNamed(params.profile);
  if (code !== 0 || !params || !profile) {
    throw new CliError("mismatch", "no_sprint", {
      cause: `${node} knows no parameters of the Sprint${log ? `: ${log}` : ""}`,
      fix: "name a node of a gonka chain, or leave --node out and give flags",
    });
  }
  const windowSeconds = Number(params.generateBlocks) * (await secondsPerBlock(node));
  return { profile, tiers: params.tiers, windowSeconds };
}

const paramsPath = encodeURIComponent('"/gonka.pow.v1.Query/Params"');

/** As CometBFT answers; numbers are strings. */
interface QueryAnswer {
  readonly response: { readonly code?: number; readonly value?: string; readonly log?: string };
}
interface StatusAnswer {
  readonly sync_info: {
    readonly latest_block_height: string;
    readonly earliest_block_height: string;
  };
}
interface BlockAnswer {
  readonly block: { readonly header: { readonly time: string } };
}

async function secondsPerBlock(node: string): Promise<number> {
  const { sync_info: known } = (await rpcGet(node, "status")) as StatusAnswer;
  const last = Number(known.latest_block_height);
  const first = Math.max(1, Number(known.earliest_block_height), last - measuredBlocks);
  if (!(first < last)) {
    throw new CliError("failed", "too_early", {
      cause: "the chain has too few blocks to know how long one takes",
      fix: "try again in a minute",
    });
  }
  const timeMs = async (height: number): Promise<number> => {
    const { block } = (await rpcGet(node, `block?height=${height}`)) as BlockAnswer;
    return Date.parse(block.header.time);
  };
  return ((await timeMs(last)) - (await timeMs(first))) / 1000 / (last - first);
}

const dimensions = 256;
const steps = 4096;

/**
 * The probability that a nonce is a hit at c: that of a random direction in 256 dimensions to have
 * a cosine of at least c / 2^20 with the target.
 */
export function hitProbability(c: number): number {
  const upper = areaAbove(c / maxThreshold);
  return upper / (2 * areaAbove(0));
}

/** Of (1 - x²)^((n - 3) / 2) from there to 1, by Simpson's rule. */
function areaAbove(from: number): number {
  const width = (1 - from) / steps;
  const height = (x: number): number => Math.max(0, 1 - x * x) ** ((dimensions - 3) / 2);
  let sum = height(from) + height(1);
  for (let step = 1; step < steps; step++) {
    sum += (step % 2 === 1 ? 4 : 2) * height(from + step * width);
  }
  return (sum * width) / 3;
}
