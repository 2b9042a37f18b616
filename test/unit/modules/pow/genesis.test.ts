/** app_state.pow: what is refused and where, and that export and import are inverse. */
import { readFileSync } from "node:fs";
import t from "tap";
import { Params } from "../../../../src/gen/gonka/pow/v1/params.ts";
import { snakeKeys } from "../../../../src/modules/gonka-msg.ts";
import { GenesisError } from "../../../../src/modules/module.ts";
import { fractionRules, validateParams, wholeRules } from "../../../../src/modules/pow/params.ts";
import { HashOracle, hostKeys, PowChain, powGenesis } from "../../../support/pow-chain.ts";
import { PowHost, playEpoch } from "../../../support/pow-host.ts";

const weights = { ann: 64n, bob: 64n, cat: 32n };
const repository = new URL("../../../../", import.meta.url);
const text = (path: string) => readFileSync(new URL(path, repository), "utf8");

/** The path of the refusal. */
function refusedAt(state: unknown): string {
  try {
    new PowChain(state);
    return "taken";
  } catch (error) {
    if (error instanceof GenesisError) return error.path;
    throw error;
  }
}

t.test("the first set has the power of the reference weights", async (t) => {
  const chain = new PowChain(powGenesis(weights));
  t.same([...chain.validators.values()].sort(), [200_000n, 400_000n, 400_000n]);
  t.equal(chain.pow.powerOf(chain.context(), new Uint8Array(20)), 0n, "a stranger has none");
  t.equal(chain.pow.total(chain.context()), 1_000_000n);
});

t.test("a genesis that cannot be used is refused with its path", async (t) => {
  const good = powGenesis(weights);
  const standing = (change: object) => ({
    ...good,
    standings: (good.standings as object[]).map((each, i) =>
      i === 1 ? { ...each, ...change } : each,
    ),
  });
  const host = (change: object) => ({
    ...good,
    hosts: (good.hosts as object[]).map((each, i) => (i === 1 ? { ...each, ...change } : each)),
  });
  const params = (change: object) => ({ ...good, params: { ...good.params, ...change } });
  const cases: readonly (readonly [state: unknown, path: string])[] = [
    [[], "app_state.pow"],
    [{ ...good, surprise: 1 }, "app_state.pow.surprise"],
    [params({ max_shares: "0.3" }), "app_state.pow.params.max_shares"],
    [params({ max_share: "2" }), "app_state.pow.params"],
    [params({ epoch_blocks: "many" }), "app_state.pow.params"],
    [params({ forfeit_destination: "NOWHERE" }), "app_state.pow.params.forfeit_destination"],
    [host({ operator: "cosmos1xyz" }), "app_state.pow.hosts[1]"],
    [host({ worker_pub_key: "AAAA" }), "app_state.pow.hosts[1]"],
    [host({ worker_pub_key: "!" }), "app_state.pow.hosts[1].worker_pub_key"],
    [host({ operator: hostKeys("ann").operator }), "app_state.pow.hosts[1]"],
    [standing({ operator: hostKeys("eve").operator }), "app_state.pow.standings[1]"],
    [standing({ operator: hostKeys("ann").operator }), "app_state.pow.standings[1]"],
    [standing({ power: "5" }), "app_state.pow.standings"],
    [{ ...good, standings: [] }, "app_state.pow.standings"],
    [
      standing({ reference_weight: String(2n ** 53n) }),
      "app_state.pow.standings[1].reference_weight",
    ],
    [host({ surprises: [] }), "app_state.pow.hosts[1].surprises"],
    [{ ...good, next_emission: "4.2" }, "app_state.pow.next_emission"],
    [{ ...good, next_emission: "9".repeat(40) }, "app_state.pow.next_emission"],
    [
      { ...good, totals: { emitted: "1", paid: "0", to_pool: "0", vesting: "0" } },
      "app_state.pow.totals",
    ],
    [{ ...good, beacon_chain: "AAAA" }, "app_state.pow.beacon_chain"],
  ];
  for (const [state, path] of cases) t.equal(refusedAt(state), path);
  t.equal(refusedAt(good), "taken");
  t.equal(refusedAt(host({ worker_grants: [] })), "taken", "an empty list is a list");
  t.equal(refusedAt(host({ website: "", leaving: false })), "taken");
});

t.test("export and import are inverse, in the middle of an epoch too", async (t) => {
  const chain = new PowChain(powGenesis(weights));
  const hosts = ["ann", "bob", "cat"].map((name) => new PowHost(chain, name));
  playEpoch(chain, hosts);
  chain.block();
  const { verifyHeight } = chain.pow.epochs.running(chain.context());
  chain.advanceTo(verifyHeight);
  const state = JSON.parse(JSON.stringify(chain.module.exportGenesis(chain.context()))) as object;
  const copy = new PowChain(state, new HashOracle(), chain.bank);
  t.same(copy.module.exportGenesis(copy.context()), state);
  t.same(copy.validators, chain.validators);
  t.equal(refusedAt(state), "app_state.pow", "a bank without the coins that vest");
});

t.test("both profiles are valid, and genesis/README.md names every parameter", async (t) => {
  const readme = text("genesis/README.md");
  for (const profile of ["gonka", "localnet"]) {
    const { app_state } = JSON.parse(text(`genesis/${profile}.json`)) as {
      app_state: { pow: { params: object } };
    };
    const params = Params.fromJSON(app_state.pow.params);
    t.equal(validateParams(params), params, profile);
    const names = Object.keys(snakeKeys(Params.toJSON(params)) as object);
    for (const name of names) t.match(readme, `\`${name}\``, `${name} is documented`);
  }
  const snake = (name: string) => Object.keys(snakeKeys({ [name]: 0 }) as object)[0] ?? "";
  const rowOf = (name: string) =>
    readme.split("\n").find((line) => line.startsWith(`| \`${snake(name)}\``)) ?? "";
  for (const { name, min, max } of wholeRules) t.match(rowOf(name), `${min} to ${max}`, name);
  for (const { name } of fractionRules) t.not(rowOf(name), "", name);
});
