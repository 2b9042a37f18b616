/**
 * Commit verification and BFT time. Real ed25519 commits: the model-based light client traces of
 * tendermint-rs (test/vectors/comet/light-client.json). Tables: cometbft v0.38.25
 * types/validation_test.go, state/state_test.go (TestMedianTime), types/time/time_test.go.
 */
import { readFileSync } from "node:fs";
import type { Commit, CommitSig } from "cosmjs-types/tendermint/types/types";
import t from "tap";
import { ed25519PublicKey, ed25519Sign } from "../../../src/crypto/ed25519.ts";
import { sha256 } from "../../../src/crypto/hash.ts";
import { toHex, utf8 } from "../../../src/encoding/bytes.ts";
import { addNanos, type Time, zeroTime } from "../../../src/encoding/time.ts";
import { zeroBlockId } from "../../../src/types/block-id.ts";
import {
  absentCommitSig,
  commitSigOf,
  commitVote,
  emptyCommit,
  medianTime,
  validateCommitBasic,
  verifyCommit,
  verifyCommitLight,
  verifyCommitLightTrusting,
} from "../../../src/types/commit.ts";
import { hashHeader } from "../../../src/types/header.ts";
import { ValidatorSet } from "../../../src/types/validator-set.ts";
import { newValidator } from "../../../src/types/validators/validator.ts";
import { precommitType, voteSignBytes } from "../../../src/types/vote.ts";
import { cometCommit, cometHeader, cometValidators, type Json } from "../../support/comet-json.ts";

const traces: Json[] = JSON.parse(
  readFileSync(new URL("../../vectors/comet/light-client.json", import.meta.url), "utf8"),
).traces;
const oneThird = { numerator: 1n, denominator: 3n };

for (const { name, initial, input } of traces) {
  t.test(`light client trace ${name}`, (t) => {
    let trusted = initial;
    for (const { block, verdict } of input) {
      const header = cometHeader(block.signed_header.header);
      const commit = cometCommit(block.signed_header.commit);
      const own = ValidatorSet.from(cometValidators(block.validator_set));
      const before = ValidatorSet.from(cometValidators(trusted.next_validator_set));
      const { chainId, height } = header;
      const where = `height ${height}: ${verdict}`;
      t.equal(toHex(own.hash()), toHex(header.validatorsHash), where);
      t.equal(toHex(hashHeader(header)), toHex(commit.blockId.hash), where);
      const byOwn = verifyCommitLight(chainId, own, commit.blockId, height, commit);
      const byTrusted = verifyCommitLightTrusting(chainId, before, commit, oneThird);
      if (verdict === "NOT_ENOUGH_TRUST") t.equal(byTrusted, "insufficient", where);
      if (verdict === "SUCCESS") {
        t.equal(byOwn, undefined, where);
        t.equal(byTrusted, "trusted", where);
        trusted = block;
      }
      if (verdict === "INVALID" && byTrusted === "trusted") t.ok(byOwn, where);
    }
    t.end();
  });
}

const chainId = "chain";
const blockId = { hash: sha256(utf8("b")), partSetHeader: { total: 1, hash: sha256(utf8("p")) } };
const time: Time = { seconds: 1_700_000_000n, nanos: 5 };
const seeds = [1, 2, 3, 4].map((fill) => new Uint8Array(32).fill(fill));
const members = seeds.map((seed) => ({
  seed,
  validator: newValidator({ type: "ed25519", key: ed25519PublicKey(seed) }, 10n),
}));
const validators = ValidatorSet.from(members.map(({ validator }) => validator));

/** One letter a validator in set order: c for the block, n nil, a absent. */
function commitOf(letters: string, options: { height?: bigint; chainId?: string } = {}): Commit {
  const height = options.height ?? 9n;
  const signatures = [...letters].map((letter, index): CommitSig => {
    if (letter === "a") return absentCommitSig();
    const address = validators.at(index)?.address ?? new Uint8Array(0);
    const seed = members.find((m) => toHex(m.validator.address) === toHex(address))?.seed;
    const voted = letter === "c" ? blockId : zeroBlockId();
    const vote = { type: precommitType, height, round: 1, blockId: voted, timestamp: time };
    const message = voteSignBytes(options.chainId ?? chainId, vote);
    const signature = ed25519Sign(seed ?? new Uint8Array(32), message);
    const blockIdFlag = letter === "c" ? 2 : 3;
    return { blockIdFlag, validatorAddress: address, timestamp: time, signature };
  });
  return { height, round: 1, blockId, signatures };
}
const check = (commit: Commit): string =>
  verifyCommit(chainId, validators, blockId, 9n, commit) ?? "valid";
const checkLight = (commit: Commit): string =>
  verifyCommitLight(chainId, validators, blockId, 9n, commit) ?? "valid";
function change(commit: Commit, index: number, by: Partial<CommitSig>): Commit {
  const signatures = commit.signatures.map((each, i) => (i === index ? { ...each, ...by } : each));
  return { ...commit, signatures };
}

t.test("more than two thirds must have signed for the block", (t) => {
  t.equal(check(commitOf("cccc")), "valid");
  t.equal(check(commitOf("ccca")), "valid", "30 of 40");
  t.equal(check(commitOf("cccn")), "valid");
  t.match(check(commitOf("ccaa")), /insufficient voting power: 20, needed more than 26/);
  t.match(check(commitOf("ccnn")), /insufficient voting power: 20/, "votes for nil do not count");
  t.match(checkLight(commitOf("ccnn")), /insufficient voting power: 20/);
  t.end();
});

t.test("a commit must fit the set, the height, the block and the chain", (t) => {
  t.match(check(commitOf("ccc")), /3 signatures for 4 validators/);
  t.match(check(commitOf("cccc", { height: 8n })), /commit of height 8 instead of 9/);
  t.match(check({ ...commitOf("cccc"), blockId: zeroBlockId() }), /another block/);
  t.match(check(commitOf("cccc", { chainId: "other" })), /signature 0 is wrong/);
  t.end();
});

t.test("every signature is verified in full, up to two thirds in the light", (t) => {
  const bad = { signature: new Uint8Array(64) };
  t.match(check(change(commitOf("cccc"), 3, bad)), /signature 3 is wrong/);
  t.match(check(change(commitOf("cccn"), 3, bad)), /signature 3 is wrong/, "for nil too");
  t.equal(checkLight(change(commitOf("cccc"), 3, bad)), "valid", "never looked at");
  t.match(checkLight(change(commitOf("cccc"), 2, bad)), /signature 2 is wrong/);
  t.equal(checkLight(change(commitOf("nccc"), 0, bad)), "valid", "nil is skipped");
  t.end();
});

t.test("each entry must be of the validator at its place", (t) => {
  const whole = commitOf("cccc");
  const other = whole.signatures[1]?.validatorAddress ?? new Uint8Array(0);
  t.match(check(change(whole, 0, { validatorAddress: other })), /not of validator 0/);
  t.match(checkLight(change(whole, 0, { validatorAddress: other })), /not of validator 0/);
  t.match(check(change(whole, 0, { blockIdFlag: 4 as never })), /block id flag 4/);
  t.match(check(change(whole, 0, { signature: new Uint8Array(65) })), /too long/);
  t.end();
});

t.test("trusting: signers are found by address, strangers skipped, doubles refused", (t) => {
  const [a, b, c] = members.map(({ validator }) => validator);
  if (!a || !b || !c) throw new Error("four members");
  const stranger = newValidator({ type: "ed25519", key: new Uint8Array(32).fill(9) }, 10n);
  const trust = (set: readonly (typeof a)[], commit: Commit) =>
    verifyCommitLightTrusting(chainId, ValidatorSet.from(set), commit, oneThird);
  t.equal(trust([a, b, c], commitOf("cccc")), "trusted");
  t.equal(trust([a, stranger], commitOf("cccc")), "trusted", "10 of 20");
  t.equal(trust([stranger], commitOf("cccc")), "insufficient");
  const heavy = { ...stranger, power: 20n };
  t.equal(trust([a, heavy], commitOf("cccc")), "insufficient", "10 of 30 is not more than a third");
  const first = commitOf("cccc").signatures[0];
  if (!first) throw new Error("four signatures");
  const doubled = { ...commitOf("cccc"), signatures: [first, first] };
  const signer = members.find((m) => toHex(m.validator.address) === toHex(first.validatorAddress));
  t.match(trust([signer?.validator ?? a, heavy, { ...b, power: 50n }], doubled), {
    refused: /signed twice/,
  });
  const zero = { numerator: 1n, denominator: 0n };
  t.match(verifyCommitLightTrusting(chainId, validators, commitOf("cccc"), zero), {
    refused: /denominator 0/,
  });
  t.end();
});

t.test("malformed commits are refused (Commit.ValidateBasic, CommitSig.ValidateBasic)", (t) => {
  const good = commitOf("ccna");
  t.equal(validateCommitBasic(good), undefined);
  t.equal(validateCommitBasic(emptyCommit()), undefined);
  const cases: [Commit, RegExp][] = [
    [{ ...good, height: -1n }, /height -1/],
    [{ ...good, round: -1 }, /round -1/],
    [{ ...good, blockId: zeroBlockId() }, /cannot be for nil/],
    [{ ...good, signatures: [] }, /no signatures/],
    [change(good, 0, { blockIdFlag: 0 as never }), /signature 0: block id flag 0/],
    [change(good, 0, { validatorAddress: new Uint8Array(19) }), /address of 19 bytes/],
    [change(good, 0, { timestamp: { seconds: 1n << 60n, nanos: 0 } }), /time is none/],
    [change(good, 0, { signature: new Uint8Array(0) }), /signature is missing/],
    [change(good, 3, { validatorAddress: new Uint8Array(20) }), /absent with an address/],
    [change(good, 3, { timestamp: time }), /absent with a time/],
    [change(good, 3, { signature: new Uint8Array(1) }), /absent with a signature/],
  ];
  for (const [commit, reason] of cases) t.match(validateCommitBasic(commit), reason);
  t.end();
});

t.test("an entry gives back the vote it was made of", (t) => {
  const commit = commitOf("cna");
  for (const index of [0, 1]) {
    const vote = commitVote(commit, index);
    t.ok(vote);
    if (vote) t.same(commitSigOf(vote), commit.signatures[index]);
    t.equal(vote?.validatorIndex, index);
  }
  t.equal(commitVote(commit, 2), undefined, "absent");
  t.equal(commitVote(commit, 3), undefined, "outside");
  t.end();
});

/** "seconds:power flag" entries, as if so many validators had signed at those times. */
function median(entries: readonly [seconds: number, power: bigint, flag?: number][]): number {
  const set: ReturnType<typeof newValidator>[] = [];
  const signatures = entries.map(([seconds, power, flag = 2], i): CommitSig => {
    const validator = newValidator({ type: "ed25519", key: new Uint8Array(32).fill(i + 1) }, power);
    set.push(validator);
    if (flag === 1) return absentCommitSig();
    const timestamp = addNanos(time, BigInt(seconds) * 1_000_000_000n);
    const { address: validatorAddress } = validator;
    return { blockIdFlag: flag, validatorAddress, timestamp, signature: new Uint8Array(64) };
  });
  const found = medianTime({ height: 1n, round: 0, blockId, signatures }, ValidatorSet.from(set));
  return Number(found.seconds - time.seconds);
}

t.test("BFT time is the median weighted by power (TestMedianTime, TestWeightedMedian)", (t) => {
  t.equal(
    median([
      [0, 30n],
      [60, 30n],
      [120, 30n],
    ]),
    60,
  );
  t.equal(
    median([
      [0, 30n],
      [60, 30n],
      [120, 30n, 1],
    ]),
    0,
    "one absent",
  );
  t.equal(
    median([
      [0, 30n],
      [60, 30n, 3],
      [120, 30n],
    ]),
    60,
    "votes for nil count",
  );
  t.equal(
    median([
      [5, 40n],
      [10, 27n],
      [0, 33n],
    ]),
    5,
  );
  t.equal(
    median([
      [10, 33n],
      [0, 40n],
      [5, 27n],
    ]),
    5,
  );
  t.equal(
    median([
      [15, 20n],
      [5, 10n],
      [0, 10n],
      [10, 23n],
      [5, 10n],
      [60, 10n],
    ]),
    10,
  );
  t.same(medianTime(emptyCommit(), ValidatorSet.from([])), zeroTime);
  const stranger = { ...commitOf("c") };
  t.throws(() => medianTime(stranger, ValidatorSet.from([])), /is not in the set/);
  t.end();
});
