/**
 * Vote extensions: what the application of the simulation says and accepts, and what must hold of
 * them, counted without the code under test.
 */
import type {
  RequestPrepareProposal,
  RequestVerifyVoteExtension,
} from "cosmjs-types/tendermint/abci/types";
import type { Vote } from "cosmjs-types/tendermint/types/types";
import { ed25519Verify } from "../../src/crypto/ed25519.ts";
import { equalBytes, toHex, utf8 } from "../../src/encoding/bytes.ts";
import { isNilBlockId } from "../../src/types/block-id.ts";
import type { ChainState } from "../../src/types/chain-state.ts";
import { extensionSignBytes, precommitType } from "../../src/types/vote.ts";
import { Violation } from "./checks.ts";
import type { SimNode } from "./node.ts";
import { keys } from "./settings.ts";

/** What one node's application is told, and asked, about extensions. */
export interface AppExtensions {
  /** After the first block the application turns them on from this height; 0n: it does not. */
  readonly turnedOnAt: bigint;
  extend(height: bigint): Uint8Array;
  accepts(request: RequestVerifyVoteExtension): boolean;
  prepares(request: RequestPrepareProposal): void;
}

/** Votes are never extended. */
export const noExtensions: AppExtensions = {
  turnedOnAt: 0n,
  extend: (height) => {
    throw new Error(`asked for an extension at ${height}`);
  },
  accepts: () => false,
  prepares: () => undefined,
};

/** BlockIDFlagCommit. */
const commitFlag = 2;

const textOf = (height: bigint, address: Uint8Array): string => `${height} ${toHex(address)} `;

/** Some say nothing at some heights. */
const isMute = (height: bigint, address: Uint8Array): boolean =>
  (Number(height) + (address[0] ?? 0)) % 5 === 0;

/** What a validator says with its precommit; `anew` differs each time it is asked. */
export const extensionText = (height: bigint, address: Uint8Array, anew: string): Uint8Array =>
  isMute(height, address) ? new Uint8Array(0) : utf8(textOf(height, address) + anew);

/** Whether a correct validator may have said it. */
export function isExtension(height: bigint, address: Uint8Array, extension: Uint8Array): boolean {
  if (isMute(height, address)) return extension.length === 0;
  const start = utf8(textOf(height, address));
  return extension.length > start.length && equalBytes(extension.subarray(0, start.length), start);
}

/** The extensions of one world. */
export class Extensions {
  readonly #chainId: string;
  readonly #from: bigint;
  readonly #isByUpdate: boolean;
  readonly #isFaulty: (address: Uint8Array) => boolean;
  #asked = 0;

  constructor(of: {
    readonly chainId: string;
    /** First height with extensions; 0n: none has them. */
    readonly from: bigint;
    /** Whether the application turns them on; else they are in the genesis. */
    readonly isByUpdate: boolean;
    readonly isFaulty: (address: Uint8Array) => boolean;
  }) {
    this.#chainId = of.chainId;
    this.#from = of.from;
    this.#isByUpdate = of.isByUpdate;
    this.#isFaulty = of.isFaulty;
  }

  areOn(height: bigint): boolean {
    return this.#from > 0n && height >= this.#from;
  }

  /** What that validator would say now; undefined where extensions are off. */
  said(height: bigint, address: Uint8Array): Uint8Array | undefined {
    return this.areOn(height) ? extensionText(height, address, `${this.#asked++}`) : undefined;
  }

  /** The side of one node's application. Failures go to `fail`. */
  ofNode(node: SimNode, fail: (violation: Violation) => void): AppExtensions {
    return {
      turnedOnAt: this.#isByUpdate ? this.#from : 0n,
      extend: (height) => {
        const extension = this.said(height, node.key.address);
        if (extension) return extension;
        fail(new Violation(`${node.name} was asked for an extension at ${height}`));
        return new Uint8Array(0);
      },
      accepts: ({ height, validatorAddress, voteExtension }) => {
        const isAccepted = isExtension(height, validatorAddress, voteExtension);
        const isWrong = !isAccepted && !this.#isFaulty(validatorAddress);
        if (isWrong) fail(new Violation(`${node.name} got a correct validator's false extension`));
        return isAccepted;
      },
      prepares: (request) => {
        const problem = this.#refuseProposal(request);
        if (problem) fail(new Violation(`${node.name} proposes ${request.height}: ${problem}`));
      },
    };
  }

  /** The next proposer gets every extension of the commit, none of anything else. */
  #refuseProposal({ height, localLastCommit }: RequestPrepareProposal): string | undefined {
    const before = height - 1n;
    const isOn = before > 0n && this.areOn(before);
    const { round, votes } = localLastCommit ?? { round: 0, votes: [] };
    for (const { validator, blockIdFlag, voteExtension, extensionSignature } of votes) {
      const { address } = validator;
      const name = toHex(address);
      if (!isOn || blockIdFlag !== commitFlag) {
        const isBare = voteExtension.length === 0 && extensionSignature.length === 0;
        if (!isBare) return `an extension of ${name} that may not be there`;
        continue;
      }
      const vote = { height: before, round, extension: voteExtension };
      if (!this.#isSigned(address, vote, extensionSignature)) return `${name} did not extend`;
      // A false one may be in a precommit that came after the decision.
      const isTrue = this.#isFaulty(address) || isExtension(before, address, voteExtension);
      if (!isTrue) return `a false extension of ${name}`;
    }
    return undefined;
  }

  /** A node counts a vote: of its running height none whose extension its application declines. */
  counted(node: SimNode, vote: Vote): void {
    if (vote.type !== precommitType || isNilBlockId(vote.blockId)) return;
    if (!this.areOn(vote.height) || vote.height !== node.height) return;
    const { validatorAddress, extension, extensionSignature, height } = vote;
    const isGood =
      isExtension(height, validatorAddress, extension) &&
      this.#isSigned(validatorAddress, vote, extensionSignature);
    if (!isGood) throw new Violation(`${node.name} counted a false extension at ${height}`);
  }

  /** With the state of a height come the extensions of those who decided it, where they are on. */
  reached(node: SimNode, { lastBlockHeight: height, lastValidators }: ChainState): void {
    if (height === 0n) return;
    const stored = node.blocks.loadExtendedCommit(height);
    if ((stored !== undefined) !== this.areOn(height)) {
      throw new Violation(`${node.name} ${stored ? "has" : "lacks"} extensions of ${height}`);
    }
    for (const [index, entry] of (stored?.extendedSignatures ?? []).entries()) {
      const member = lastValidators.at(index);
      if (!member || (entry.blockIdFlag as number) !== commitFlag) continue;
      const { extension, extensionSignature } = entry;
      const vote = { height, round: stored?.round ?? 0, extension };
      const isGood =
        isExtension(height, member.address, extension) &&
        this.#isSigned(member.address, vote, extensionSignature);
      if (!isGood) throw new Violation(`${node.name} stored a false extension of ${height}`);
    }
  }

  #isSigned(
    address: Uint8Array,
    vote: Pick<Vote, "extension" | "height" | "round">,
    signature: Uint8Array,
  ): boolean {
    const key = keys.find((each) => equalBytes(each.address, address));
    if (!key) return false;
    return ed25519Verify(key.pubKey.key, extensionSignBytes(this.#chainId, vote), signature);
  }
}
