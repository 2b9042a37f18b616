/** The engine's current round as consensus_state shows it (cometbft consensus/types). */
import { PartSetHeader } from "cosmjs-types/tendermint/types/types";
import { type RoundView as EngineView, wireStep } from "../../consensus/engine/events.ts";
import { voteSet } from "../../consensus/votes.ts";
import { fromHex, parseHex, toUpperHex } from "../../encoding/bytes.ts";
import type { BlockParts, RoundView, RoundVotesView } from "../../rpc/expected.ts";
import { decodeBlock } from "../../types/block.ts";
import type { PartSet } from "../../types/part-set.ts";

/** Letters of an address or a hash in a short text: cmtbytes.Fingerprint is six bytes. */
const fingerprintDigits = 12;

/** The view of a round; undefined while there is none. */
export function roundViewOf(view: EngineView | undefined): RoundView | undefined {
  if (!view) return undefined;
  const { core } = view;
  const rounds = Array.from({ length: core.round + 1 }, (_, round) => votesOf(view, round));
  return {
    height: view.height,
    round: core.round,
    step: wireStep(core),
    startTime: view.startTime,
    proposal: view.proposal,
    parts: {
      proposed: partsView(view.blocks.wantedParts),
      locked: partsOfKey(view, core.locked?.block),
      valid: partsOfKey(view, core.valid?.block),
    },
    proposalBlockHash: view.proposal?.blockId.hash ?? new Uint8Array(),
    isProposalComplete: core.proposals.some(({ round }) => round === core.round),
    lockedRound: core.locked?.round ?? -1,
    validRound: core.valid?.round ?? -1,
    commitRound: core.commit?.round ?? -1,
    lockedBlockHash: hashOfKey(core.locked?.block),
    validBlockHash: hashOfKey(core.valid?.block),
    votes: rounds,
  };
}

/** A block key begins with the hash of the block, in hex: blockIdKey. */
const hashDigits = 64;
function hashOfKey(key: string | undefined): Uint8Array {
  return parseHex((key ?? "").slice(0, hashDigits)) ?? new Uint8Array();
}

/** It ends with the header of its parts. */
function partsOfKey(view: EngineView, key: string | undefined): BlockParts | undefined {
  if (key === undefined) return undefined;
  const header = PartSetHeader.decode(fromHex(key.slice(hashDigits)));
  return partsView(view.blocks.partsOf(header));
}

function partsView(parts: PartSet | undefined): BlockParts | undefined {
  return (
    parts && {
      count: parts.count,
      total: parts.header.total,
      bits: parts.bits.bits(),
      block: () => (parts.isComplete ? decodeBlock(parts.bytes()) : undefined),
    }
  );
}

function votesOf(view: EngineView, round: number): RoundVotesView {
  const [prevotes, precommits] = (["prevote", "precommit"] as const).map((type) =>
    marksOf(view, type, round),
  );
  return {
    round,
    prevotes: prevotes?.texts ?? [],
    prevotesBitArray: prevotes?.bitArray ?? "",
    precommits: precommits?.texts ?? [],
    precommitsBitArray: precommits?.bitArray ?? "",
  };
}

function marksOf(view: EngineView, type: "prevote" | "precommit", round: number) {
  const set = voteSet(view.core.votes, type, round);
  const validators = view.state.validators;
  let [marks, power] = ["", 0n];
  const texts = validators.validators.map((validator, index) => {
    const vote = set?.votes[index]?.signed;
    marks += vote ? "x" : "_";
    if (!vote) return undefined;
    power += validator.power;
    const address = toUpperHex(vote.validatorAddress).slice(0, fingerprintDigits);
    const block = toUpperHex(vote.blockId.hash).slice(0, fingerprintDigits) || "000000000000";
    return `Vote{${index}:${address} ${vote.height}/${round} ${block}}`;
  });
  const total = validators.totalPower;
  // Two decimals, floored: for people and for explorers that read the last four characters.
  const cents = total === 0n ? 0n : (power * 100n) / total;
  const share = `${cents / 100n}.${String(cents % 100n).padStart(2, "0")}`;
  return { texts, bitArray: `BA{${validators.size}:${marks}} ${power}/${total} = ${share}` };
}
