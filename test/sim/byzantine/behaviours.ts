/**
 * One Byzantine validator, by what it does. Its machine runs the real node; what it sends is
 * changed when it leaves, and signed again with its key.
 */
import type { BlockID, Proposal, Vote } from "cosmjs-types/tendermint/types/types";
import {
  decodeMessage as decodeBlocks,
  encodeMessage as encodeBlocks,
} from "../../../src/blocksync/messages.ts";
import { encodeMessage } from "../../../src/consensus/gossip/messages.ts";
import { utf8 } from "../../../src/encoding/bytes.ts";
import { addNanos } from "../../../src/encoding/time.ts";
import { decodeBlock } from "../../../src/types/block.ts";
import { isNilBlockId, zeroBlockId } from "../../../src/types/block-id.ts";
import { prevoteType } from "../../../src/types/vote.ts";
import type { Attack, Liar, Sent, Stage } from "../attacks/attack.ts";
import { signProposal, signVote } from "../attacks/signing.ts";
import { type AlteredBlock, alteredBlock, invalidBlock } from "./altered-blocks.ts";

/** Everything one validator may do wrong. */
export const behaviours = [
  "equivocating proposer",
  "equivocating voter",
  "silent",
  "delayed",
  "invalid blocks",
  "invalid parts",
  "amnesia",
  "forged votes",
  "false times",
  "false blocks to sync",
] as const;
/** One more where votes are extended. */
export const extending = "false extensions";
/** One of them. */
export type Behaviour = (typeof behaviours)[number] | typeof extending;

const blocksChannel = 0x40;
const hourNanos = 3_600_000_000_000n;
/** What it proposed is remembered for so many proposals. */
const proposalsKept = 64;

/** A validator that misbehaves in one way, all the time. */
export class Byzantine implements Attack {
  readonly plan: string;
  readonly faulty: number;
  readonly #behaviour: Behaviour;
  readonly #stage: Stage;
  readonly #liar: Liar;
  readonly #delayMs: number;
  /** Second or false blocks of its own proposals, by height and round. */
  readonly #altered = new Map<string, AlteredBlock | undefined>();
  /** What was proposed by whomever, by height and round. */
  readonly #proposed = new Map<string, BlockID>();

  constructor(stage: Stage, liar: Liar, behaviour: Behaviour) {
    this.plan = behaviour;
    this.faulty = liar.number;
    this.#behaviour = behaviour;
    this.#stage = stage;
    this.#liar = liar;
    this.#delayMs = 200 + stage.random() * 1_500;
  }

  holdMs({ fromKey, message }: Sent): number {
    if (message?.type === "proposal") this.#remember(message.proposal);
    if (fromKey !== this.#liar.number) return 0;
    if (this.#behaviour === "silent") return Number.POSITIVE_INFINITY;
    return this.#behaviour === "delayed" ? this.#delayMs : 0;
  }

  replaced(sent: Sent): readonly Uint8Array[] | undefined {
    if (sent.fromKey !== this.#liar.number) return undefined;
    const { message } = sent;
    if (this.#behaviour === "false blocks to sync") return this.#falseBlock(sent);
    if (message?.type === "proposal") return this.#replacedProposal(sent, message.proposal);
    if (message?.type === "blockPart") return this.#replacedPart(sent);
    const isOwn =
      message?.type === "vote" &&
      this.#stage.keyOf(message.vote.validatorAddress) === this.#liar.number;
    return isOwn ? this.#replacedVote(sent, message.vote) : undefined;
  }

  #remember({ height, round, blockId }: Proposal): void {
    this.#proposed.set(`${height}/${round}`, blockId);
    for (const map of [this.#proposed, this.#altered]) {
      const [oldest] = map.keys();
      if (map.size > proposalsKept && oldest !== undefined) map.delete(oldest);
    }
  }

  #replacedProposal({ toKey }: Sent, proposal: Proposal): readonly Uint8Array[] | undefined {
    const { chainId } = this.#stage;
    const set = this.#stage.validatorsAt(proposal.height);
    const ofRound = set && (proposal.round > 0 ? set.incrementPriority(proposal.round) : set);
    const isOwn = ofRound && this.#stage.keyOf(ofRound.proposer().address) === this.#liar.number;
    const altered = isOwn ? this.#alteredOf(proposal) : undefined;
    if (!altered || (this.#behaviour === "equivocating proposer" && toKey % 2 === 0)) {
      return undefined;
    }
    const other = { ...proposal, blockId: altered.id };
    const signed = signProposal(chainId, this.#liar.key, other);
    return [encodeMessage({ type: "proposal", proposal: signed })];
  }

  /** The block that takes the place of a proposed one, made once. */
  #alteredOf({ height, round, blockId }: Proposal): AlteredBlock | undefined {
    const behaviour = this.#behaviour;
    if (behaviour !== "equivocating proposer" && behaviour !== "invalid blocks") return undefined;
    const point = `${height}/${round}`;
    if (this.#altered.has(point)) return this.#altered.get(point);
    const bytes = this.#stage.blockOf(this.#liar.number, blockId.partSetHeader.hash)?.bytes();
    const block = bytes && decodeBlock(bytes);
    if (!block) return undefined;
    const altered =
      behaviour === "invalid blocks"
        ? invalidBlock(block, Math.floor(this.#stage.random() * 1_000))
        : alteredBlock(block);
    this.#altered.set(point, altered);
    return altered;
  }

  #replacedPart({ message, toKey }: Sent): readonly Uint8Array[] | undefined {
    if (message?.type !== "blockPart") return undefined;
    const { height, round, part } = message;
    if (this.#behaviour === "invalid parts") {
      const bytes = part.bytes.map((byte, index) => (index === 20 ? byte ^ 1 : byte));
      return [encodeMessage({ ...message, part: { ...part, bytes } })];
    }
    const altered = this.#altered.get(`${height}/${round}`);
    if (!altered || (this.#behaviour === "equivocating proposer" && toKey % 2 === 0)) {
      return undefined;
    }
    const other = altered.parts.part(part.index);
    return other ? [encodeMessage({ ...message, part: other })] : [];
  }

  #replacedVote({ toKey }: Sent, vote: Vote): readonly Uint8Array[] | undefined {
    const point = `${vote.height}/${vote.round}`;
    const isNil = isNilBlockId(vote.blockId);
    switch (this.#behaviour) {
      case "equivocating voter": {
        if (toKey % 2 === 0) return undefined;
        const proposed = this.#proposed.get(point);
        return this.#signed({ ...vote, blockId: (isNil && proposed) || zeroBlockId() });
      }
      case "equivocating proposer": {
        const altered = this.#altered.get(point);
        if (toKey % 2 === 0 || isNil || !altered) return undefined;
        return this.#signed({ ...vote, blockId: altered.id });
      }
      case "amnesia": {
        // It votes for whatever is proposed, whatever it has locked.
        const proposed = this.#proposed.get(point);
        if (!isNil || !proposed) return undefined;
        return this.#signed({ ...vote, blockId: proposed });
      }
      case "forged votes": {
        const victim = this.#stage.validatorsAt(vote.height)?.at((vote.validatorIndex + 1) % 4);
        const proposed = this.#proposed.get(point);
        if (!victim || !proposed || vote.type === prevoteType) return undefined;
        const { address: validatorAddress } = victim;
        const validatorIndex = (vote.validatorIndex + 1) % 4;
        const forged = { ...vote, validatorAddress, validatorIndex, blockId: proposed };
        return [vote, forged].map((one) => encodeMessage({ type: "vote", vote: one }));
      }
      case extending:
        return this.#falselyExtended(toKey, vote);
      case "false times":
        return this.#signed({ ...vote, timestamp: addNanos(vote.timestamp, hourNanos) });
      default:
        return undefined;
    }
  }

  #signed(vote: Vote): readonly Uint8Array[] {
    const signed = signVote(this.#stage, this.#liar.key, vote);
    return [encodeMessage({ type: "vote", vote: signed })];
  }

  /** To one what no application accepts, well signed; to others what it would say, ill signed. */
  #falselyExtended(toKey: number, vote: Vote): readonly Uint8Array[] | undefined {
    const { chainId } = this.#stage;
    if (vote.extensionSignature.length === 0) return undefined;
    const isSigned = toKey === 0;
    const extension = isSigned ? utf8("false") : vote.extension;
    const stage = { chainId, extensionOf: () => extension };
    const { extensionSignature, ...signed } = signVote(stage, this.#liar.key, vote);
    const forged = extensionSignature.map((byte, index) => (index === 3 ? byte ^ 1 : byte));
    const sent = { ...signed, extensionSignature: isSigned ? extensionSignature : forged };
    return [encodeMessage({ type: "vote", vote: sent })];
  }

  /** Blocks that others catch up with, without their transactions. */
  #falseBlock({ channel, bytes }: Sent): readonly Uint8Array[] | undefined {
    const message = channel === blocksChannel ? decodeBlocks(bytes) : undefined;
    if (message?.type !== "block") return undefined;
    const block = decodeBlock(message.block);
    const altered = block && alteredBlock(block);
    return altered && [encodeBlocks({ ...message, block: altered.bytes })];
  }
}
