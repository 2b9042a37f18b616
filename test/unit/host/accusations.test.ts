/** What a verifier can say in one transaction that fits a block. spec/host.md, "Sending". */
import { readFileSync } from "node:fs";
import t from "tap";
import { Verdict, VerdictKind } from "../../../src/gen/gonka/pow/v1/types.ts";
import { affordable } from "../../../src/host/accusations.ts";

const { VERDICT_KIND_VALID, VERDICT_KIND_INVALID, VERDICT_KIND_ABSTAIN } = VerdictKind;
const verdict = (kind: VerdictKind, at: number) =>
  Verdict.fromPartial({
    host: `host ${at}`,
    kind,
    badIndex: 7n,
    correctDigest: new Uint8Array(32),
  });

t.test(
  "accusations fit the block of the profile's network, the rest are abstentions",
  async (t) => {
    const profiles = { C: "gonka", T: "localnet" };
    for (const [profile, network] of Object.entries(profiles)) {
      const genesis = JSON.parse(
        readFileSync(new URL(`../../../genesis/${network}.json`, import.meta.url), "utf8"),
      ) as {
        consensus_params: { block: { max_gas: string } };
        app_state: { pow: { params: { profile: string } } };
      };
      t.equal(genesis.app_state.pow.params.profile, profile);
      const all = Array.from({ length: 50 }, (_, i) => verdict(VERDICT_KIND_INVALID, i));
      const { verdicts, gas } = affordable(all, profile);
      t.ok(gas < Number(genesis.consensus_params.block.max_gas), `${profile}: ${gas}`);
      t.same(
        verdicts.map(({ host }) => host),
        all.map(({ host }) => host),
        "one verdict for each host",
      );
      const rest = verdicts.filter(({ kind }) => kind === VERDICT_KIND_ABSTAIN);
      t.ok(rest.length > 0 && rest.every(({ badIndex }) => badIndex === 0n), "plain abstentions");
    }
  },
);

t.test("what a leaf costs in its profile is paid for", async (t) => {
  const some = [VERDICT_KIND_VALID, VERDICT_KIND_INVALID, VERDICT_KIND_ABSTAIN].map(verdict);
  t.same(affordable(some, "T"), { verdicts: some, gas: 3_000_000 });
  t.same(affordable(some, "C"), { verdicts: some, gas: 205_000_000 });
  t.equal(affordable(some.slice(0, 1), "C").gas, 0);
});
