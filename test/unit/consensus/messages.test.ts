/** The wire messages: CometBFT's bytes, and refusals of everything else. */
import { Proposal, Vote } from "cosmjs-types/tendermint/types/types";
import t from "tap";
import {
  type ConsensusMessage,
  decodeMessage,
  encodeMessage,
  maxConsensusMessageBytes,
  messageOf,
} from "../../../src/consensus/gossip/messages.ts";
import { fromHex, toHex, utf8 } from "../../../src/encoding/bytes.ts";
import { Message } from "../../../src/gen/tendermint/consensus/types.ts";
import { BitArray } from "../../../src/types/bit-array.ts";
import { prng } from "../../support/prng.ts";

const header = { total: 1, hash: utf8("add_more_exclamation_marks_code-") };
const blockId = { hash: header.hash, partSetHeader: header };
const timestamp = { seconds: 1_535_630_400n, nanos: 0 }; // 2018-08-30T12:00:00Z
const idHex =
  "0a206164645f6d6f72655f6578636c616d6174696f6e5f6d61726b735f636f64652d1224080112206164645f6d" +
  "6f72655f6578636c616d6174696f6e5f6d61726b735f636f64652d";
const maxInt64 = 2n ** 63n - 1n;
const maxInt32 = 2 ** 31 - 1;

const vote: Vote = {
  ...Vote.fromPartial({ type: 2, height: 1n, round: 0, validatorIndex: 1 }),
  blockId,
  timestamp,
  validatorAddress: utf8("add_more_exclamation"),
};
const part = {
  index: 1,
  bytes: utf8("test"),
  proof: { total: 1n, index: 1n, leafHash: header.hash, aunts: [] },
};
const proposal: Proposal = {
  ...Proposal.fromPartial({ type: 32, height: 1n, round: 1, polRound: 1 }),
  blockId,
  timestamp,
  signature: utf8("add_more_exclamation"),
};
const at = { height: 1n, round: 1, voteType: "prevote" } as const;
const noPol = { height: 1n, proposalPolRound: 1, proposalPol: { bits: 0n, elems: [] } };
const step = { type: "newRoundStep", height: 1n, round: 1, step: 1 } as const;

// consensus/msgs_test.go of CometBFT v0.38, TestConsMsgsVectors: all twelve.
const vectors: readonly [name: string, message: ConsensusMessage | Message, hex: string][] = [
  [
    "NewRoundStep",
    { ...step, secondsSinceStartTime: 1n, lastCommitRound: 1 },
    "0a0a08011001180120012801",
  ],
  [
    "NewRoundStep Max",
    {
      ...{ type: "newRoundStep", height: maxInt64, round: maxInt32, step: 2 ** 32 - 1 },
      ...{ secondsSinceStartTime: maxInt64, lastCommitRound: maxInt32 },
    },
    "0a2608ffffffffffffffff7f10ffffffff0718ffffffff0f20ffffffffffffffff7f28ffffffff07",
  ],
  [
    "NewValidBlock",
    {
      ...{ type: "newValidBlock", height: 1n, round: 1, header, isCommit: false },
      parts: new BitArray(1),
    },
    "1231080110011a24080112206164645f6d6f72655f6578636c616d6174696f6e5f6d61726b735f636f64652d22050801120100",
  ],
  [
    "Proposal",
    { type: "proposal", proposal },
    `1a720a7008201001180120012a48${idHex}320608c0b89fdc053a146164645f6d6f72655f6578636c616d6174696f6e`,
  ],
  ["ProposalPol", { proposalPol: noPol }, "2206080110011a00"],
  [
    "BlockPart",
    { type: "blockPart", height: 1n, round: 1, part },
    "2a36080110011a3008011204746573741a26080110011a206164645f6d6f72655f6578636c616d6174696f6e5f6d61726b735f636f64652d",
  ],
  [
    "Vote_without_ext",
    { type: "vote", vote },
    `32700a6e080210012248${idHex}2a0608c0b89fdc0532146164645f6d6f72655f6578636c616d6174696f6e3801`,
  ],
  [
    "Vote_with_ext",
    { type: "vote", vote: { ...vote, extension: utf8("extension") } },
    `327b0a79080210012248${idHex}2a0608c0b89fdc0532146164645f6d6f72655f6578636c616d6174696f6e38014a09657874656e73696f6e`,
  ],
  ["HasVote", { type: "hasVote", ...at, index: 1 }, "3a080801100118012001"],
  [
    "HasVote Max",
    { type: "hasVote", ...at, height: maxInt64, round: maxInt32, index: maxInt32 },
    "3a1808ffffffffffffffff7f10ffffffff07180120ffffffff07",
  ],
  ["VoteSetMaj23", { type: "voteSetMaj23", ...at, blockId }, `42500801100118012248${idHex}`],
  [
    "VoteSetBits",
    { type: "voteSetBits", ...at, blockId, votes: new BitArray(1) },
    `4a570801100118012248${idHex}2a050801120100`,
  ],
];
const wireOf = (message: ConsensusMessage | Message): Message =>
  "type" in message ? messageOf(message) : message;

for (const [name, message, hex] of vectors) {
  t.test(`vector ${name}`, async (t) => {
    t.equal(toHex(Message.encode(wireOf(message)).finish()), hex);
    t.same(toHex(Message.encode(Message.decode(fromHex(hex))).finish()), hex, "and back");
  });
}

t.test("what is sent is read again", async (t) => {
  const signed = { ...vote, signature: utf8("s") };
  const whole = { ...part, index: 0, proof: { ...part.proof, index: 0n } };
  const messages: readonly ConsensusMessage[] = [
    { ...step, secondsSinceStartTime: -3n, lastCommitRound: -1 },
    { type: "newValidBlock", height: 1n, round: 0, header, parts: new BitArray(1), isCommit: true },
    { type: "proposal", proposal: { ...proposal, polRound: -1 } },
    { type: "proposalPol", height: 1n, polRound: 0, votes: BitArray.from([true, false]) },
    { type: "blockPart", height: 1n, round: 0, part: whole },
    { type: "vote", vote: signed },
    { type: "hasVote", ...at, index: 0 },
    { type: "voteSetMaj23", ...at, blockId },
    { type: "voteSetBits", ...at, blockId, votes: BitArray.from([true, true, false]) },
  ];
  for (const message of messages) {
    const read = decodeMessage(encodeMessage(message));
    t.equal("refused" in read ? read.refused : read.type, message.type);
    if (!("refused" in read)) t.same(encodeMessage(read), encodeMessage(message));
  }
});

const bits = (count: bigint) => ({ bits: count, elems: [] });
const valid = { height: 1n, round: 0, blockPartSetHeader: header, blockParts: bits(1n) };
const refusals: readonly [name: string, message: Message | Uint8Array][] = [
  ["nothing", new Uint8Array(0)],
  ["two kinds", { hasVote: { height: 1n, round: 0, type: 1, index: 0 }, vote: { vote } }],
  ["negative height", { hasVote: { height: -1n, round: 0, type: 1, index: 0 } }],
  ["negative round", { hasVote: { height: 1n, round: -1, type: 1, index: 0 } }],
  ["negative index", { hasVote: { height: 1n, round: 0, type: 1, index: -1 } }],
  ["proposal as vote type", { hasVote: { height: 1n, round: 0, type: 32, index: 0 } }],
  ["no vote", { vote: {} }],
  ["vote without signature", { vote: { vote } }],
  ["proposal without signature", { proposal: { proposal: { ...proposal, signature: utf8("") } } }],
  ["no part", { blockPart: { height: 1n, round: 0 } }],
  [
    "part of more than 64 KiB",
    {
      blockPart: {
        ...{ height: 1n, round: 0 },
        part: { index: 0, bytes: new Uint8Array(65_537), proof: { ...part.proof, index: 0n } },
      },
    },
  ],
  [
    "part with another part's proof",
    { blockPart: { height: 1n, round: 0, part: { ...part, index: 0 } } },
  ],
  ["no bits for one part", { newValidBlock: { ...valid, blockParts: bits(0n), isCommit: false } }],
  ["too many bits", { proposalPol: { ...noPol, proposalPol: bits(10_001n) } }],
  ["bits without words", { proposalPol: { ...noPol, proposalPol: bits(64n) } }],
  ["step 9", { newRoundStep: { ...step, step: 9, secondsSinceStartTime: 0n, lastCommitRound: 0 } }],
  ["too large", new Uint8Array(maxConsensusMessageBytes + 1)],
];
for (const [name, message] of refusals) {
  t.test(`refused: ${name}`, async (t) => {
    const bytes = message instanceof Uint8Array ? message : Message.encode(message).finish();
    t.hasProp(decodeMessage(bytes), "refused");
  });
}

t.test("whatever the bytes, decoding returns", async (t) => {
  const samples = vectors.map(([, message]) => Message.encode(wireOf(message)).finish());
  for (let seed = 1; seed <= 3000; seed++) {
    const random = prng(seed);
    const bytes = Uint8Array.from(samples[seed % samples.length] ?? []);
    for (let flips = 1 + Math.floor(random() * 4); flips > 0; flips--) {
      bytes[Math.floor(random() * bytes.length)] = Math.floor(random() * 256);
    }
    const cut = bytes.subarray(0, Math.floor(random() * (bytes.length + 1)));
    for (const input of [bytes, cut]) {
      if (!decodeMessage(input)) t.fail(`seed ${seed}: ${toHex(input)}`);
    }
  }
  t.pass("3000 seeds");
});
