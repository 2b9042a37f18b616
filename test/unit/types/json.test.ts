/** CometBFT's JSON of blocks and evidence, written and read back; the readers are total. */
import { DuplicateVoteEvidence, type Evidence } from "cosmjs-types/tendermint/types/evidence";
import { Vote } from "cosmjs-types/tendermint/types/types";
import t from "tap";
import { sha256 } from "../../../src/crypto/hash.ts";
import { utf8 } from "../../../src/encoding/bytes.ts";
import { evidenceBytes } from "../../../src/types/evidence.ts";
import { commitJson, evidenceJson, headerJson } from "../../../src/types/json/block.ts";
import { evidenceFromJson } from "../../../src/types/json/evidence.ts";
import { readCommit, readHeader, readValidator } from "../../../src/types/json/light-block.ts";
import { lightClientAttackEvidence } from "../../../src/types/light/light-attack.ts";
import { LightChain } from "../../support/light-chain.ts";
import { byteStrings, Noise } from "../../support/noise.ts";

const chain = new LightChain(() => [1, 2, 3, 4]);
const conflicting = chain.forge(8n, {
  header: { appHash: sha256(utf8("theft")) },
  signers: [1, 2, 4],
});
const attack: Evidence = {
  lightClientAttackEvidence: lightClientAttackEvidence({
    conflicting,
    trusted: chain.at(8n),
    common: chain.at(4n),
  }),
};
const sent = () => JSON.parse(JSON.stringify(evidenceJson(attack)));

t.test("headers and commits come back as they were", (t) => {
  const { header, commit } = conflicting;
  t.same(readHeader(JSON.parse(JSON.stringify(headerJson(header)))), header);
  t.same(readCommit(JSON.parse(JSON.stringify(commitJson(commit)))), commit);
  t.same(
    readHeader(JSON.parse(JSON.stringify(headerJson(chain.at(1n).header)))),
    chain.at(1n).header,
  );
  t.end();
});

t.test("evidence of an attack comes back with the same bytes", (t) => {
  const back = evidenceFromJson(sent());
  if (typeof back === "string") throw new Error(back);
  t.same(evidenceBytes(back), evidenceBytes(attack));
  t.end();
});

t.test("what is missing or malformed is named", (t) => {
  const value = (change: object) =>
    evidenceFromJson({ ...sent(), value: { ...sent().value, ...change } });
  t.match(value({ ConflictingBlock: null }), /ConflictingBlock.signed_header.header/);
  t.match(value({ CommonHeight: 4 }), /CommonHeight: not an int64/);
  t.match(value({ TotalVotingPower: "x" }), /TotalVotingPower/);
  t.match(value({ Timestamp: "yesterday" }), /Timestamp/);
  t.match(value({ ByzantineValidators: [{}] }), /ByzantineValidators/);
  t.match(value({ ByzantineValidators: "none" }), /ByzantineValidators/);
  t.match(evidenceFromJson({ type: "other", value: {} }), /expected "tendermint\/Duplicate/);
  t.match(evidenceFromJson({ type: "tendermint/LightClientAttackEvidence" }), /expected an object/);
  const [validator] = sent().value.ByzantineValidators;
  t.ok(readValidator(validator));
  t.equal(readValidator({ ...validator, address: "00".repeat(20) }), undefined, "of another key");
  t.end();
});

const vote = (fill: number): Vote => ({
  ...Vote.fromPartial({ type: 2, height: 10n, round: 1, signature: new Uint8Array(64) }),
  blockId: {
    hash: new Uint8Array(32).fill(fill),
    partSetHeader: { total: 1, hash: new Uint8Array(32) },
  },
  timestamp: { seconds: 1_700_000_000n, nanos: 7 },
  validatorAddress: new Uint8Array(20),
});
const duplicate: Evidence = {
  duplicateVoteEvidence: DuplicateVoteEvidence.fromPartial({
    ...{ voteA: vote(1), voteB: vote(2), totalVotingPower: 9n, validatorPower: 3n },
    timestamp: { seconds: 1_700_000_000n, nanos: 7 },
  }),
};
t.test(`${byteStrings} JSONs of evidence: read or refused by name`, (t) => {
  const noise = new Noise(t, 20_261);
  const samples = [attack, duplicate].map((each) => JSON.parse(JSON.stringify(evidenceJson(each))));
  for (const sample of samples) t.type(evidenceFromJson(sample), "object");
  let refused = 0;
  for (let i = 0; i < byteStrings; i++) {
    const sample = samples[i % 2];
    const input = noise.json(sample, i % 3 === 0 ? 0.002 : 0.03);
    try {
      const read = evidenceFromJson(input);
      if (typeof read === "string") refused++;
      else evidenceBytes(read);
    } catch (error) {
      t.fail(`SEED=${noise.seed}: ${error}: ${JSON.stringify(input)}`);
    }
  }
  t.ok(refused > byteStrings / 4 && refused < byteStrings, `${refused} refused`);
  t.end();
});
