/** CometBFT's JSON of blocks and evidence, written and read back; the readers are total. */
import type { Evidence } from "cosmjs-types/tendermint/types/evidence";
import t from "tap";
import { sha256 } from "../../../src/crypto/hash.ts";
import { utf8 } from "../../../src/encoding/bytes.ts";
import { evidenceBytes } from "../../../src/types/evidence.ts";
import { commitJson, evidenceJson, headerJson } from "../../../src/types/json/block.ts";
import { evidenceFromJson } from "../../../src/types/json/evidence.ts";
import { readCommit, readHeader, readValidator } from "../../../src/types/json/light-block.ts";
import { lightClientAttackEvidence } from "../../../src/types/light/light-attack.ts";
import { LightChain } from "../../support/light-chain.ts";
import { prng } from "../../support/prng.ts";

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

t.test("no JSON makes a reader throw", (t) => {
  const seed = Number(process.env.SEED ?? 20_261);
  t.comment(`SEED=${seed}`);
  const random = prng(seed);
  const pick = <T>(of: readonly T[]): T | undefined => of[Math.floor(random() * of.length)];
  const strange: readonly unknown[] = [
    null,
    0,
    -1,
    1e300,
    "",
    "-",
    "9".repeat(30),
    [],
    {},
    [[]],
    true,
  ];
  const mutate = (value: unknown): unknown => {
    if (random() < 0.05) return pick(strange);
    if (Array.isArray(value)) return value.map(mutate);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, mutate(inner)]));
  };
  let refused = 0;
  for (let i = 0; i < 3000; i++)
    if (typeof evidenceFromJson(mutate(sent())) === "string") refused++;
  t.ok(refused > 1000, `${refused} refused`);
  t.end();
});
