/** Signs whatever it is asked to: what a liar does with its key. */
import type { Proposal, Vote } from "cosmjs-types/tendermint/types/types";
import type { ValidatorKey } from "../../../src/privval/key-file.ts";
import { LocalSigner } from "../../../src/privval/local-signer.ts";
import { isNilBlockId } from "../../../src/types/block-id.ts";
import { precommitType } from "../../../src/types/vote.ts";
import type { Stage } from "./attack.ts";

const unguarded = (key: ValidatorKey): LocalSigner =>
  new LocalSigner(key, { read: () => undefined, replace: () => undefined });

/** The vote with a good signature, and with an extension where it must have one. */
export function signVote(
  { chainId, extensionOf }: Pick<Stage, "chainId" | "extensionOf">,
  key: ValidatorKey,
  vote: Vote,
): Vote {
  const none = new Uint8Array(0);
  const bare = { ...vote, extension: none, extensionSignature: none };
  const mayExtend = vote.type === precommitType && !isNilBlockId(vote.blockId);
  const extension = mayExtend ? extensionOf(vote.height, key.address) : undefined;
  const signer = unguarded(key);
  const signed = extension
    ? signer.signExtendedVote(chainId, { ...bare, extension })
    : signer.signVote(chainId, bare);
  if ("refused" in signed) throw new Error(signed.refused);
  return signed;
}

/** The proposal with a good signature. */
export function signProposal(chainId: string, key: ValidatorKey, proposal: Proposal): Proposal {
  const signed = unguarded(key).signProposal(chainId, proposal);
  if ("refused" in signed) throw new Error(signed.refused);
  return signed;
}
