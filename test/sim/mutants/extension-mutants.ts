/** Bugs in vote extensions: spec/consensus.md, clauses X. */
import { change, type Mutant } from "./mutant.ts";

const height = "src/consensus/engine/height.ts";
const deciding = "src/consensus/engine/deciding.ts";
const signing = "src/consensus/engine/signing.ts";

/** All of them. */
export const extensionMutants: readonly Mutant[] = [
  {
    name: "extensions begin a height late",
    patches: [
      change(
        "src/types/consensus-params.ts",
        "return from > 0n && height >= from;",
        "return from > 0n && height > from;",
      ),
    ],
  },
  {
    name: "the signature of an extension is not checked (X2)",
    patches: [
      change(
        height,
        "if (!verifyVoteExtension(chainId, signed, pubKey)) {",
        "if (!verifyVoteExtension(chainId, signed, pubKey) && !pubKey) {",
      ),
    ],
  },
  {
    name: "the application is not asked about an extension (X3)",
    patches: [
      change(
        height,
        'return executor.acceptsExtension(signed) ? undefined : "declined";',
        'return executor ? undefined : "declined";',
      ),
    ],
  },
  {
    name: "extensions are not stored (X4)",
    patches: [
      change(
        deciding,
        "await blocks.saveBlock(content, parts, commit, extended);",
        "await blocks.saveBlock(content, parts, commit);",
      ),
    ],
  },
  {
    name: "a restart loses the extensions of its last commit (X4)",
    patches: [
      change(
        deciding,
        "  if (areExtensionsOn(state.consensusParams, height)) {",
        "  if (areExtensionsOn(state.consensusParams, height) && height < 0n) {",
      ),
    ],
  },
  {
    name: "block sync loses extensions (X4)",
    patches: [
      change(
        "src/blocksync/reactor.ts",
        "await blocks.saveBlock(first.block, parts, commit, first.extendedCommit);",
        "await blocks.saveBlock(first.block, parts, commit);",
      ),
    ],
  },
  {
    name: "the next proposer is not given extensions (X5)",
    patches: [
      change(
        signing,
        "const extendedCommit = isExtended ? extendedCommitOf(set, commit) : undefined;",
        "const extendedCommit = isExtended && !set ? extendedCommitOf(set, commit) : undefined;",
      ),
    ],
  },
  {
    name: "an extension is signed for round 0 (X1)",
    patches: [
      change(
        "src/privval/local-signer.ts",
        "const extensionSignature = this.#signBytes(extensionSignBytes(chainId, vote));",
        "const extensionSignature = this.#signBytes(extensionSignBytes(chainId, { ...vote, round: 0 }));",
      ),
    ],
  },
  {
    name: "evidence keeps vote extensions (V9)",
    patches: [
      change(
        "src/types/evidence.ts",
        "return { duplicateVoteEvidence: { ...found, voteA, voteB } };",
        "return voteA === voteB ? {} : evidence;",
      ),
    ],
  },
];
