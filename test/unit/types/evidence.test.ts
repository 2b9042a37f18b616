/**
 * Evidence: the order of its votes, and what makes it malformed. After cometbft v0.38.25
 * types/evidence_test.go (TestDuplicateVoteEvidenceValidation,
 * TestLightClientAttackEvidenceValidation).
 */
import {
  type DuplicateVoteEvidence,
  LightClientAttackEvidence,
} from "cosmjs-types/tendermint/types/evidence";
import { type BlockID, Vote } from "cosmjs-types/tendermint/types/types";
import t from "tap";
import { sha256 } from "../../../src/crypto/hash.ts";
import { utf8 } from "../../../src/encoding/bytes.ts";
import { blockIdKey, zeroBlockId } from "../../../src/types/block-id.ts";
import {
  duplicateVoteEvidence,
  evidenceBytes,
  evidenceHash,
  evidenceHeight,
  evidenceToMisbehavior,
  validateEvidenceBasic,
} from "../../../src/types/evidence.ts";
import { ValidatorSet } from "../../../src/types/validator-set.ts";
import { newValidator } from "../../../src/types/validators/validator.ts";

const time = { seconds: 1_700_000_000n, nanos: 7 };
const offender = newValidator({ type: "ed25519", key: new Uint8Array(32).fill(1) }, 7n);
const other = newValidator({ type: "ed25519", key: new Uint8Array(32).fill(2) }, 5n);
const validators = ValidatorSet.from([offender, other]);

const idOf = (text: string, total = 1): BlockID => ({
  hash: sha256(utf8(text)),
  partSetHeader: { total, hash: sha256(utf8(`${text} parts`)) },
});
const vote = (blockId: BlockID, change: Partial<Vote> = {}): Vote => ({
  ...Vote.fromPartial({ type: 2, height: 10n, round: 1, timestamp: time }),
  blockId,
  validatorAddress: offender.address,
  signature: new Uint8Array(64),
  ...change,
});
const evidenceOf = (a: Vote, b: Vote): DuplicateVoteEvidence =>
  duplicateVoteEvidence({ a, b, time, validators });

t.test("the votes are put in order of their block ids, whichever came first", (t) => {
  const [low, high] = [vote(idOf("a")), vote(idOf("b"))].sort((a, b) =>
    blockIdKey(a.blockId) < blockIdKey(b.blockId) ? -1 : 1,
  );
  if (!low || !high) throw new Error("two votes");
  t.same(evidenceOf(low, high), evidenceOf(high, low));
  t.equal(evidenceOf(high, low).voteA, low);
  const nil = vote(zeroBlockId());
  t.equal(evidenceOf(high, nil).voteA, nil, "nil goes first");
  const parts = [vote(idOf("a", 2)), vote(idOf("a", 1))] as const;
  t.equal(evidenceOf(...parts).voteA, parts[1], "the same hash: by the parts");
  t.end();
});

t.test("evidence carries the powers of its height, and is told to the application", (t) => {
  const duplicate = evidenceOf(vote(idOf("a")), vote(idOf("b")));
  t.equal(duplicate.validatorPower, 7n);
  t.equal(duplicate.totalVotingPower, 12n);
  t.same(duplicate.timestamp, time);
  const evidence = { duplicateVoteEvidence: duplicate };
  t.equal(evidenceHeight(evidence), 10n);
  t.same(evidenceHash(evidence), sha256(evidenceBytes(evidence)));
  t.same(evidenceToMisbehavior(evidence), [
    {
      type: 1,
      validator: { address: offender.address, power: 7n },
      height: 10n,
      time,
      totalVotingPower: 12n,
    },
  ]);
  const stranger = vote(idOf("a"), { validatorAddress: new Uint8Array(20) });
  t.throws(() => evidenceOf(stranger, vote(idOf("b"))), /not in the set/);
  t.throws(() => evidenceBytes({}), /of no kind/);
  t.end();
});

t.test("malformed duplicate vote evidence is refused", (t) => {
  const good = evidenceOf(vote(idOf("a")), vote(idOf("b")));
  const { voteA, voteB, ...rest } = good;
  if (!voteA || !voteB) throw new Error("two votes");
  const check = (evidence: DuplicateVoteEvidence): string | undefined =>
    validateEvidenceBasic({ duplicateVoteEvidence: evidence });
  t.equal(check(good), undefined);
  t.match(check({ ...rest, voteA: voteB, voteB: voteA }), /not in order/);
  t.match(check({ ...rest, voteA, voteB: voteA }), /not in order/, "the same vote twice");
  t.match(check({ ...rest, voteA }), /a vote is missing/);
  t.match(check({ ...good, voteA: { ...voteA, signature: new Uint8Array(0) } }), /signature/);
  t.match(check({ ...good, voteB: { ...voteB, type: 32 } }), /vote type 32/);
  t.match(validateEvidenceBasic({}), /exactly one kind/);
  const attack = LightClientAttackEvidence.fromPartial({});
  const both = { duplicateVoteEvidence: good, lightClientAttackEvidence: attack };
  t.match(validateEvidenceBasic(both), /exactly one kind/);
  t.end();
});

t.test(
  "malformed light client attack evidence is refused; a good one names every offender",
  (t) => {
    const header = { version: { block: 11n }, chainId: "c", height: 9n };
    const good = LightClientAttackEvidence.fromPartial({
      conflictingBlock: {
        signedHeader: { header: { ...header, proposerAddress: offender.address }, commit: {} },
      },
      commonHeight: 5n,
      totalVotingPower: 12n,
      byzantineValidators: [
        { address: offender.address, votingPower: 7n },
        { address: other.address, votingPower: 5n },
      ],
      timestamp: time,
    });
    const check = (evidence: LightClientAttackEvidence): string | undefined =>
      validateEvidenceBasic({ lightClientAttackEvidence: evidence });
    t.equal(check(good), undefined);
    t.match(check({ ...good, totalVotingPower: 0n }), /total voting power is not positive/);
    t.match(check({ ...good, commonHeight: 0n }), /common height is not positive/);
    t.match(check({ ...good, commonHeight: 10n }), /after the conflicting block/);
    const { conflictingBlock, ...headless } = good;
    t.ok(conflictingBlock);
    t.match(check(headless), /no conflicting header/);
    t.match(check({ ...good, conflictingBlock: { signedHeader: {} } }), /no conflicting header/);
    const told = evidenceToMisbehavior({ lightClientAttackEvidence: good });
    t.same(
      told.map(({ type, height, validator }) => [type, height, validator.power]),
      [
        [2, 5n, 7n],
        [2, 5n, 5n],
      ],
    );
    t.end();
  },
);
