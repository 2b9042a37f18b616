/**
 * Attacks on light clients as evidence, spec/consensus.md clauses V7 and V8; scenarios of CometBFT
 * evidence/verify_test.go (lunatic, equivocation, amnesia) and types/evidence_test.go.
 */
import type { Evidence, LightClientAttackEvidence } from "cosmjs-types/tendermint/types/evidence";
import t from "tap";
import { sha256 } from "../../../src/crypto/hash.ts";
import { toHex, utf8 } from "../../../src/encoding/bytes.ts";
import { EvidencePool } from "../../../src/evidence/pool.ts";
import { MemoryDb } from "../../../src/store/memory-db.ts";
import type { ChainState } from "../../../src/types/chain-state.ts";
import { evidenceToMisbehavior } from "../../../src/types/evidence.ts";
import { attackKind, lightClientAttackEvidence } from "../../../src/types/light/light-attack.ts";
import { type LightBlock, lightBlockToProto } from "../../../src/types/light/light-block.ts";
import { chainId, LightChain, lightKey, timeOf } from "../../support/light-chain.ts";
import { OneValidator, silent } from "../../support/one-validator.ts";

/** Four validators; from height 6 on, the last of them has made way for another. */
const chain = new LightChain((height) => (height < 6n ? [1, 2, 3, 4] : [1, 2, 3, 5]));
const head = 10n;
const other = sha256(utf8("not what the application says"));

const { consensusParams, ...rest } = new OneValidator().state;
const evidenceParams = {
  maxAgeNumBlocks: 100n,
  maxAgeDuration: { seconds: 10_000n, nanos: 0 },
  maxBytes: 100_000n,
};
const at = (height: bigint): ChainState => ({
  ...rest,
  chainId,
  consensusParams: { ...consensusParams, evidence: evidenceParams },
  lastBlockHeight: height,
  lastBlockTime: timeOf(height),
  lastValidators: chain.at(height).validators,
});
function open(height = head): Promise<EvidencePool> {
  const known = (each: bigint) => each > 0n && each <= height;
  const stores = {
    states: {
      loadMembers: (of: bigint) => (known(of) ? chain.at(of).validators : undefined),
    },
    blocks: {
      loadBlockMeta: (of: bigint) => (known(of) ? { header: chain.at(of).header } : undefined),
      loadCommit: (of: bigint) => (of < height && known(of) ? chain.at(of).commit : undefined),
    },
  };
  return EvidencePool.open({ db: new MemoryDb(), ...stores, log: silent }, at(height));
}

const lunatic = chain.forge(8n, { header: { appHash: other }, signers: [1, 2, 3] });
const equivocal = chain.forge(8n, { header: { dataHash: other }, signers: [1, 2, 5] });
const amnesic = chain.forge(8n, { header: { dataHash: other }, round: 1, signers: [2, 3, 5] });
const proof = (conflicting: LightBlock, common = 4n): LightClientAttackEvidence =>
  lightClientAttackEvidence({
    conflicting,
    trusted: chain.at(conflicting.header.height),
    common: chain.at(common),
  });
const evidence = (attack: LightClientAttackEvidence): Evidence => ({
  lightClientAttackEvidence: attack,
});
const accused = (attack: LightClientAttackEvidence) =>
  attack.byzantineValidators.map(({ address }) => toHex(address));
const named = (...numbers: number[]) =>
  chain
    .at(1n)
    .validators.validators.concat(chain.at(head).validators.validators)
    .map(({ address }) => toHex(address))
    .filter((address, index, all) => all.indexOf(address) === index)
    .filter((address) => numbers.some((n) => toHex(lightKey(n).address) === address))
    .sort();

t.test("each kind of attack convicts whom its two commits convict", async (t) => {
  t.equal(attackKind(lunatic, chain.at(8n)), "lunatic");
  t.equal(attackKind(equivocal, chain.at(8n)), "equivocation");
  t.equal(attackKind(amnesic, chain.at(8n)), "amnesia");
  t.same(accused(proof(lunatic)), named(1, 2, 3), "who signed and was there at the common height");
  t.same(accused(proof(equivocal)), named(1, 2, 5), "who signed both");
  t.same(accused(proof(amnesic)), [], "nobody can be convicted");
  t.equal(proof(lunatic).commonHeight, 4n);
  t.equal(proof(equivocal).commonHeight, 8n, "within one set: the height itself");
  for (const attack of [lunatic, equivocal, amnesic]) {
    const pool = await open();
    t.equal(pool.add(evidence(proof(attack))), "valid");
    t.equal(pool.pending(100_000n).length, 1);
    t.equal((await open()).check(at(head), [evidence(proof(attack))]), undefined);
  }
  const [first] = evidenceToMisbehavior(evidence(proof(lunatic)));
  t.equal(Number(first?.type), 2);
  t.equal(first?.height, 4n);
});

t.test("what does not follow from the two blocks is refused", async (t) => {
  const good = proof(lunatic);
  const stranger = chain.forge(8n, {
    header: { appHash: other },
    members: [7, 8, 9],
    signers: [7, 8, 9],
  });
  const [, second] = good.byzantineValidators;
  if (!second) throw new Error("nobody accused");
  const innocent = { ...second, address: lightKey(4).address, pubKey: second.pubKey };
  const weak = chain.forge(8n, { header: { appHash: other }, signers: [1, 2] });
  const unsigned: LightBlock = {
    ...lunatic,
    commit: {
      ...lunatic.commit,
      signatures: lunatic.commit.signatures.map((each) =>
        each.signature.length > 0 ? { ...each, signature: new Uint8Array(64) } : each,
      ),
    },
  };
  const cases: readonly [string, LightClientAttackEvidence, RegExp][] = [
    ["the chain's own block", proof(chain.at(8n)), /chain's own|convicted/],
    ["two thirds did not sign", proof(weak), /insufficient/],
    ["forged signatures", proof(unsigned), /wrong/],
    ["a set of strangers", proof(stranger), /too few/],
    [
      "lunatic at its own height",
      { ...proof(lunatic, 7n), commonHeight: 8n },
      /power|no execution|time/,
    ],
    ["another total power", { ...good, totalVotingPower: 41n }, /total power/],
    ["another time", { ...good, timestamp: timeOf(5n) }, /time differs/],
    ["one accused too few", { ...good, byzantineValidators: [second] }, /1 validators accused/],
    [
      "a swapped key",
      { ...good, byzantineValidators: good.byzantineValidators.with(1, innocent) },
      /malformed/,
    ],
    [
      "another power",
      {
        ...good,
        byzantineValidators: good.byzantineValidators.with(1, { ...second, votingPower: 9n }),
      },
      /another power/,
    ],
    [
      "validators of another block",
      {
        ...good,
        conflictingBlock: {
          ...lightBlockToProto(lunatic),
          validatorSet: chain.at(4n).validators.toProto(),
        },
      },
      /not those of the header/,
    ],
  ];
  for (const [name, attack, refused] of cases) {
    t.match((await open()).add(evidence(attack)), { refused }, name);
    t.match((await open()).check(at(head), [evidence(attack)]), refused, name);
  }
});

t.test("one false signature is too many, though the others are enough", async (t) => {
  for (const header of [{ dataHash: other }, { appHash: other }]) {
    const whole = chain.forge(8n, { header });
    for (const [index, entry] of whole.commit.signatures.entries()) {
      const forged = { ...entry, signature: new Uint8Array(64) };
      const signatures = whole.commit.signatures.with(index, forged);
      const attack = proof({ ...whole, commit: { ...whole.commit, signatures } });
      t.match((await open()).add(evidence(attack)), { refused: /wrong/ }, `signature ${index}`);
    }
    t.equal((await open()).add(evidence(proof(whole))), "valid");
  }
});

t.test("a block that is ahead waits until the chain has a commit of that height", async (t) => {
  const ahead = evidence(proof(lunatic));
  t.equal((await open(7n)).add(ahead), "early", "no such block");
  t.equal((await open(8n)).add(ahead), "early", "no block commits to it yet");
  t.equal((await open(9n)).add(ahead), "valid");
});

t.test("other signatures under the same block are the same evidence", async (t) => {
  const pool = await open();
  t.equal(pool.add(evidence(proof(lunatic))), "valid");
  const again = chain.forge(8n, { header: { appHash: other }, signers: [2, 3, 5] });
  t.equal(pool.add(evidence(proof(again))), "valid");
  t.equal(pool.pending(100_000n).length, 1);
});
