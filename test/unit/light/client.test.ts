/** The light client, spec/light.md; scenarios after CometBFT light/{client,detector}_test.go. */
import t from "tap";
import { sha256 } from "../../../src/crypto/hash.ts";
import { toHex, utf8 } from "../../../src/encoding/bytes.ts";
import { addNanos, type Time } from "../../../src/encoding/time.ts";
import { LightClient, type LightClientParts } from "../../../src/light/client.ts";
import { LightClientError } from "../../../src/light/errors.ts";
import { MemoryTrustedStore } from "../../../src/light/memory-store.ts";
import { hashHeader } from "../../../src/types/header.ts";
import { chainId, LightChain, lightKey, timeOf } from "../../support/light-chain.ts";
import { TestProvider } from "../../support/light-provider.ts";

const second = 1_000_000_000n;
const silent = { info: () => undefined, warn: () => undefined };
const clockAt = (now: Time, slept: () => void = () => undefined) => ({
  now: () => now,
  sleep: async () => slept(),
});
const assumptions = {
  chainId,
  trustingPeriodNanos: 10_000n * second,
  maxClockDriftNanos: 10n * second,
  trustLevel: { numerator: 1n, denominator: 3n },
};

/** Every ten blocks one of four validators makes way for a new one. */
const chain = new LightChain((height) => {
  const turn = Number(height / 10n);
  return [0, 1, 2, 3].map((seat) => 1 + 4 * Math.floor((turn + seat) / 4) + seat);
});
const heights = (to: bigint) => Array.from({ length: Number(to) }, (_, i) => BigInt(i + 1));
const honest = (name: string, to = 100n) =>
  new TestProvider(
    name,
    heights(to).map((height) => chain.at(height)),
  );
const hashAt = (height: bigint) => hashHeader(chain.at(height).header);

function start(parts: Partial<LightClientParts> & { primary: TestProvider }): Promise<LightClient> {
  return LightClient.start({
    assumptions,
    witnesses: [honest("witness")],
    store: new MemoryTrustedStore(),
    clock: clockAt(timeOf(101n)),
    log: silent,
    trust: { height: 1n, hash: hashAt(1n) },
    ...parts,
  });
}
const failure = (name: string) => ({ name: "LightClientError", failure: name });

t.test("skips as far as trust reaches; sequentially, it does not", async (t) => {
  const primary = honest("primary");
  const client = await start({ primary });
  t.equal((await client.verify(100n)).header.height, 100n);
  t.ok(primary.asked.length < 15, `${primary.asked.length} blocks for 100`);
  t.equal(client.latest.header.height, 100n);
  t.equal(await client.update(), undefined, "nothing newer");
  const slow = honest("slow");
  await (await start({ primary: slow, mode: "sequential" })).verify(30n);
  t.equal(slow.asked.length, 30);
});

t.test("between and before trusted blocks", async (t) => {
  const primary = honest("primary");
  const client = await start({ primary, trust: { height: 50n, hash: hashAt(50n) } });
  await client.verify(100n);
  t.equal((await client.verify(70n)).header.height, 70n, "forward from the nearest below");
  primary.asked.length = 0;
  t.equal((await client.verify(45n)).header.height, 45n, "backward along the hashes");
  t.same(primary.asked, [45n, 49n, 48n, 47n, 46n]);
  primary.asked.length = 0;
  t.equal((await client.verify(70n)).header.height, 70n);
  t.same(primary.asked, [], "verified blocks are not asked for again");
});

t.test("a trusted block that is not the chain's, or too old", async (t) => {
  const primary = honest("primary");
  const wrong = { height: 1n, hash: hashAt(2n) };
  await t.rejects(start({ primary, trust: wrong }), failure("wrong trusted hash"));
  const forked = honest("forked");
  forked.blocks.set(1n, chain.forge(1n, { header: { appHash: sha256(utf8("x")) } }));
  await t.rejects(start({ primary, witnesses: [forked] }), failure("no witness confirms"));
  const late = clockAt(addNanos(timeOf(1n), assumptions.trustingPeriodNanos));
  const client = await start({ primary, clock: late });
  await t.rejects(client.verify(5n), failure("expired"));
  await t.rejects(start({ primary, witnesses: [] }), failure("bad options"));
  const { trust: _, ...untrusted } = { assumptions, primary, trust: wrong };
  const parts = { ...untrusted, witnesses: [primary], clock: late, log: silent };
  const store = new MemoryTrustedStore();
  await t.rejects(LightClient.start({ ...parts, store }), failure("bad options"), "no start");
});

t.test("goes on from its store", async (t) => {
  const store = new MemoryTrustedStore();
  await (await start({ primary: honest("primary"), store })).verify(60n);
  const { trust: _, ...parts } = {
    assumptions,
    primary: honest("primary"),
    witnesses: [honest("witness")],
    store,
    clock: clockAt(timeOf(101n)),
    log: silent,
    trust: undefined,
  };
  const again = await LightClient.start(parts);
  t.equal(again.latest.header.height, 60n);
  t.equal((await again.update())?.header.height, 100n);
});

t.test("a primary that fails makes way; one that lies is dropped", async (t) => {
  const down = honest("down");
  const client = await start({ primary: down, witnesses: [honest("a"), honest("b")] });
  down.isDown = true;
  t.equal((await client.verify(20n)).header.height, 20n);
  const liar = honest("liar");
  const other = await start({ primary: liar, witnesses: [honest("a"), honest("b")] });
  liar.blocks.set(50n, { ...chain.at(50n), commit: chain.at(51n).commit });
  t.equal((await other.verify(100n)).header.height, 100n, "with the next provider");
  const all = [honest("x"), honest("y")];
  const stuck = await start({ primary: honest("z"), witnesses: all });
  for (const each of all) each.isDown = true;
  await t.rejects(stuck.verify(20n), failure("no witness confirms"));
});

t.test("a forged block without two thirds behind it is refused", async (t) => {
  const liar = honest("liar");
  const client = await start({ primary: liar });
  liar.blocks.set(5n, chain.forge(5n, { signers: [1, 2] }));
  const verified = client.verify(5n);
  await t.rejects(verified, { name: "LightClientError" });
  t.equal(client.latest.header.height, 1n);
});

/** A fork by the validators of the first ten blocks, from height 8 on. */
function attacker(name: string): TestProvider {
  const forged = (height: bigint) =>
    chain.forge(height, { header: { appHash: sha256(utf8("theft")) } });
  return new TestProvider(
    name,
    heights(9n).map((height) => (height < 8n ? chain.at(height) : forged(height))),
  );
}

t.test("a fork is an attack, with evidence for both sides", async (t) => {
  const [primary, witness] = [attacker("primary"), honest("witness", 9n)];
  const client = await start({ primary, witnesses: [witness], clock: clockAt(timeOf(10n)) });
  const attack = await client.verify(9n).catch((error: unknown) => error);
  if (!(attack instanceof LightClientError)) throw attack;
  t.equal(attack.failure, "attack");
  t.equal(attack.evidence.length, 2);
  const [against] = witness.reported;
  t.equal(against?.conflictingBlock?.signedHeader?.header?.height, 9n);
  t.equal(against?.commonHeight, 1n, "the trusted block is what both sides share");
  t.same(
    against?.byzantineValidators.map(({ address }) => toHex(address)).sort(),
    [1, 2, 3, 4].map((n) => toHex(lightKey(n).address)).sort(),
  );
  t.equal(primary.reported.length, 1, "the primary hears the witness's side");
  t.equal(client.latest.header.height, 1n);
});

t.test("invented heights are an attack as well", async (t) => {
  const primary = honest("primary", 9n);
  const invented = chain.forge(30n, {
    members: [1, 2, 3, 4],
    header: { time: addNanos(timeOf(9n), -second) },
  });
  primary.blocks.set(30n, invented);
  const witness = honest("witness", 9n);
  let slept = 0;
  const clock = clockAt(timeOf(10n), () => slept++);
  const client = await start({ primary, witnesses: [witness], clock });
  await t.rejects(client.verify(30n), failure("attack"));
  t.equal(witness.reported[0]?.conflictingBlock?.signedHeader?.header?.height, 30n);
  t.equal(slept, 0, "the witness is later already");
});

t.test(
  "a witness that is behind gets time; one that cannot prove its block is dropped",
  async (t) => {
    const behind = honest("behind", 20n);
    const clock = clockAt(timeOf(101n), () => behind.blocks.set(21n, chain.at(21n)));
    const client = await start({ primary: honest("primary"), witnesses: [behind], clock });
    t.equal((await client.verify(21n)).header.height, 21n);
    const liar = honest("liar");
    const two = await start({ primary: honest("primary"), witnesses: [liar, honest("true")] });
    liar.blocks.set(9n, chain.forge(9n, { header: { appHash: new Uint8Array(32) }, signers: [1] }));
    t.equal((await two.verify(9n)).header.height, 9n);
    liar.asked.length = 0;
    await two.verify(12n);
    t.same(liar.asked, [], "never asked again");
  },
);
