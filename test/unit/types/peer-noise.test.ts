/**
 * Noise into every decoder of what peers send: damaged samples and random bytes are read or
 * refused, and nothing is thrown. spec/decoders.md lists them all.
 */
import { Block } from "cosmjs-types/tendermint/types/block";
import { DuplicateVoteEvidence, EvidenceList } from "cosmjs-types/tendermint/types/evidence";
import { ExtendedCommit, LightBlock, Vote } from "cosmjs-types/tendermint/types/types";
import t from "tap";
import { decodeManifest, encodeManifest } from "../../../src/abci/snapshots/manifest.ts";
import {
  type BlocksyncMessage,
  decodeMessage as decodeBlocksync,
  encodeMessage as encodeBlocksync,
} from "../../../src/blocksync/messages.ts";
import { decodeMessage as decodeConsensus } from "../../../src/consensus/gossip/messages.ts";
import { fromHex, toHex } from "../../../src/encoding/bytes.ts";
import { decodeTotal } from "../../../src/encoding/wire.ts";
import { decodeTxs, encodeTxs } from "../../../src/mempool/tx-message.ts";
import { encodeFrame, FrameReader } from "../../../src/p2p/frames.ts";
import { decodeControl, encodeHello, nodeInfoOf } from "../../../src/p2p/hello.ts";
import { decodePex, encodePex } from "../../../src/p2p/peers/pex-messages.ts";
import {
  decodeMessage as decodeStateSync,
  encodeMessage as encodeStateSync,
  type StateSyncMessage,
} from "../../../src/statesync/messages.ts";
import { decodeBlock } from "../../../src/types/block.ts";
import { validateEvidenceBasic } from "../../../src/types/evidence.ts";
import { lightClientAttackEvidence } from "../../../src/types/light/light-attack.ts";
import { lightBlockFromProto, lightBlockToProto } from "../../../src/types/light/light-block.ts";
import { decodeExtendedCommit } from "../../../src/types/votes/extended-commit.ts";
import { LightChain } from "../../support/light-chain.ts";
import { byteStrings, Noise } from "../../support/noise.ts";

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
const chain = new LightChain(() => [1, 2, 3, 4]);
const attack = lightClientAttackEvidence({
  conflicting: chain.forge(8n, { header: { appHash: new Uint8Array(32) } }),
  trusted: chain.at(8n),
  common: chain.at(4n),
});
const duplicateVoteEvidence = DuplicateVoteEvidence.fromPartial({
  ...{ voteA: vote, voteB: vote, totalVotingPower: 9n },
});
const evidence = [{ duplicateVoteEvidence }, { lightClientAttackEvidence: attack }].map((each) =>
  EvidenceList.encode(EvidenceList.fromPartial({ evidence: [each] })).finish(),
);
const signature = { blockIdFlag: 2, signature: new Uint8Array(64), extension: new Uint8Array(9) };
const extendedCommit = ExtendedCommit.encode(
  ExtendedCommit.fromPartial({ height: 4n, extendedSignatures: [signature, signature] }),
).finish();
const lightBlock = LightBlock.encode(lightBlockToProto(chain.at(5n))).finish();
const identity = {
  ...{ id: "ab".repeat(20), chainId: "c", moniker: "m", version: "1", appVersion: 1n },
  ...{ listenAddress: "a:1", rpcAddress: "b:2", channels: Uint8Array.of(0x20, 0x30) },
};
const manifest = encodeManifest({
  ...{ version: 15, initialVersion: 1, stores: [{ name: "bank", root: new Uint8Array(32) }] },
  chunkHashes: [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2)],
});
const block = Block.encode(
  Block.fromPartial({
    header: { chainId: "c", height: 5n, version: { block: 11n } },
    data: { txs: [new Uint8Array(9)] },
    lastCommit: { height: 4n, signatures: [{ blockIdFlag: 2, signature: new Uint8Array(64) }] },
  }),
).finish();

const blocksync: BlocksyncMessage[] = [
  { type: "blockRequest", height: 5n },
  { type: "noBlock", height: 5n },
  { type: "block", block, extendedCommit },
  { type: "statusRequest" },
  { type: "status", base: 1n, height: 9n },
];
const chunk = { height: 5n, format: 1, index: 2 };
const snapshot = {
  height: 15n,
  format: 1,
  chunks: 2,
  hash: new Uint8Array(32),
  metadata: manifest,
};
const statesync: StateSyncMessage[] = [
  { type: "snapshotsRequest" },
  { type: "snapshot", snapshot },
  { type: "chunkRequest", id: chunk },
  { type: "chunk", id: chunk, chunk: new Uint8Array(50) },
  { type: "chunk", id: chunk, chunk: undefined },
];
const addresses = [{ id: "ab".repeat(20), ip: "60.1.1.1", port: 1 }];

/** Decoders with bytes that are right; the hex is CometBFT's own vectors. */
const decoders: readonly [
  name: string,
  decode: (b: Uint8Array) => unknown,
  samples: Uint8Array[],
][] = [
  ["vote", (b) => decodeTotal(Vote, b, limits), [Vote.encode(vote).finish()]],
  [
    "evidence",
    (b) =>
      decodeTotal(EvidenceList, b, { maxBytes: 10_000 })?.evidence.map((each) =>
        validateEvidenceBasic(each),
      ),
    evidence,
  ],
  ["extended commit", decodeExtendedCommit, [extendedCommit]],
  [
    "light block",
    (b) => {
      const decoded = decodeTotal(LightBlock, b, { maxBytes: 10_000 });
      return decoded && lightBlockFromProto(decoded);
    },
    [lightBlock],
  ],
  ["block", decodeBlock, [block]],
  [
    "consensus",
    decodeConsensus,
    ["0a0a08011001180120012801", "2206080110011a00", "3a080801100118012001"].map(fromHex),
  ],
  ["transactions", (b) => decodeTxs(b, 100), [encodeTxs([new Uint8Array(5), new Uint8Array(9)])]],
  ["blocksync", decodeBlocksync, blocksync.map(encodeBlocksync)],
  ["statesync", decodeStateSync, statesync.map(encodeStateSync)],
  ["pex", decodePex, [encodePex({ type: "request" }), encodePex({ type: "addresses", addresses })]],
  ["hello", decodeControl, [encodeHello(nodeInfoOf(identity), new Uint8Array(16))]],
  [
    "frames",
    (b) => new FrameReader(1_000).push(b),
    [encodeFrame(new Uint8Array(200)), encodeFrame(Uint8Array.of(1))],
  ],
  ["manifest of a snapshot", decodeManifest, [manifest]],
];

for (const [name, decode, samples] of decoders) {
  t.test(`${name}: ${byteStrings} byte strings`, async (t) => {
    for (const sample of samples) t.not(decode(sample), undefined, "a sample can be read");
    for (const bytes of new Noise(t, 77).strings(samples)) {
      try {
        decode(bytes);
      } catch (error) {
        t.fail(`${toHex(bytes)}: ${error}`);
      }
    }
  });
}
