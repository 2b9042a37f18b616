/** What the round of consensus looks like from outside (cometbft rpc/core/consensus.go). */
import { toUpperHex } from "../../encoding/bytes.ts";
import { formatTime } from "../../encoding/time.ts";
import { blockJson, commitJson, proposalJson } from "../../types/json/block.ts";
import type { ValidatorSet } from "../../types/validator-set.ts";
import { proposerJson } from "../events/round-events.ts";
import type { BlockParts, PeerView, RoundView, RoundVotesView } from "../expected.ts";
import { validatorJson } from "../json/results.ts";
import { type Methods, type RpcContext, refuse } from "./method.ts";

export const consensusMethods: Methods = {
  consensus_state: {
    params: [],
    handle: (context) => {
      const round = roundOf(context);
      return {
        round_state: {
          "height/round/step": `${round.height}/${round.round}/${round.step}`,
          start_time: formatTime(round.startTime),
          proposal_block_hash: toUpperHex(round.proposalBlockHash),
          locked_block_hash: toUpperHex(round.lockedBlockHash),
          valid_block_hash: toUpperHex(round.validBlockHash),
          height_vote_set: round.votes.map(votesJson),
          proposer: proposerJson(context.chain.state().validators, round.round),
        },
      };
    },
  },
  dump_consensus_state: {
    params: [],
    handle: (context) => ({
      round_state: roundStateJson(context, roundOf(context)),
      peers: context.node.peers().map((peer) => peerStateJson(context, peer)),
    }),
  },
};

/** With the proposal and the blocks under way, as far as they are here. */
function roundStateJson(context: RpcContext, round: RoundView): object {
  const { validators, lastValidators } = context.chain.state();
  const tip = context.blocks.height();
  const lastCommit = tip > 0n ? context.blocks.loadSeenCommit(tip) : undefined;
  return {
    height: String(round.height),
    round: round.round,
    step: round.step,
    start_time: formatTime(round.startTime),
    commit_time: "0001-01-01T00:00:00Z",
    validators: validatorSetJson(validators),
    proposal: round.proposal ? proposalJson(round.proposal) : null,
    ...partsJson("proposal", round.parts?.proposed),
    locked_round: round.lockedRound,
    ...partsJson("locked", round.parts?.locked),
    valid_round: round.validRound,
    ...partsJson("valid", round.parts?.valid),
    votes: round.votes.map(votesJson),
    commit_round: round.commitRound,
    last_commit: lastCommit ? commitJson(lastCommit) : null,
    last_validators: validatorSetJson(lastValidators),
    triggered_timeout_precommit: round.step === 7,
  };
}

/** A block under way and its parts: null where there is none (types/part_set.go, MarshalJSON). */
function partsJson(name: string, parts: BlockParts | undefined): object {
  const block = parts?.block();
  const shown = parts && {
    "count/total": `${parts.count}/${parts.total}`,
    parts_bit_array: parts.bits,
  };
  return {
    [`${name}_block`]: block ? blockJson(block) : null,
    [`${name}_block_parts`]: shown ?? null,
  };
}

function validatorSetJson(set: ValidatorSet): object | null {
  if (set.size === 0) return null;
  return {
    validators: set.validators.map(validatorJson),
    proposer: validatorJson(set.proposer()),
  };
}

function peerStateJson(context: RpcContext, peer: PeerView): object {
  const state = context.peerRounds().get(peer.id);
  return {
    node_address: `${peer.id}@${peer.remoteIp}`,
    peer_state: state
      ? { round_state: { height: String(state.height), round: state.round, step: state.step } }
      : null,
  };
}

function roundOf(context: RpcContext): RoundView {
  const round = context.round();
  if (!round) throw refuse("consensus has not started: the node is catching up");
  return round;
}

function votesJson(votes: RoundVotesView): object {
  const shown = (list: readonly (string | undefined)[]) => list.map((vote) => vote ?? "nil-Vote");
  return {
    round: votes.round,
    prevotes: shown(votes.prevotes),
    prevotes_bit_array: votes.prevotesBitArray,
    precommits: shown(votes.precommits),
    precommits_bit_array: votes.precommitsBitArray,
  };
}
