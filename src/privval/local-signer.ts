/**
 * Signs votes and proposals with a local key. Before a signature leaves, the point it was made for
 * is on the disk, so that no restart makes the validator sign something else there: the
 * double-sign guard of CometBFT's FilePV. spec/consensus.md, clause S.
 */
import { Timestamp } from "cosmjs-types/google/protobuf/timestamp";
import type { Proposal, Vote } from "cosmjs-types/tendermint/types/types";
import { ed25519Signer } from "../crypto/ed25519.ts";
import { equalBytes } from "../encoding/bytes.ts";
import type { Time } from "../encoding/time.ts";
import { readUvarint } from "../encoding/varint.ts";
import { decodeTotal } from "../encoding/wire.ts";
import { isNilBlockId } from "../types/block-id.ts";
import type { PublicKey } from "../types/validators/validator.ts";
import {
  extensionSignBytes,
  prevoteType,
  proposalSignBytes,
  voteSignBytes,
} from "../types/vote.ts";
import type { ValidatorKey } from "./key-file.ts";
import {
  checkPoint,
  formatStateFile,
  neverSigned,
  parseStateFile,
  type SignPoint,
  type SignState,
  signSteps,
} from "./sign-state.ts";

/** The file that holds the sign state. */
export interface StateFile {
  /** Undefined when there is no file yet. */
  read(): string | undefined;
  /** Returns when the new content, whole, is on the disk; a crash leaves the old or the new. */
  replace(text: string): void;
}

/** Why nothing was signed. */
export interface SignRefusal {
  readonly refused: string;
}

/** Field numbers of the time in CanonicalVote and CanonicalProposal. */
const [voteTimeField, proposalTimeField] = [5, 6];
const maxTimeBytes = 32;

type Signed = { readonly signature: Uint8Array; readonly timestamp: Time };

/** The private validator of a node. */
export class LocalSigner {
  readonly address: Uint8Array;
  readonly pubKey: PublicKey;
  readonly #signBytes: (bytes: Uint8Array) => Uint8Array;
  readonly #file: StateFile;
  #state: SignState;

  /** Throws PrivvalFileError when the state file is broken. */
  constructor(key: ValidatorKey, file: StateFile) {
    this.address = key.address;
    this.pubKey = key.pubKey;
    this.#signBytes = ed25519Signer(key.seed);
    this.#file = file;
    const text = file.read();
    this.#state = text === undefined ? neverSigned : parseStateFile(text);
  }

  /**
   * The vote with its signature. At a point that is signed already, the same vote gets its old
   * signature and time again, and any other is refused. Votes with an extension are refused: see
   * signExtendedVote.
   */
  signVote(chainId: string, vote: Vote): Vote | SignRefusal {
    if (vote.extension.length > 0) return { refused: "vote extensions are off" };
    const step = vote.type === prevoteType ? signSteps.prevote : signSteps.precommit;
    const signed = this.#sign({
      point: { height: vote.height, round: vote.round, step },
      timestamp: vote.timestamp,
      signBytes: (timestamp) => voteSignBytes(chainId, { ...vote, timestamp }),
      timeField: voteTimeField,
    });
    return "refused" in signed ? signed : { ...vote, ...signed };
  }

  /**
   * A precommit for a block with both signatures, by the rule of signVote. The extension is signed
   * anew every time, an empty one too: the application may make another one after a restart, and
   * whoever has two of them has no proof of anything.
   */
  signExtendedVote(chainId: string, vote: Vote): Vote | SignRefusal {
    if (vote.type === prevoteType || isNilBlockId(vote.blockId)) {
      return { refused: "only a precommit for a block can have an extension" };
    }
    const signed = this.signVote(chainId, { ...vote, extension: new Uint8Array(0) });
    if ("refused" in signed) return signed;
    const extensionSignature = this.#signBytes(extensionSignBytes(chainId, vote));
    return { ...signed, extension: vote.extension, extensionSignature };
  }

  /** The proposal with its signature, by the same rule. */
  signProposal(chainId: string, proposal: Proposal): Proposal | SignRefusal {
    const signed = this.#sign({
      point: { height: proposal.height, round: proposal.round, step: signSteps.propose },
      timestamp: proposal.timestamp,
      signBytes: (timestamp) => proposalSignBytes(chainId, { ...proposal, timestamp }),
      timeField: proposalTimeField,
    });
    return "refused" in signed ? signed : { ...proposal, ...signed };
  }

  #sign(request: {
    readonly point: SignPoint;
    readonly timestamp: Time;
    readonly signBytes: (timestamp: Time) => Uint8Array;
    readonly timeField: number;
  }): Signed | SignRefusal {
    const { point, timestamp, signBytes } = request;
    const verdict = checkPoint(this.#state, point);
    if (typeof verdict === "object") return verdict;
    const bytes = signBytes(timestamp);
    const { signed } = this.#state;
    if (verdict === "same" && signed) {
      const before = timeIn(signed.signBytes, request.timeField);
      if (before && equalBytes(signBytes(before), signed.signBytes)) {
        return { signature: signed.signature, timestamp: before };
      }
      return { refused: `something else is signed at ${point.height}/${point.round}` };
    }
    const signature = this.#signBytes(bytes);
    const next = { ...point, signed: { signature, signBytes: bytes } };
    this.#file.replace(formatStateFile(next)); // On the disk before the signature leaves.
    this.#state = next;
    return { signature, timestamp };
  }
}

/** The time inside sign bytes; undefined when they are of another kind. */
function timeIn(signBytes: Uint8Array, timeField: number): Time | undefined {
  let offset = readUvarint(signBytes, 0)?.next;
  while (offset !== undefined && offset < signBytes.length) {
    const tag = readUvarint(signBytes, offset);
    if (!tag) return undefined;
    const wireType = Number(tag.value & 7n);
    const value = wireType === 1 ? undefined : readUvarint(signBytes, tag.next);
    if (wireType === 1) offset = tag.next + 8;
    else if (wireType === 0) offset = value?.next;
    else if (wireType === 2 && value) {
      const end = value.next + Number(value.value);
      if (tag.value >> 3n === BigInt(timeField)) {
        const bytes = signBytes.subarray(value.next, end);
        return decodeTotal(Timestamp, bytes, { maxBytes: maxTimeBytes });
      }
      offset = end;
    } else return undefined;
  }
  return undefined;
}
