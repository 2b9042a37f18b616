/** What the round of consensus looks like from outside (cometbft rpc/core/consensus.go). */
import { toUpperHex } from "../../encoding/bytes.ts";
import { formatTime } from "../../encoding/time.ts";
import type { RoundView, RoundVotesView } from "../expected.ts";
import { validatorJson } from "../json/results.ts";
import { type Methods, type RpcContext, refuse } from "./method.ts";

export const consensusMethods: Methods = {
  consensus_state: {
    params: [],
    handle: (context) => {
      const round = roundOf(context);
      const validators = context.chain.state().validators;
      // Each skipped round moves the turn on, as the engine itself does when a round starts.
      const turn = round.round > 0 ? validators.incrementPriority(round.round) : validators;
      const proposer = turn.proposer();
      const found = validators.byAddress(proposer.address);
      return {
        round_state: {
          "height/round/step": `${round.height}/${round.round}/${round.step}`,
          start_time: formatTime(round.startTime),
          proposal_block_hash: toUpperHex(round.proposalBlockHash),
          locked_block_hash: toUpperHex(round.lockedBlockHash),
          valid_block_hash: toUpperHex(round.validBlockHash),
          height_vote_set: round.votes.map(votesJson),
          proposer: { address: toUpperHex(proposer.address), index: found?.index ?? 0 },
        },
      };
    },
  },
  dump_consensus_state: {
    params: [],
    handle: (context) => {
      const round = roundOf(context);
      const validators = context.chain.state().validators;
      return {
        round_state: {
          height: String(round.height),
          round: round.round,
          step: round.step,
          start_time: formatTime(round.startTime),
          validators: {
            validators: validators.validators.map(validatorJson),
            proposer: validatorJson(validators.proposer()),
          },
          votes: round.votes.map(votesJson),
        },
        peers: context.node.peers().map((peer) => ({ node_address: peer.listenAddress })),
      };
    },
  },
};

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
