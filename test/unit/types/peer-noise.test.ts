/**
 * Noise into every decoder of what peers send: damaged samples and random bytes are read or
 * refused, and nothing is thrown. Transactions, queries and the interfaces have tests of their own.
 */
import { Block } from "cosmjs-types/tendermint/types/block";
import { DuplicateVoteEvidence } from "cosmjs-types/tendermint/types/evidence";
import { Vote } from "cosmjs-types/tendermint/types/types";
import t from "tap";
import { decodeMessage as decodeBlocksync } from "../../../src/blocksync/messages.ts";
import { decodeMessage as decodeConsensus } from "../../../src/consensus/gossip/messages.ts";
import { concat, fromHex, toHex } from "../../../src/encoding/bytes.ts";
import { decodeTotal } from "../../../src/encoding/wire.ts";
import { decodeTxs, encodeTxs } from "../../../src/mempool/tx-message.ts";
import { decodePex } from "../../../src/p2p/peers/pex-messages.ts";
import { decodeMessage as decodeStateSync } from "../../../src/statesync/messages.ts";
import { decodeBlock } from "../../../src/types/block.ts";
import { validateEvidenceBasic } from "../../../src/types/evidence.ts";
import { prng } from "../../support/prng.ts";

const total = 10_000;
const seed = Number(process.env.SEED ?? 77);
const limits = { maxBytes: 10_000, maxDepth: 16 };

const vote = Vote.fromPartial({
  ...{ type: 2, height: 5n, round: 1, validatorIndex: 3 },
  blockId: {
    hash: new Uint8Array(32).fill(1),
    partSetHeader: { total: 1, hash: new Uint8Array(32) },
  },
  validatorAddress: new Uint8Array(20).fill(2),
  signature: new Uint8Array(64).fill(3),
});
const evidence = DuplicateVoteEvidence.encode(
  DuplicateVoteEvidence.fromPartial({ voteA: vote, voteB: vote, totalVotingPower: 9n }),
).finish();
const block = Block.encode(
  Block.fromPartial({
    header: { chainId: "c", height: 5n, version: { block: 11n } },
    data: { txs: [new Uint8Array(9)] },
    lastCommit: { height: 4n, signatures: [{ blockIdFlag: 2, signature: new Uint8Array(64) }] },
  }),
).finish();

/** Decoders with bytes that are right or nearly so; the hex is CometBFT's own vectors. */
const decoders: readonly [
  name: string,
  decode: (b: Uint8Array) => unknown,
  samples: Uint8Array[],
][] = [
  ["vote", (b) => decodeTotal(Vote, b, limits), [Vote.encode(vote).finish()]],
  [
    "evidence",
    (b) => {
      const duplicateVoteEvidence = decodeTotal(DuplicateVoteEvidence, b, limits);
      return duplicateVoteEvidence && validateEvidenceBasic({ duplicateVoteEvidence });
    },
    [evidence],
  ],
  ["block", decodeBlock, [block]],
  [
    "consensus",
    decodeConsensus,
    ["0a0a08011001180120012801", "2206080110011a00", "3a080801100118012001"].map(fromHex),
  ],
  ["transactions", (b) => decodeTxs(b, 100), [encodeTxs([new Uint8Array(5), new Uint8Array(9)])]],
  ["blocksync", decodeBlocksync, ["0a020801", "220012020801", "2a0408021001"].map(fromHex)],
  ["statesync", decodeStateSync, ["0a00", "12080801100118022a00", "1a06080110012801"].map(fromHex)],
  ["pex", decodePex, ["0a00", "12040a020a00"].map(fromHex)],
];

for (const [name, decode, samples] of decoders) {
  t.test(`${name}: ${total} byte strings, SEED=${seed}`, async (t) => {
    const random = prng(seed);
    const below = (limit: number) => Math.floor(random() * limit);
    for (let i = 0; i < total; i++) {
      const sample = samples[i % samples.length] ?? new Uint8Array();
      const noise = Uint8Array.from({ length: below(40) }, () => below(256));
      const at = below(sample.length + 1);
      const whole = concat(sample.subarray(0, at), below(3) === 0 ? noise : new Uint8Array());
      const bytes = below(8) === 0 ? noise : concat(whole, sample.subarray(at));
      for (let flips = below(4); flips > 0 && bytes.length > 0; flips--) {
        bytes[below(bytes.length)] = below(256);
      }
      try {
        decode(bytes);
      } catch (error) {
        t.fail(`${toHex(bytes)}: ${error}`);
      }
    }
  });
}
