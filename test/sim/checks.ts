/**
 * What must hold in every world after every step. A violation is an exception: the run ends and
 * its seed replays it.
 */
import type { Evidence } from "cosmjs-types/tendermint/types/evidence";
import type { Commit, Header, Vote } from "cosmjs-types/tendermint/types/types";
import { decodeMessage } from "../../src/consensus/gossip/messages.ts";
import { equalBytes, toHex } from "../../src/encoding/bytes.ts";
import { compareTime, type Time } from "../../src/encoding/time.ts";
import { blockIdKey } from "../../src/types/block-id.ts";
import type { ChainState } from "../../src/types/chain-state.ts";
import { verifyCommit } from "../../src/types/commit.ts";
import type { ValidatorSet } from "../../src/types/validator-set.ts";
import type { SimNode } from "./node.ts";
import { isRejected } from "./test-app.ts";

/** The channel of votes. */
const signedChannels = new Set([0x22]);

/** A property of the protocol does not hold. */
export class Violation extends Error {
  override readonly name = "Violation";
}

/** Watches all nodes of one world. */
export class Checks {
  readonly #chainId: string;
  readonly #submitted = new Set<string>();
  readonly #executed = new Set<string>();
  readonly #decided = new Map<bigint, { readonly block: string; readonly by: string }>();
  readonly #appHashes = new Map<bigint, string>();
  readonly #signed = new Map<string, string>();
  readonly #checkedCommits = new Set<string>();
  /** Blocks that a life of a node has votes for, by node, life and point of signing. */
  readonly #taken = new Map<string, Set<string>>();
  /** Points at which a node saw two votes of one validator, to the lives that saw it. */
  readonly #conflicts = new Map<string, Set<string>>();
  readonly #punished = new Set<string>();
  readonly #pairs = new Set<string>();
  /** Heights decided in all, and evidence found in blocks. */
  heights = 0;
  evidence = 0;
  lastHeight = 0n;
  readonly decidedEvidence: Evidence[] = [];
  /** Header hashes of blocks that correct nodes made. */
  readonly #proposed = new Set<string>();
  #lastHeader: Header | undefined;

  constructor(chainId: string) {
    this.#chainId = chainId;
  }

  /** A client hands in a transaction. */
  submitted(tx: Uint8Array): void {
    this.#submitted.add(toHex(tx));
  }

  /** A correct node made a block. */
  proposed(hash: string): void {
    this.#proposed.add(hash);
  }

  /** A correct node found a block invalid: no correct one may have made it. */
  foundInvalid(node: SimNode, hash: string, problem: string): void {
    if (!this.#proposed.has(hash)) return;
    throw new Violation(`${node.name} refused a correct node's block: ${problem}`);
  }

  /**
   * A node came to a new state: agreement, validity and equal app hashes. True for the first node
   * at its height; `clocks` are those of correct nodes now.
   */
  reached(node: SimNode, state: ChainState, clocks: readonly Time[]): boolean {
    const height = state.lastBlockHeight;
    if (height === 0n) return false;
    const block = blockIdKey(state.lastBlockId);
    const first = this.#decided.get(height);
    if (first && first.block !== block) {
      throw new Violation(`agreement: ${node.name} and ${first.by} differ at height ${height}`);
    }
    const appHash = toHex(state.appHash);
    const known = this.#appHashes.get(height) ?? appHash;
    if (known !== appHash) throw new Violation(`app hash of ${node.name} differs at ${height}`);
    this.#appHashes.set(height, appHash);
    if (!first) this.#checkBlock(node, height, clocks);
    this.#decided.set(height, first ?? { block, by: node.name });
    const commit = node.blocks.loadSeenCommit(height);
    if (!commit) throw new Violation(`${node.name} has no commit for ${height}`);
    this.#checkCommit(state.lastValidators, state, commit);
    return !first;
  }

  #checkBlock(node: SimNode, height: bigint, clocks: readonly Time[]): void {
    this.heights += 1;
    this.lastHeight = height;
    const block = node.blocks.loadBlock(height);
    if (!block) throw new Violation(`${node.name} decided ${height} and has no block`);
    this.#checkHeader(block.header, clocks);
    this.evidence += block.evidence.evidence.length;
    this.decidedEvidence.push(...block.evidence.evidence);
    for (const { duplicateVoteEvidence: found } of block.evidence.evidence) {
      if (!found?.voteA || !found.voteB) continue;
      this.#punished.add(pointOf(found.voteA));
      const pair = [found.voteA, found.voteB].map((vote) => toHex(vote.signature)).join();
      if (this.#pairs.has(pair)) throw new Violation(`evidence twice, again in ${height}`);
      this.#pairs.add(pair);
    }
    for (const tx of block.data.txs) {
      const isKnown = this.#submitted.has(toHex(tx)) && !isRejected(tx);
      if (!isKnown) throw new Violation(`validity: block ${height} has a transaction of nobody`);
      if (this.#executed.has(toHex(tx))) throw new Violation(`transaction twice: ${height}`);
      this.#executed.add(toHex(tx));
    }
  }

  /** What a header says of the one before it, and its time, whatever the code under test thinks. */
  #checkHeader(header: Header, clocks: readonly Time[]): void {
    const { height, time } = header;
    const before = this.#lastHeader;
    this.#lastHeader = header;
    if (!clocks.some((clock) => compareTime(time, clock) <= 0)) {
      throw new Violation(`block ${height} is ahead of every correct clock`);
    }
    if (!before || before.height + 1n !== height) return;
    if (compareTime(before.time, time) >= 0) throw new Violation(`time of ${height} goes back`);
    if (!equalBytes(before.nextValidatorsHash, header.validatorsHash)) {
      throw new Violation(`validators of ${height} are not those announced`);
    }
    if (toHex(header.appHash) !== this.#appHashes.get(before.height)) {
      throw new Violation(`app hash in header ${height}`);
    }
  }

  #checkCommit(validators: ValidatorSet, state: ChainState, commit: Commit): void {
    const signers = commit.signatures.map((entry) => entry.blockIdFlag).join("");
    const name = `${state.lastBlockHeight}/${commit.round}/${signers}`;
    if (this.#checkedCommits.has(name)) return;
    this.#checkedCommits.add(name);
    const { lastBlockId, lastBlockHeight } = state;
    const signed = validators.validators.filter((_, i) => signers[i] === "2");
    const power = signed.reduce((sum, validator) => sum + validator.power, 0n);
    const total = validators.validators.reduce((sum, validator) => sum + validator.power, 0n);
    if (power * 3n <= total * 2n) throw new Violation(`${power} of ${total} decided ${name}`);
    const problem = verifyCommit(this.#chainId, validators, lastBlockId, lastBlockHeight, commit);
    if (problem !== undefined) throw new Violation(`commit of ${lastBlockHeight}: ${problem}`);
  }

  /** A node sends: what it signed itself is durable, and contradicts nothing it signed before. */
  sent(node: SimNode, channel: number, bytes: Uint8Array): void {
    if (
      !signedChannels.has(channel) ||
      !Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).includes(
        Buffer.from(node.key.address),
      )
    )
      return;
    const message = decodeMessage(bytes);
    if ("refused" in message) throw new Violation(`${node.name} sent a bad message`);
    if (message.type === "vote" && equalBytes(message.vote.validatorAddress, node.key.address)) {
      const { height, round, type } = message.vote;
      this.#checkSigned(node, `${height}/${round}/${type}`, message.vote);
    }
  }

  #checkSigned(node: SimNode, point: string, signed: Vote): void {
    const name = `${node.name}/${point}`;
    const block = blockIdKey(signed.blockId);
    const before = this.#signed.get(name);
    if (before === block) return;
    if (before !== undefined) throw new Violation(`${node.name} signed twice at ${point}`);
    if (!node.disks.log.holds(signed.signature)) {
      throw new Violation(`${node.name} sent a vote of ${point} that its log may lose`);
    }
    this.#signed.set(name, block);
  }

  /** A node counted a vote: two for different blocks at one point are to be punished. */
  took(node: SimNode, vote: Vote): void {
    if (equalBytes(vote.validatorAddress, node.key.address)) return;
    const life = `${node.name}/${node.lives}`;
    const point = pointOf(vote);
    const blocks = this.#taken.get(`${life}/${point}`) ?? new Set();
    this.#taken.set(`${life}/${point}`, blocks.add(blockIdKey(vote.blockId)));
    if (blocks.size < 2) return;
    this.#conflicts.set(point, (this.#conflicts.get(point) ?? new Set()).add(life));
  }

  /** Double votes that one of these nodes saw in its current life and no block holds yet. */
  unpunished(nodes: readonly SimNode[]): readonly string[] {
    const lives = nodes.map(({ name, lives }) => `${name}/${lives}`);
    return [...this.#conflicts]
      .filter(([point, seenBy]) => !this.#punished.has(point) && lives.some((l) => seenBy.has(l)))
      .map(([point]) => point);
  }

  isPunished(point: string): boolean {
    return this.#punished.has(point);
  }
}

const pointOf = ({ height, round, type, validatorAddress }: Vote): string =>
  `${height}/${round}/${type}/${toHex(validatorAddress)}`;
