/**
 * An epoch with the real Sprint: profile T through the TypeScript twin mines, opens, attests and
 * judges. The other tests use a hash instead, because a nonce of T takes a tenth of a second.
 */
import t from "tap";
import { ForfeitReason, Outcome } from "../../../../src/gen/gonka/pow/v1/types.ts";
import { CheckedOracle } from "../../../../src/modules/pow/sprint/checked-oracle.ts";
import { PowChain, powGenesis } from "../../../support/pow-chain.ts";
import { PowHost, playEpoch } from "../../../support/pow-host.ts";

t.test("mines, opens, attests, audits; a bad leaf is judged by recomputing it", async (t) => {
  const small = { verifiers_per_host: 1, samples_per_verifier: 2, tag_audits: 1 };
  const easy = { tiers: [{ k: 1, c: 0 }] }; // Every second nonce is a hit: dot > 0.
  const weights = { ann: 12n, bob: 12n, cat: 12n };
  const chain = new PowChain(powGenesis(weights, { ...small, ...easy }), CheckedOracle.twinAlone());
  const hosts = ["ann", "bob", "cat"].map((name) => new PowHost(chain, name));
  const commit = (host: PowHost) => {
    if (host.name === "cat") host.spoil();
    host.commit();
  };
  const nonces = { ann: 12, bob: 12, cat: 12 };
  const { settlement } = playEpoch(chain, hosts, { nonces, commit });
  const outcomes = hosts.map(({ operator }) =>
    settlement.hosts.find((host) => host.operator === operator),
  );
  const [ann, bob, cat] = outcomes;
  t.same(
    [ann?.outcome, bob?.outcome, cat?.outcome],
    [Outcome.OUTCOME_VALID, Outcome.OUTCOME_VALID, Outcome.OUTCOME_FORFEITED],
  );
  t.equal(ann?.claimedWeight, BigInt(hosts[0]?.hits.length ?? 0) * 2n);
  const { forfeits } = chain.ask<{ forfeits: { operator: string; reason: number }[] }>("Forfeits", {
    epoch: "1",
  });
  t.same(
    forfeits.map(({ operator, reason }) => [operator, reason]),
    [[hosts[2]?.operator, ForfeitReason.FORFEIT_REASON_BAD_LEAF]],
  );
  t.ok((cat?.powerAfter ?? 0n) < (cat?.powerBefore ?? 0n));
});
