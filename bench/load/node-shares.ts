/** Where a node spends its time under load: the profile that it wrote at its end, by stage. */

import { readdirSync, readFileSync } from "node:fs";
import type { Profiler } from "node:inspector/promises";
import path from "node:path";
import { rank, type Stages } from "../stage-profile.ts";

const stages: Stages = {
  "(garbage collector)": "garbage collection",
  ecdsaVerify: "signatures",
  "verify@signatures": "signatures",
  "lookAhead@abci/": "looking ahead",
  "checkTx@abci/": "CheckTx without signatures",
  "#recheck@mempool": "recheck",
  "update@mempool/": "mempool, other",
  "finalizeBlock@abci/": "FinalizeBlock",
  "finalizeInTurns@abci/": "FinalizeBlock",
  saveFinalizeBlock: "results to disk",
  saveBlock: "block to disk",
  hashResults: "results hash",
  workingHash: "app hash",
  "commit@store/multistore": "store commit",
  "index@rpc/indexer": "index",
  "addAll@rpc/indexer": "index",
  "operations@rpc/indexer": "index",
  answerHttp: "RPC",
  "@node:_http": "RPC",
  "receive@mempool/reactor": "transactions from peers",
  "#flush@mempool/": "transactions to peers",
  "receive@consensus/gossip": "consensus from peers",
  "#onTick@consensus/gossip": "consensus to peers",
  "#onEvent@consensus/gossip": "consensus to peers",
  signedProposal: "proposing",
  validateBlock: "validating blocks",
  signVote: "signing, with its file",
  "append@wal/": "write-ahead log",
  "sync@wal/": "write-ahead log",
  "save@execution/state-store": "state to disk",
  noiseOnMessageDecrypt: "libp2p",
  "flush@p2p/": "libp2p",
  "@node_modules/@libp2p": "libp2p",
  "@node:internal/modules": "loading modules",
};

/** What is left out at the end of a profile, while the program ends. */
const endingSeconds = 4;

/** Shares of the seconds before the end of the only profile in the folder; empty without one. */
export function nodeShares(folder: string, seconds: number): Record<string, string> {
  const file = readdirSync(folder).find((name) => name.endsWith(".cpuprofile"));
  if (file === undefined) return {};
  const whole = JSON.parse(readFileSync(path.join(folder, file), "utf8")) as Profiler.Profile;
  const ranked = rank(stages, lastSeconds(whole, seconds));
  return Object.fromEntries(ranked.map(([stage, part]) => [stage, `${(part * 100).toFixed(1)} %`]));
}

function lastSeconds(profile: Profiler.Profile, seconds: number): Profiler.Profile {
  const { samples = [], timeDeltas = [], startTime, endTime } = profile;
  const until = endTime - endingSeconds * 1e6;
  const from = until - seconds * 1e6;
  let at = startTime;
  const isKept = timeDeltas.map((delta) => {
    at += delta;
    return at > from && at < until;
  });
  const kept = <T>(values: readonly T[]): T[] => values.filter((_, index) => isKept[index]);
  return { ...profile, samples: kept(samples), timeDeltas: kept(timeDeltas) };
}
