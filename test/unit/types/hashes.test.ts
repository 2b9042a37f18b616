/**
 * Hashes of headers, commits, data, evidence, parts and parameters, on blocks of running chains
 * (test/vectors/comet, whose files name their origin) and on the literals of cometbft v0.38.25
 * types/block_test.go and types/params_test.go.
 */
import { readFileSync } from "node:fs";
import { LightClientAttackEvidence } from "cosmjs-types/tendermint/types/evidence";
import { Header } from "cosmjs-types/tendermint/types/types";
import t from "tap";
import { sha256 } from "../../../src/crypto/hash.ts";
import { merkleProofs, verifyMerkleProof } from "../../../src/crypto/merkle.ts";
import { equalBytes, fromHex, toHex, toUpperHex, utf8 } from "../../../src/encoding/bytes.ts";
import { fromNanos } from "../../../src/encoding/time.ts";
import {
  encodeBlock,
  hashCommit,
  hashData,
  makeBlock,
  maxCommitBytes,
  maxDataBytes,
  maxHeaderBytes,
  validateBlockBasic,
} from "../../../src/types/block.ts";
import { emptyCommit } from "../../../src/types/commit.ts";
import {
  defaultConsensusParams,
  hashConsensusParams,
} from "../../../src/types/consensus-params.ts";
import { evidenceHash, evidenceToMisbehavior } from "../../../src/types/evidence.ts";
import { hashHeader } from "../../../src/types/header.ts";
import { PartSet } from "../../../src/types/part-set.ts";
import { hashResults, txHash } from "../../../src/types/tx.ts";
import { cometBlock, cometBlockId, cometHeader, type Json } from "../../support/comet-json.ts";

const vectors: Json = JSON.parse(
  readFileSync(new URL("../../vectors/comet/blocks.json", import.meta.url), "utf8"),
);
const emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

for (const { origin, block_id, block: json } of vectors.blocks) {
  t.test(`a block of a running chain: ${origin}`, (t) => {
    const block = cometBlock(json);
    const id = cometBlockId(block_id);
    t.equal(toHex(hashHeader(block.header)), toHex(id.hash), "block hash");
    t.same(PartSet.fromBytes(encodeBlock(block)).header, id.partSetHeader, "part set header");
    t.equal(validateBlockBasic(block), undefined, "commit, data and evidence hashes");
    t.end();
  });
}

t.test("a signed header of a running chain", (t) => {
  const { header, commit } = vectors.signed_header;
  t.equal(toUpperHex(hashHeader(cometHeader(header))), commit.block_id.hash);
  t.end();
});

const literal: Header = {
  version: { block: 1n, app: 2n },
  chainId: "chainId",
  height: 3n,
  time: { seconds: 1_570_983_284n, nanos: 0 },
  lastBlockId: {
    hash: new Uint8Array(32),
    partSetHeader: { total: 6, hash: new Uint8Array(32) },
  },
  lastCommitHash: sha256(utf8("last_commit_hash")),
  dataHash: sha256(utf8("data_hash")),
  validatorsHash: sha256(utf8("validators_hash")),
  nextValidatorsHash: sha256(utf8("next_validators_hash")),
  consensusHash: sha256(utf8("consensus_hash")),
  appHash: sha256(utf8("app_hash")),
  lastResultsHash: sha256(utf8("last_results_hash")),
  evidenceHash: sha256(utf8("evidence_hash")),
  proposerAddress: sha256(utf8("proposer_address")).subarray(0, 20),
};

t.test("TestHeaderHash", (t) => {
  t.equal(
    toUpperHex(hashHeader(literal)),
    "F740121F553B5418C3EFBD343C2DBFE9E007BB67B0D020A0741374BAB65242A4",
  );
  t.equal(hashHeader({ ...literal, validatorsHash: new Uint8Array(0) }).length, 0);
  t.end();
});

t.test("header_hashing of tendermint-rs block/header.rs", (t) => {
  const header: Header = {
    ...literal,
    version: { block: 11n, app: 1n },
    chainId: "dockerchain",
    height: 1608n,
    time: fromNanos(1_600_101_234_211_914_210n),
    lastBlockId: {
      hash: fromHex("D3B2CC7EDAFF87433A5DBCDCDF4077A56AACDE3606034262B0CDB120F62EB40B"),
      partSetHeader: {
        total: 1,
        hash: fromHex("3AB411EAFE9A3B7AC013B0214990E5653112A39909289E3EA9211F07B8CD6EED"),
      },
    },
    lastCommitHash: fromHex("47071B86EFC28BEC17543967975F35191BA9BEC9C2AD77E86F63B149528D71A1"),
    dataHash: fromHex(emptyHash),
    validatorsHash: fromHex("5E20520EC80B84044B64BA0C55B1C06D543BBD57955C27B8A9999EC526BF703C"),
    nextValidatorsHash: fromHex("5E20520EC80B84044B64BA0C55B1C06D543BBD57955C27B8A9999EC526BF703C"),
    consensusHash: fromHex("048091BC7DDC283F77BFBF91D73C44DA58C3DF8A9CBC867405D8B7F3DAADA22F"),
    appHash: new Uint8Array(8),
    lastResultsHash: fromHex(emptyHash),
    evidenceHash: fromHex(emptyHash),
    proposerAddress: fromHex("C8657A30D20C3BAD414624A1A963373DD500CCD3"),
  };
  t.equal(
    toUpperHex(hashHeader(header)),
    "F30A71F2409FB15AACAEDB6CC122DFA2525BEE9CAE521721B06BFDCA291B8D56",
  );
  t.end();
});

t.test("the largest header has the size that block sizes reckon with (TestMaxHeaderBytes)", (t) => {
  const maxInt64 = (1n << 63n) - 1n;
  const largest: Header = {
    ...literal,
    version: { block: maxInt64, app: maxInt64 },
    chainId: "\u{2070e}".repeat(50),
    height: maxInt64,
    time: { seconds: -(1n << 60n), nanos: 999_999_999 }, // Ten bytes of seconds, five of nanos.
    lastBlockId: {
      hash: new Uint8Array(32),
      partSetHeader: { total: 2 ** 31 - 1, hash: new Uint8Array(32) },
    },
  };
  t.equal(BigInt(Header.encode(largest).finish().length), maxHeaderBytes);
  t.equal(maxCommitBytes(1), 94n + 111n);
  t.equal(maxCommitBytes(10_000), 94n + 1_110_000n);
  t.end();
});

t.test("TestBlockMaxDataBytes", (t) => {
  const cases: [bigint, number, bigint, bigint | undefined][] = [
    [10n, 1, 0n, undefined],
    [841n, 1, 0n, undefined],
    [842n, 1, 0n, 0n],
    [843n, 1, 0n, 1n],
    [954n, 2, 0n, 1n],
    [1053n, 2, 100n, 0n],
    [-1n, 1, 0n, 104_857_600n - 842n],
  ];
  for (const [maxBytes, validatorCount, evidenceBytes, want] of cases) {
    t.equal(maxDataBytes({ maxBytes, validatorCount, evidenceBytes }), want, `${maxBytes}`);
  }
  t.end();
});

t.test("consensus parameters: CometBFT's defaults, and only the block's limits count", (t) => {
  const params = defaultConsensusParams();
  const known = "048091bc7ddc283f77bfbf91d73c44da58c3df8a9cbc867405d8b7f3daada22f";
  t.equal(toHex(hashConsensusParams(params)), known);
  t.equal(toHex(hashConsensusParams({ ...params, version: { app: 9n } })), known);
  const other = { ...params, block: { ...params.block, maxGas: 1n } };
  t.not(toHex(hashConsensusParams(other)), known);
  t.end();
});

t.test("the leaf of a transaction is the hash of its hash", (t) => {
  const txs = [utf8("a=1"), utf8("b=2"), utf8("c=3")];
  const { root, proofs } = merkleProofs(txs.map(txHash));
  t.same(hashData(txs), root);
  const [proof] = proofs;
  t.equal(proof !== undefined && verifyMerkleProof(root, sha256(utf8("a=1")), proof), true);
  t.equal(toHex(hashData([])), emptyHash);
  t.equal(toHex(hashCommit(emptyCommit())), emptyHash);
  t.end();
});

t.test("only code, data and gas of a result are hashed (TestABCIResults)", (t) => {
  const result = {
    ...{ code: 0, data: new Uint8Array(0), log: "", info: "", gasWanted: 0n, gasUsed: 0n },
    ...{ events: [], codespace: "" },
  };
  const base = toHex(hashResults([result]));
  t.equal(
    base,
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "an empty leaf",
  );
  const event = { type: "transfer", attributes: [{ key: "k", value: "v", index: true }] };
  const silent = [{ log: "l" }, { info: "i" }, { codespace: "sdk" }, { events: [event] }];
  for (const change of silent) t.equal(toHex(hashResults([{ ...result, ...change }])), base);
  const loud = [{ code: 1 }, { data: utf8("x") }, { gasWanted: 1n }, { gasUsed: 1n }];
  for (const change of loud) t.not(toHex(hashResults([{ ...result, ...change }])), base);
  t.equal(toHex(hashResults([])), emptyHash);
  t.end();
});

t.test("what the application is told about evidence of a running chain", (t) => {
  const json = vectors.blocks.find(({ origin }: Json) => origin.endsWith("block_search_evidence"));
  const { evidence } = cometBlock(json.block).evidence;
  const [found] = evidence;
  const duplicate = found?.duplicateVoteEvidence;
  if (!found || !duplicate?.voteA) throw new Error("the vector has evidence");
  t.same(evidenceToMisbehavior(found), [
    {
      type: 1,
      validator: { address: duplicate.voteA.validatorAddress, power: 99n },
      height: 547n,
      time: duplicate.timestamp,
      totalVotingPower: 1509n,
    },
  ]);
  t.equal(evidenceHash(found).length, 32);
  t.end();
});

t.test("the hash of light client attack evidence keeps CometBFT's dropped byte", (t) => {
  const attack = LightClientAttackEvidence.fromPartial({
    conflictingBlock: { signedHeader: { header: literal } },
    commonHeight: 10n,
  });
  const hash = hashHeader(literal);
  const buffer = new Uint8Array(33); // 31 bytes of the hash, a zero, zig-zag varint of 10.
  buffer.set(hash.subarray(0, 31));
  buffer[32] = 20;
  t.same(evidenceHash({ lightClientAttackEvidence: attack }), sha256(buffer));
  t.end();
});

t.test("a block that does not hash to its header is refused, with what is wrong", (t) => {
  const [json] = vectors.blocks.filter(({ origin }: Json) =>
    origin.endsWith("v0_38/incoming/block_at_height_10"),
  );
  const block = cometBlock(json.block);
  const { header, lastCommit } = block;
  if (!lastCommit) throw new Error("the vector has a commit");
  const withHeader = (change: Partial<Header>) => ({ ...block, header: { ...header, ...change } });
  const cases: [Parameters<typeof validateBlockBasic>[0], RegExp][] = [
    [withHeader({ version: { block: 10n, app: 0n } }), /block protocol 10 instead of 11/],
    [withHeader({ chainId: "x".repeat(51) }), /chain id is too long/],
    [withHeader({ height: 0n }), /height 0 is not positive/],
    [withHeader({ proposerAddress: new Uint8Array(19) }), /proposer address has 19 bytes/],
    [withHeader({ lastResultsHash: new Uint8Array(31) }), /last results hash has 31 bytes/],
    [withHeader({ validatorsHash: new Uint8Array(33) }), /validators hash has 33 bytes/],
    [withHeader({ lastCommitHash: new Uint8Array(32) }), /wrong last commit hash/],
    [withHeader({ dataHash: new Uint8Array(32) }), /wrong data hash/],
    [withHeader({ evidenceHash: new Uint8Array(32) }), /wrong evidence hash/],
    [{ ...block, data: { txs: [utf8("extra")] } }, /wrong data hash/],
    [{ ...block, lastCommit: { ...lastCommit, signatures: [] } }, /no signatures/],
    [
      { ...block, evidence: { evidence: [{}] } },
      /evidence 0: evidence must be of exactly one kind/,
    ],
  ];
  for (const [bad, reason] of cases) t.match(validateBlockBasic(bad), reason);
  const { lastCommit: _, ...bare } = block;
  t.match(validateBlockBasic(bare), /last commit is missing/);
  t.end();
});

t.test("makeBlock fills the hashes of its contents", (t) => {
  const block = makeBlock({
    height: 7n,
    txs: [utf8("x")],
    lastCommit: emptyCommit(),
    evidence: [],
  });
  t.equal(equalBytes(block.header.dataHash, hashData([utf8("x")])), true);
  t.equal(toHex(block.header.lastCommitHash), emptyHash);
  t.equal(toHex(block.header.evidenceHash), emptyHash);
  t.equal(block.header.height, 7n);
  t.end();
});
