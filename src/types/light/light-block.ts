/** Light blocks: a header, the commit that decided it, its validators (types/light.go). */
import type {
  Commit,
  Header,
  LightBlock as ProtoLightBlock,
} from "cosmjs-types/tendermint/types/types";
import { equalBytes } from "../../encoding/bytes.ts";
import { validateCommitBasic } from "../commit.ts";
import { hashHeader, validateHeaderBasic } from "../header.ts";
import { ValidatorSet } from "../validator-set.ts";

/** All that a light client needs of a height. */
export interface LightBlock {
  readonly header: Header;
  readonly commit: Commit;
  /** The set that signed the commit. */
  readonly validators: ValidatorSet;
}

/** The light block of a message; undefined when a part is missing or its set is malformed. */
export function lightBlockFromProto(proto: ProtoLightBlock): LightBlock | undefined {
  const { header, commit } = proto.signedHeader ?? {};
  const validators = proto.validatorSet && ValidatorSet.fromProto(proto.validatorSet);
  if (!header || !commit || !validators || validators.size === 0) return undefined;
  return { header, commit, validators };
}

export function lightBlockToProto(block: LightBlock): ProtoLightBlock {
  const { header, commit, validators } = block;
  return { signedHeader: { header, commit }, validatorSet: validators.toProto() };
}

/** Why the parts do not belong together, or undefined. Signatures are not looked at. */
export function validateLightBlock(chainId: string, block: LightBlock): string | undefined {
  const { header, commit, validators } = block;
  const malformed = validateHeaderBasic(header) ?? validateCommitBasic(commit);
  if (malformed !== undefined) return malformed;
  if (header.chainId !== chainId) return `header of chain ${header.chainId}, not of ${chainId}`;
  if (commit.height !== header.height) {
    return `commit of height ${commit.height} for a header of height ${header.height}`;
  }
  if (!equalBytes(commit.blockId.hash, hashHeader(header))) return "commit is for another header";
  if (validators.size === 0) return "no validators";
  return equalBytes(header.validatorsHash, validators.hash())
    ? undefined
    : "validators are not those of the header";
}
