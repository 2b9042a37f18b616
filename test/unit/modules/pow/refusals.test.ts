/** Every refusal of pow's messages, by code: spec/modules/pow.md, "Messages". */
import t from "tap";
import { VerdictKind } from "../../../../src/gen/gonka/pow/v1/types.ts";
import { moduleAddress } from "../../../../src/modules/addresses.ts";
import { ModuleError } from "../../../../src/modules/errors.ts";
import {
  addresses,
  authority,
  HashOracle,
  hostKeys,
  PowChain,
  powGenesis,
} from "../../../support/pow-chain.ts";
import { PowHost } from "../../../support/pow-host.ts";

const powAccount = addresses.text(moduleAddress("pow"));
const names = ["ann", "bob", "cat"] as const;

function start(changes: Record<string, unknown> = {}, oracle = new HashOracle()) {
  const chain = new PowChain(powGenesis({ ann: 64n, bob: 64n, cat: 64n }, changes), oracle);
  const hosts = names.map((name) => new PowHost(chain, name));
  chain.block();
  const [ann, bob, cat] = hosts as [PowHost, PowHost, PowHost];
  return { chain, hosts, ann, bob, cat };
}

/** Codespace and code of what a call throws; "taken" when it does not. */
function refusal(act: () => void): string {
  try {
    act();
    return "taken";
  } catch (error) {
    if (error instanceof ModuleError) return `${error.codespace} ${error.code}`;
    throw error;
  }
}

/** Blocks up to a phase of the running epoch; the height is one of it. */
function enter(chain: PowChain, phase: "commitHeight" | "beacon3Height" | "verifyHeight"): void {
  chain.advanceTo(chain.pow.epochs.running(chain.context())[phase]);
  chain.block();
}

t.test("hosts: keys, texts and grants are checked, keys belong to one host", async (t) => {
  const { chain, ann } = start();
  const eve = new PowHost(chain, "eve").registration();
  const register = (change: object) =>
    refusal(() => chain.send("MsgRegisterHost", { ...eve, ...change }));
  t.equal(register({ operator: "gonka1nonsense" }), "sdk 7");
  t.equal(register({ workerPubKey: new Uint8Array(33) }), "pow 2", "not a compressed key");
  t.equal(register({ consensusPubKey: new Uint8Array(31) }), "pow 2");
  t.equal(register({ moniker: " " }), "pow 2");
  t.equal(register({ moniker: "m".repeat(71) }), "pow 2");
  t.equal(register({ endpoint: "javascript:alert(1)" }), "pow 2");
  t.equal(register({ workerGrants: ["/cosmos.bank.v1beta1.MsgSend"] }), "pow 2");
  t.equal(register({ workerGrants: [...eve.workerGrants, ...eve.workerGrants] }), "pow 2");
  t.equal(register({ operator: ann.operator }), "pow 3");
  t.equal(register({ workerPubKey: hostKeys("ann").workerPubKey }), "pow 5");
  t.equal(register({ consensusPubKey: hostKeys("ann").consensusPubKey }), "pow 5");
  t.equal(register({}), "taken");
  t.equal(register({}), "pow 3");
  const update = { operator: eve.operator, moniker: "eve", website: "", endpoint: "" };
  const rotate = (key: Uint8Array) =>
    refusal(() => chain.send("MsgUpdateHost", { ...update, consensusPubKey: key }));
  t.equal(rotate(hostKeys("ann").consensusPubKey), "pow 5");
  t.equal(rotate(hostKeys("fay").consensusPubKey), "taken");
  t.equal(rotate(new Uint8Array()), "taken", "an empty key keeps the present one");
  const host = chain.pow.hosts.get(chain.context(), eve.operator);
  t.same(host.consensusPubKey, hostKeys("fay").consensusPubKey);
  const unknown = { ...update, operator: hostKeys("gus").operator };
  t.equal(
    refusal(() => chain.send("MsgUpdateHost", { ...unknown, consensusPubKey: new Uint8Array() })),
    "pow 4",
  );
  t.equal(
    refusal(() => chain.send("MsgUnregisterHost", unknown)),
    "pow 4",
  );
});

t.test("a worker signs what it was granted, and nothing after the grant is gone", async (t) => {
  const { chain, ann, bob } = start();
  enter(chain, "commitHeight");
  ann.mine(8);
  t.equal(
    refusal(() => ann.commit({ signer: bob.worker })),
    "sdk 4",
  );
  const grants = ["/gonka.pow.v1.MsgAttestSprint"];
  const setWorker = { operator: ann.operator, workerPubKey: new Uint8Array() };
  chain.send("MsgSetWorker", { ...setWorker, workerGrants: grants });
  t.equal(
    refusal(() => ann.commit()),
    "pow 6",
  );
  t.equal(
    refusal(() => ann.commit({ signer: ann.operator })),
    "taken",
    "the operator always may",
  );
});

t.test("commitments: in their phase and epoch, of a participant, well-formed, once", async (t) => {
  const { chain, ann } = start();
  ann.mine(0);
  ann.hits = [{ nonce: 1n, digest: new Uint8Array(32) }];
  t.equal(
    refusal(() => ann.commit()),
    "pow 7",
    "serve phase",
  );
  const eve = new PowHost(chain, "eve");
  enter(chain, "commitHeight");
  chain.send("MsgRegisterHost", eve.registration());
  eve.hits = ann.hits;
  t.equal(
    refusal(() => eve.commit()),
    "pow 9",
    "registered after the window opened",
  );
  t.equal(
    refusal(() => ann.commit({ epoch: 2n })),
    "pow 8",
  );
  t.equal(
    refusal(() => ann.commit({ sprint: 1 })),
    "pow 8",
  );
  t.equal(
    refusal(() => ann.commit({ tier: 7 })),
    "pow 11",
  );
  t.equal(
    refusal(() => ann.commit({ root: new Uint8Array(31) })),
    "pow 11",
  );
  t.equal(
    refusal(() => ann.commit({ count: 0n })),
    "pow 11",
  );
  t.equal(
    refusal(() => ann.commit({ count: 1n << 32n })),
    "pow 11",
  );
  t.equal(
    refusal(() => ann.commit()),
    "taken",
  );
  t.equal(
    refusal(() => ann.commit()),
    "pow 10",
    "first final",
  );
});

t.test("openings: the sampled leaves of one's own commitment, once", async (t) => {
  const { chain, ann, bob, cat } = start();
  enter(chain, "commitHeight");
  ann.mine(20);
  bob.mine(20);
  cat.mine(20);
  ann.commit();
  bob.commit();
  t.equal(
    refusal(() => chain.send("MsgOpenSprint", opening(ann, 1n))),
    "pow 7",
    "commit phase",
  );
  chain.advanceTo(chain.pow.epochs.running(chain.context()).openHeight);
  chain.block();
  t.equal(
    refusal(() => chain.send("MsgOpenSprint", opening(ann, 1n))),
    "pow 7",
    "no beacon yet",
  );
  enter(chain, "beacon3Height");
  t.equal(
    refusal(() => cat.open()),
    "pow 12",
    "nothing was committed",
  );
  t.equal(
    refusal(() => ann.open({ leaves: [] })),
    "pow 14",
  );
  t.equal(
    refusal(() => ann.open({ leaves: [ann.hits[0]] })),
    "pow 14",
    "too few",
  );
  t.equal(
    refusal(() => ann.open({ proof: [] })),
    "pow 14",
  );
  const [first, ...others] = ann.hits;
  ann.hits = [{ nonce: first?.nonce ?? 0n, digest: new Uint8Array(32) }, ...others];
  t.equal(
    refusal(() => ann.open()),
    "pow 14",
    "another tree than the committed one",
  );
  ann.mine(20);
  t.equal(
    refusal(() => ann.open()),
    "taken",
  );
  t.equal(
    refusal(() => ann.open()),
    "pow 13",
  );
});

const opening = ({ worker, operator, hits }: PowHost, epoch: bigint) => ({
  signer: worker,
  host: operator,
  epoch,
  sprint: 0,
  leaves: hits.slice(0, 1),
  proof: [],
});

t.test("attestations: exactly the assigned hosts, one per verifier, well-formed", async (t) => {
  const { chain, hosts, ann, bob, cat } = start();
  enter(chain, "commitHeight");
  for (const host of hosts) host.mine(20);
  for (const host of [ann, bob]) host.commit();
  enter(chain, "beacon3Height");
  bob.open();
  enter(chain, "verifyHeight");
  const onAnn = bob.verdicts().map((v) => ({ ...v, kind: VerdictKind.VERDICT_KIND_VALID }));
  const tagged = onAnn.map((v) => ({ ...v, tags: [new Uint8Array(32)] }));
  t.equal(
    refusal(() => bob.attest({ verdicts: tagged })),
    "pow 17",
    "ann opened nothing",
  );
  const verdict = ann.verdicts()[0];
  if (!verdict) throw new Error("ann was not assigned");
  const attest = (change: object) =>
    refusal(() => ann.attest({ verdicts: [{ ...verdict, ...change }] }));
  t.equal(attest({ kind: 7 }), "pow 17");
  t.equal(attest({ tags: [] }), "pow 17");
  t.equal(attest({ tags: [new Uint8Array(31)] }), "pow 17");
  t.equal(attest({ tags: [...verdict.tags, new Uint8Array(32)] }), "pow 17", "one too many");
  t.equal(attest({ badIndex: 1n }), "pow 17");
  t.equal(attest({ host: cat.operator }), "pow 17", "assigned to another");
  const accusation = { kind: VerdictKind.VERDICT_KIND_INVALID, tags: [], badIndex: 19n };
  t.equal(attest(accusation), "pow 17", "no digest");
  const outside = [...Array(20).keys()].find((i) => !ann.sampledOf(bob.operator).includes(i)) ?? 0;
  const unsampled = { ...accusation, badIndex: BigInt(outside), correctDigest: new Uint8Array(32) };
  t.equal(attest(unsampled), "pow 17", "not in the sample");
  const idle = { signer: cat.worker, verifier: cat.operator, epoch: 1n, sprint: 0 };
  const asCat = { ...idle, verdicts: [abstention(bob)] };
  t.equal(
    refusal(() => chain.send("MsgAttestSprint", asCat)),
    "pow 15",
    "did not commit",
  );
  t.equal(
    refusal(() => ann.attest({ verdicts: [abstention(bob)] })),
    "taken",
    "may abstain",
  );
  t.equal(
    refusal(() => ann.attest()),
    "pow 16",
    "first final",
  );
});

t.test("an estimate of an accusation does not make the node compute", async (t) => {
  const oracle = new HashOracle();
  const { chain, hosts, ann, bob } = start({}, oracle);
  enter(chain, "commitHeight");
  for (const host of hosts) host.mine(20);
  for (const host of [ann, bob]) host.commit();
  enter(chain, "beacon3Height");
  bob.open();
  enter(chain, "verifyHeight");
  const badIndex = BigInt(ann.sampledOf(bob.operator)[0] ?? 0);
  const kind = VerdictKind.VERDICT_KIND_INVALID;
  const correctDigest = new Uint8Array(32);
  const verdicts = [{ host: bob.operator, kind, tags: [], badIndex, correctDigest }];
  const msg = { signer: ann.worker, verifier: ann.operator, epoch: 1n, sprint: 0, verdicts };
  const handler = chain.module.msgs.find(({ typeUrl }) => typeUrl.endsWith("MsgAttestSprint"));
  const before = oracle.recomputed;
  const gas = { limit: 0n, consumed: 0n, consume: (amount: bigint) => (gas.consumed += amount) };
  handler?.execute({ ...chain.context(), gas, isSimulation: true }, msg);
  t.equal(oracle.recomputed, before);
  t.ok(gas.consumed >= 2_000_000n, "the gas is the same");
});

const abstention = (host: PowHost) => ({
  host: host.operator,
  kind: VerdictKind.VERDICT_KIND_ABSTAIN,
  tags: [],
  badIndex: 0n,
  correctDigest: new Uint8Array(),
});

t.test("parameters and the pool: only governance, in range, from the next epoch on", async (t) => {
  const { chain, ann } = start();
  const now = chain.params;
  const update = (params: object, signer = authority) =>
    refusal(() =>
      chain.send("MsgUpdateParams", { authority: signer, params: { ...now, ...params } }),
    );
  t.equal(update({}, ann.operator), "sdk 4");
  t.equal(update({ maxShare: "1.2" }), "pow 18");
  t.equal(update({ maxStep: "0.34" }), "pow 18", "a third of the power would change hands");
  t.equal(update({ profile: "M" }), "pow 18", "no judge for it");
  t.equal(update({ epochBlocks: 21n, generateBlocks: 20n }), "pow 18", "phases do not fit");
  t.equal(update({ tiers: [] }), "pow 18");
  t.equal(update({ forfeitDestination: 0 }), "pow 18");
  t.equal(update({ emissionCap: "4.2" }), "pow 18");
  t.equal(update({ unprovenWeight: (1n << 40n) + 1n }), "pow 18", "weights must add up");
  t.equal(update({ vestingEpochs: 1, forfeitDestination: 2 }), "taken");
  t.equal(chain.params.vestingEpochs, 5, "not inside an epoch");
  const { settleHeight } = chain.pow.epochs.running(chain.context());
  chain.advanceTo(settleHeight + 1n);
  chain.block();
  t.same([chain.params.vestingEpochs, chain.params.forfeitDestination], [1, 2], "frozen, then new");
  const spend = { authority, recipient: ann.operator, amount: [{ denom: "ngonka", amount: "5" }] };
  t.equal(
    refusal(() => chain.send("MsgCommunityPoolSpend", { ...spend, authority: ann.operator })),
    "sdk 4",
  );
  t.equal(
    refusal(() => chain.send("MsgCommunityPoolSpend", { ...spend, amount: [] })),
    "sdk 10",
  );
  t.equal(
    refusal(() => chain.send("MsgCommunityPoolSpend", { ...spend, recipient: powAccount })),
    "sdk 4",
    "coins that pow could not explain",
  );
  const pool = () => chain.pow.rewards.pool(chain.context())[0]?.amount ?? 0n;
  const before = pool();
  chain.send("MsgCommunityPoolSpend", spend);
  t.equal(pool(), before - 5n);
  const gift = { depositor: ann.operator, amount: [{ denom: "ngonka", amount: "3" }] };
  chain.send("MsgFundCommunityPool", gift);
  t.equal(pool(), before - 2n);
  t.equal(
    refusal(() => chain.send("MsgFundCommunityPool", gift)),
    "sdk 5",
  );
});
