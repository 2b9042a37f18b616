/**
 * Steps of the light client, spec/light.md. Model-based traces with real signatures of
 * tendermint-rs (test/vectors/comet/light-single-step.json.gz); tables after CometBFT
 * light/verifier_test.go.
 */
import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import type { CommitSig } from "cosmjs-types/tendermint/types/types";
import t from "tap";
import { addNanos } from "../../../src/encoding/time.ts";
import {
  type Assumptions,
  checkAssumptions,
  isExpired,
  refuseBackward,
  verifyForward,
} from "../../../src/light/verifier.ts";
import { absentCommitSig } from "../../../src/types/commit.ts";
import type { LightBlock } from "../../../src/types/light/light-block.ts";
import { ValidatorSet } from "../../../src/types/validator-set.ts";
import {
  cometCommit,
  cometHeader,
  cometTime,
  cometValidators,
  type Json,
} from "../../support/comet-json.ts";
import { chainId, LightChain, timeOf } from "../../support/light-chain.ts";

const file = new URL("../../vectors/comet/light-single-step.json.gz", import.meta.url);
const { traces } = JSON.parse(gunzipSync(readFileSync(file)).toString());
const oneThird = { numerator: 1n, denominator: 3n };
const second = 1_000_000_000n;
const assumptions: Assumptions = {
  chainId,
  trustingPeriodNanos: 1000n * second,
  maxClockDriftNanos: second,
  trustLevel: oneThird,
};

function readBlock({ signed_header: signed }: Json, validators: Json): LightBlock {
  const commit = cometCommit(signed.commit);
  return {
    header: cometHeader(signed.header),
    commit: { ...commit, signatures: commit.signatures.map(withoutTimeOfAbsent) },
    validators: ValidatorSet.from(cometValidators(validators)),
  };
}

/** The model's absent entries have a time, which CometBFT refuses (CommitSig.ValidateBasic). */
function withoutTimeOfAbsent(entry: CommitSig): CommitSig {
  return entry.signature.length === 0 ? absentCommitSig() : entry;
}

t.test("every verdict of the model-based traces", (t) => {
  const seen: Record<string, number> = {};
  for (const { name, initial, input } of traces) {
    // The model trusts the set that the trusted block announced.
    let trusted = readBlock(initial, initial.next_validator_set);
    for (const { block, now, verdict } of input) {
      const next = readBlock(block, block.validator_set);
      const model = {
        chainId: trusted.header.chainId,
        trustingPeriodNanos: BigInt(initial.trusting_period),
        maxClockDriftNanos: 0n,
        trustLevel: oneThird,
      };
      const got = verifyForward(trusted, next, model, cometTime(now));
      const word = { verified: "SUCCESS", untrusted: "NOT_ENOUGH_TRUST" };
      const said = typeof got === "string" ? word[got] : "INVALID";
      t.equal(said, verdict, `${name}: height ${block.signed_header.header.height}`);
      seen[verdict] = (seen[verdict] ?? 0) + 1;
      if (verdict === "SUCCESS") trusted = readBlock(block, block.next_validator_set);
    }
  }
  t.ok(Object.values(seen).every((count) => count > 5) && Object.keys(seen).length === 3);
  t.end();
});

const chain = new LightChain((height) => (height < 6n ? [1, 2, 3, 4] : [1, 5, 6, 7]));
const now = timeOf(20n);

t.test("adjacent blocks follow the announced set, others a third of the trusted one", (t) => {
  t.equal(verifyForward(chain.at(4n), chain.at(5n), assumptions, now), "verified");
  t.equal(verifyForward(chain.at(5n), chain.at(6n), assumptions, now), "verified");
  t.equal(verifyForward(chain.at(1n), chain.at(5n), assumptions, now), "verified");
  t.equal(verifyForward(chain.at(4n), chain.at(6n), assumptions, now), "untrusted", "10 of 40");
  const half = { ...assumptions, trustLevel: { numerator: 1n, denominator: 2n } };
  const three = chain.forge(5n, { signers: [1, 2, 3] });
  t.equal(verifyForward(chain.at(1n), three, half, now), "verified", "30 of 40");
  const all = { ...assumptions, trustLevel: { numerator: 1n, denominator: 1n } };
  t.equal(verifyForward(chain.at(1n), chain.at(5n), all, now), "untrusted", "more than all");
  const unannounced = chain.forge(5n, { members: [1, 2, 3, 9] });
  t.match(verifyForward(chain.at(4n), unannounced, assumptions, now), { refused: /announced/ });
  t.end();
});

t.test("what no honest block shows is refused", (t) => {
  const trusted = chain.at(3n);
  const cases: readonly [string, LightBlock, RegExp][] = [
    ["lower", chain.at(2n), /not after/],
    ["the same", trusted, /not after/],
    ["an earlier time", chain.forge(5n, { header: { time: timeOf(3n) } }), /not after the trusted/],
    ["the future", chain.forge(5n, { header: { time: addNanos(now, second) } }), /future/],
    ["another chain", chain.forge(5n, { header: { chainId: "other" } }), /chain other/],
    ["another set", { ...chain.at(5n), validators: chain.at(7n).validators }, /not those/],
    ["another commit", { ...chain.at(5n), commit: chain.at(4n).commit }, /height 4/],
    ["two thirds missing", chain.forge(5n, { signers: [1, 2] }), /insufficient/],
  ];
  for (const [name, next, refused] of cases) {
    t.match(verifyForward(trusted, next, assumptions, now), { refused }, name);
  }
  const late = addNanos(trusted.header.time, assumptions.trustingPeriodNanos);
  t.match(verifyForward(trusted, chain.at(5n), assumptions, late), { refused: /expired/ });
  t.ok(isExpired(trusted.header, assumptions, late));
  t.notOk(isExpired(trusted.header, assumptions, addNanos(late, -1n)));
  t.end();
});

t.test("backwards along the hashes", (t) => {
  const { header } = chain.at(5n);
  t.equal(refuseBackward(chain.at(4n).header, header), undefined);
  t.match(refuseBackward(chain.at(3n).header, header), /another block/);
  t.match(refuseBackward({ ...chain.at(4n).header, time: header.time }, header), /time/);
  t.match(refuseBackward({ ...chain.at(4n).header, chainId: "other" }, header), /chain other/);
  t.match(refuseBackward({ ...chain.at(4n).header, height: 0n }, header), /height 0/);
  t.end();
});

t.test("assumptions that cannot hold are refused", (t) => {
  t.equal(checkAssumptions(assumptions), undefined);
  const level = (numerator: bigint, denominator: bigint) =>
    checkAssumptions({ ...assumptions, trustLevel: { numerator, denominator } });
  t.match(level(1n, 4n), /between/);
  t.match(level(4n, 3n), /between/);
  t.match(level(1n, 0n), /denominator/);
  t.equal(level(2n, 3n), undefined);
  t.match(checkAssumptions({ ...assumptions, trustingPeriodNanos: 0n }), /trusting period/);
  t.match(checkAssumptions({ ...assumptions, maxClockDriftNanos: -1n }), /drift/);
  t.end();
});
