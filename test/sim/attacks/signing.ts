/** Signs whatever it is asked to: what a liar does with its key. */
import type { Proposal, Vote } from "cosmjs-types/tendermint/types/types";
import type { ValidatorKey } from "../../../src/privval/key-file.ts";
import { LocalSigner } from "../../../src/privval/local-signer.ts";

const unguarded = (key: ValidatorKey): LocalSigner =>
  new LocalSigner(key, { read: () => undefined, replace: () => undefined });

/** The vote with a good signature. */
export function signVote(chainId: string, key: ValidatorKey, vote: Vote): Vote {
  const signed = unguarded(key).signVote(chainId, vote);
  if ("refused" in signed) throw new Error(signed.refused);
  return signed;
}

/** The proposal with a good signature. */
export function signProposal(chainId: string, key: ValidatorKey, proposal: Proposal): Proposal {
  const signed = unguarded(key).signProposal(chainId, proposal);
  if ("refused" in signed) throw new Error(signed.refused);
  return signed;
}
