/**
 * Whether an engine called the application in an order that ABCI allows (cometbft v0.38
 * spec/abci/abci++_comet_expected_behavior.md). Info, Query, CheckTx, Echo, Flush and the serving
 * of snapshots may come at any time and are left out.
 */
import type { Application } from "../../src/abci/application.ts";

/** One call; height where it has one. "start" is a start of the engine. */
export interface GrammarCall {
  readonly call: string;
  readonly height: bigint | undefined;
}

const letters: Readonly<Record<string, string>> = {
  initChain: "I",
  offerSnapshot: "O",
  applySnapshotChunk: "A",
  prepareProposal: "P",
  processProposal: "R",
  extendVote: "E",
  verifyVoteExtension: "V",
  finalizeBlock: "F",
  commit: "C",
};
/**
 * InitChain or state sync first if at all; rounds, FinalizeBlock, Commit; the last height may be
 * cut off. A round of the grammar, *V [P [R]] [R] [*V E *V], may be any one of its calls, so rounds
 * are any sequence of these.
 */
const oneStart = /^(I|(OA*)*OA+)?([PREV]*FC)*[PREV]*F?$/;

/** What is out of order, or undefined. */
export function outOfOrder(calls: readonly GrammarCall[]): string | undefined {
  let committed = 0n;
  const starts: GrammarCall[][] = [[]];
  for (const call of calls) {
    if (call.call === "start") starts.push([]);
    else if (call.call in letters) starts.at(-1)?.push(call);
  }
  for (const [number, start] of starts.entries()) {
    const text = start.map(({ call }) => letters[call]).join("");
    if (!oneStart.test(text)) return `start ${number}: ${text.slice(0, 500)}`;
    if (/^[IO]/.test(text) && committed > 0n) return `start ${number}: ${text[0]} at ${committed}`;
    for (const { call, height } of start) {
      if (call === "offerSnapshot") committed = height ?? 0n;
      else if (call === "commit") committed += 1n;
      else if (height !== undefined && call !== "initChain" && height !== committed + 1n) {
        return `start ${number}: ${call} of height ${height} after ${committed} commits`;
      }
    }
  }
  return undefined;
}

interface Noted {
  readonly height?: bigint;
  readonly snapshot?: { readonly height: bigint };
}

/** Notes every call of an application, with its height where the request has one. */
export function noted<T extends Application>(app: T, calls: GrammarCall[]): T {
  return new Proxy(app, {
    get: (target, name) => {
      const member = Reflect.get(target, name) as unknown;
      if (typeof member !== "function") return member;
      return (request?: Noted) => {
        calls.push({ call: String(name), height: request?.height ?? request?.snapshot?.height });
        return (member as (input: unknown) => unknown).call(target, request);
      };
    },
  });
}
