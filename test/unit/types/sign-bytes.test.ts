/**
 * What validators sign, byte for byte. Vectors: cometbft v0.38.25 types/vote_test.go
 * (TestVoteSignBytesTestVectors), tendermint-rs a38e9f5 tendermint/src/proposal.rs, and protobuf
 * forms from cometbft privval/msgs_test.go and evidence/reactor_test.go.
 */
import { EvidenceList } from "cosmjs-types/tendermint/types/evidence";
import { Proposal, Vote } from "cosmjs-types/tendermint/types/types";
import t from "tap";
import { ed25519PublicKey, ed25519Sign } from "../../../src/crypto/ed25519.ts";
import { sha256 } from "../../../src/crypto/hash.ts";
import { secp256k1PublicKey, secp256k1Sign } from "../../../src/crypto/secp256k1.ts";
import { fromHex, toHex, utf8 } from "../../../src/encoding/bytes.ts";
import { zeroTime } from "../../../src/encoding/time.ts";
import { zeroBlockId } from "../../../src/types/block-id.ts";
import { duplicateVoteEvidence } from "../../../src/types/evidence.ts";
import { ValidatorSet } from "../../../src/types/validator-set.ts";
import { newValidator, type PublicKey } from "../../../src/types/validators/validator.ts";
import {
  extensionSignBytes,
  proposalSignBytes,
  validateProposalBasic,
  validateVoteBasic,
  verifyProposal,
  verifyVote,
  verifyVoteExtension,
  voteSignBytes,
} from "../../../src/types/vote.ts";
import { cometTime } from "../../support/comet-json.ts";

const vote = (partial: Partial<Vote>): Vote => ({
  ...Vote.fromPartial({}),
  timestamp: { ...zeroTime },
  ...partial,
});
const chainId = "test_chain_id";
const noTime = "2a0b088092b8c398feffffff01";
const heightAndRound = "110100000000000000190100000000000000";
const chainField = "320d746573745f636861696e5f6964";

t.test("vote sign bytes are CometBFT's (TestVoteSignBytesTestVectors)", (t) => {
  const at = { height: 1n, round: 1 };
  const cases: [string, Partial<Vote>, string][] = [
    ["", {}, `0d${noTime}`],
    ["", { ...at, type: 2 }, `210802${heightAndRound}${noTime}`],
    ["", { ...at, type: 1 }, `210801${heightAndRound}${noTime}`],
    ["", at, `1f${heightAndRound}${noTime}`],
    [chainId, at, `2e${heightAndRound}${noTime}${chainField}`],
    [chainId, { ...at, extension: utf8("extension") }, `2e${heightAndRound}${noTime}${chainField}`],
  ];
  for (const [id, partial, want] of cases) {
    t.equal(toHex(voteSignBytes(id, vote(partial))), want);
  }
  t.end();
});

const deadBeef = "deadbeefdeadbeefbafbafbafbafbafadeadbeefdeadbeefbafbafbafbafbafa";
const partsHash = "0022446688aaccee1133557799bbddff0022446688aaccee1133557799bbddff";

t.test("proposal sign bytes are CometBFT's (tendermint-rs proposal.rs)", (t) => {
  const proposal = (hash: string): Proposal => ({
    type: 32,
    height: 12345n,
    round: 23456,
    polRound: -1,
    blockId: { hash: fromHex(hash), partSetHeader: { total: 65535, hash: fromHex(partsHash) } },
    timestamp: cometTime("2018-02-11T07:09:22.765Z"),
    signature: new Uint8Array(0),
  });
  const start = "0820113930000000000000" + "19a05b00000000000020ffffffffffffffffff01";
  const parts = `122608ffff031220${partsHash}`;
  const end = "320c08a2d8ffd30510c0f2e3ec023a0d746573745f636861696e5f6964";
  t.equal(
    toHex(proposalSignBytes(chainId, proposal(deadBeef))),
    `8801${start}2a4a0a20${deadBeef}${parts}${end}`,
    "with a block hash (136 bytes)",
  );
  t.equal(
    toHex(proposalSignBytes(chainId, proposal(""))),
    `66${start}2a28${parts}${end}`,
    "an empty hash with parts is not nil (102 bytes)",
  );
  t.end();
});

t.test("extension sign bytes hold extension, height, round and chain id", (t) => {
  const bytes = extensionSignBytes("c", vote({ extension: utf8("ext"), height: 3n, round: 1 }));
  t.equal(toHex(bytes), "1a0a03657874110300000000000000190100000000000000220163");
  t.end();
});

const blockId = {
  hash: sha256(utf8("blockID_hash")),
  partSetHeader: { total: 1_000_000, hash: sha256(utf8("blockID_part_set_header_hash")) },
};
const exampleAddress = sha256(utf8("validator_address")).subarray(0, 20);

t.test("the wire form of a vote is CometBFT's (privval TestPrivvalVectors)", (t) => {
  const example = vote({
    type: 2,
    height: 3n,
    round: 2,
    blockId,
    timestamp: cometTime("2017-12-25T03:00:01.234Z"),
    validatorAddress: exampleAddress,
    validatorIndex: 56789,
    extension: utf8("extension"),
  });
  const idBytes =
    "0a208b01023386c371778ecb6368573e539afc3cc860ec3a2f614e54fe5652f4fc80122608c0843d122072db3d95" +
    "9635dff1bb567bedaa70573392c5159666a3f8caf11e413aac52207a";
  const address = "6af1f4111082efb388211bc72c55bcd61e9ac3d5";
  t.equal(
    toHex(Vote.encode(example).finish()),
    `080210031802224a${idBytes}2a0b08b1d381d20510809dca6f3214${address}` +
      "38d5bb034a09657874656e73696f6e",
  );
  t.equal(toHex(Vote.encode(vote({})).finish()), "220212002a0b088092b8c398feffffff01");
  t.end();
});

t.test("duplicate vote evidence is CometBFT's (TestEvidenceVectors)", (t) => {
  const example = (type: number): Vote =>
    vote({
      type,
      height: 3n,
      round: 2,
      blockId,
      timestamp: cometTime("2017-12-25T03:00:01.234Z"),
      validatorAddress: exampleAddress,
      validatorIndex: 56789,
    });
  const pubKey: PublicKey = { type: "ed25519", key: new Uint8Array(32) };
  const evidence = duplicateVoteEvidence({
    a: example(1),
    b: example(2),
    time: cometTime("2019-01-01T00:00:00Z"),
    validators: ValidatorSet.from([{ address: exampleAddress, pubKey, power: 10n }]),
  });
  const idAndTime =
    "31802224a0a208b01023386c371778ecb6368573e539afc3cc860ec3a2f614e54fe5652f4fc80122608c0843d12" +
    "2072db3d959635dff1bb567bedaa70573392c5159666a3f8caf11e413aac52207a2a0b08b1d381d20510809dca6f" +
    "32146af1f4111082efb388211bc72c55bcd61e9ac3d538d5bb03";
  t.equal(
    toHex(EvidenceList.encode({ evidence: [{ duplicateVoteEvidence: evidence }] }).finish()),
    `0a85020a82020a790802100${idAndTime}12790801100${idAndTime}180a200a2a060880dbaae105`,
  );
  t.end();
});

const seed = new Uint8Array(32).fill(7);
const ed25519: PublicKey = { type: "ed25519", key: ed25519PublicKey(seed) };
const secp256k1: PublicKey = { type: "secp256k1", key: secp256k1PublicKey(seed) };
const sign = (pubKey: PublicKey, message: Uint8Array): Uint8Array =>
  pubKey.type === "ed25519" ? ed25519Sign(seed, message) : secp256k1Sign(seed, sha256(message));
const complete = { hash: sha256(utf8("b")), partSetHeader: { total: 1, hash: sha256(utf8("p")) } };

for (const pubKey of [ed25519, secp256k1]) {
  t.test(
    `a vote is verified for its chain, its key and every signed field: ${pubKey.type}`,
    (t) => {
      const { address: validatorAddress } = newValidator(pubKey, 1n);
      const unsigned = vote({ type: 2, height: 5n, blockId: complete, validatorAddress });
      const signed = { ...unsigned, signature: sign(pubKey, voteSignBytes(chainId, unsigned)) };
      t.equal(verifyVote(chainId, signed, pubKey), true);
      t.equal(verifyVote("other", signed, pubKey), false);
      const changes: Partial<Vote>[] = [
        { type: 1 },
        { height: 6n },
        { round: 1 },
        { blockId: zeroBlockId() },
        { timestamp: { seconds: 1n, nanos: 0 } },
        { validatorAddress: exampleAddress },
        { signature: new Uint8Array(64) },
        { signature: new Uint8Array(0) },
      ];
      for (const change of changes) {
        t.equal(
          verifyVote(chainId, { ...signed, ...change }, pubKey),
          false,
          `${Object.keys(change)}`,
        );
      }
      t.equal(verifyVote(chainId, { ...signed, validatorIndex: 9 }, pubKey), true, "not signed");
      t.end();
    },
  );
}

t.test("extensions and proposals have signatures of their own", (t) => {
  const unsigned = vote({ type: 2, height: 5n, blockId: complete, extension: utf8("x") });
  const extensionSignature = sign(ed25519, extensionSignBytes(chainId, unsigned));
  const extended = { ...unsigned, extensionSignature };
  t.equal(verifyVoteExtension(chainId, extended, ed25519), true);
  t.equal(verifyVoteExtension(chainId, { ...extended, extension: utf8("y") }, ed25519), false);
  const draft = {
    ...Proposal.fromPartial({}),
    type: 32,
    height: 5n,
    polRound: -1,
    blockId: complete,
  };
  const proposal = { ...draft, signature: sign(ed25519, proposalSignBytes(chainId, draft)) };
  t.equal(verifyProposal(chainId, proposal, ed25519), true);
  t.equal(verifyProposal(chainId, { ...proposal, polRound: 0 }, ed25519), false);
  t.equal(verifyProposal("other", proposal, ed25519), false);
  t.end();
});

t.test("a malformed vote is refused, each rule by its own sentence (Vote.ValidateBasic)", (t) => {
  const signature = new Uint8Array(64);
  const good = vote({
    type: 2,
    height: 1n,
    blockId: complete,
    validatorAddress: exampleAddress,
    signature,
  });
  t.equal(validateVoteBasic(good), undefined);
  t.equal(validateVoteBasic({ ...good, blockId: zeroBlockId() }), undefined, "nil");
  const signedExtension = { extension: utf8("x"), extensionSignature: signature };
  t.equal(validateVoteBasic({ ...good, ...signedExtension }), undefined, "with extension");
  const cases: [Partial<Vote>, RegExp][] = [
    [{ type: 0 }, /vote type 0/],
    [{ type: 32 }, /vote type 32/],
    [{ height: 0n }, /height 0 is not positive/],
    [{ height: -1n }, /height -1 is not positive/],
    [{ round: -1 }, /round -1 is negative/],
    [{ blockId: { ...complete, hash: new Uint8Array(0) } }, /neither nil nor complete/],
    [{ blockId: { ...complete, hash: new Uint8Array(31) } }, /31 bytes instead of 32/],
    [
      { blockId: { ...complete, partSetHeader: { total: 1602, hash: complete.hash } } },
      /1602 parts/,
    ],
    [{ validatorAddress: new Uint8Array(19) }, /address has 19 bytes/],
    [{ timestamp: { seconds: 253_402_300_800n, nanos: 0 } }, /time is none/],
    [{ timestamp: { seconds: zeroTime.seconds - 1n, nanos: 0 } }, /time is none/],
    [{ timestamp: { seconds: 0n, nanos: -1 } }, /time is none/],
    [{ timestamp: { seconds: 0n, nanos: 1_000_000_000 } }, /time is none/],
    [{ validatorIndex: -1 }, /index -1 is negative/],
    [{ signature: new Uint8Array(0) }, /signature is missing/],
    [{ signature: new Uint8Array(65) }, /signature is too long/],
    [{ type: 1, ...signedExtension }, /unexpected vote extension/],
    [{ blockId: zeroBlockId(), ...signedExtension }, /unexpected vote extension/],
    [{ type: 1, extensionSignature: signature }, /unexpected vote extension/],
    [{ extension: utf8("x") }, /not signed/],
    [{ extensionSignature: new Uint8Array(65) }, /extension signature is too long/],
  ];
  for (const [change, reason] of cases) {
    t.match(validateVoteBasic({ ...good, ...change }), reason);
  }
  t.end();
});

t.test("a malformed proposal is refused (Proposal.ValidateBasic)", (t) => {
  const signature = new Uint8Array(64);
  const good: Proposal = {
    ...Proposal.fromPartial({}),
    ...{ type: 32, height: 1n, polRound: -1, blockId: complete, signature },
  };
  t.equal(validateProposalBasic(good), undefined);
  const cases: [Partial<Proposal>, RegExp][] = [
    [{ type: 1 }, /proposal type 1/],
    [{ height: -1n }, /height -1/],
    [{ round: -1 }, /round -1/],
    [{ timestamp: { seconds: 1n << 60n, nanos: 0 } }, /time is none/],
    [{ polRound: -2 }, /proof-of-lock round -2/],
    [{ blockId: zeroBlockId() }, /not complete/],
    [{ blockId }, /1000000 parts/],
    [{ signature: new Uint8Array(0) }, /missing/],
    [{ signature: new Uint8Array(65) }, /too long/],
  ];
  for (const [change, reason] of cases) {
    t.match(validateProposalBasic({ ...good, ...change }), reason);
  }
  t.end();
});
