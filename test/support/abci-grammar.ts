/**
 * Whether an engine called the application in an order that ABCI allows (cometbft
 * spec/abci/abci++_comet_expected_behavior.md). Info, Query, CheckTx, Echo, Flush and the serving
 * of snapshots may come at any time and are left out; so are vote extensions, which are off.
 */

/** One call; height where it has one. "start" is a start of the engine. */
export interface GrammarCall {
  readonly call: string;
  readonly height: bigint | undefined;
}

const letters: Readonly<Record<string, string>> = {
  initChain: "I",
  prepareProposal: "P",
  processProposal: "R",
  finalizeBlock: "F",
  commit: "C",
};
/** InitChain first if at all; rounds, FinalizeBlock, Commit; the last height may be cut off. */
const oneStart = /^I?([PR]*FC)*[PR]*F?$/;

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
    if (text.startsWith("I") && committed > 0n) return `start ${number}: InitChain at ${committed}`;
    for (const { call, height } of start) {
      if (call === "commit") committed += 1n;
      else if (call !== "initChain" && height !== committed + 1n) {
        return `start ${number}: ${call} of height ${height} after ${committed} commits`;
      }
    }
  }
  return undefined;
}
