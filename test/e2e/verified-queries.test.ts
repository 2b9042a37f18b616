/**
 * queryStoreVerified of CosmJS 0.32.4, the last one that verifies, against a running node: keys
 * that are there, keys that are not, and a middleman who bends the answers (spec/store.md, 8).
 */
import "../../src/p2p/promise-shim.ts"; // Before anything of libp2p.
import { createRequire } from "node:module";
import { Pairs } from "cosmjs-types/cosmos/store/internal/kv/v1beta1/kv";
import { QueryClient } from "stargate-0-32";
import t from "tap";
import { equalBytes, toHex } from "../../src/encoding/bytes.ts";
import { type OneNode, startOneNode } from "../support/one-node.ts";
import { Xorshift } from "../support/xorshift.ts";

type CometClient = ConstructorParameters<typeof QueryClient>[0];
type Answer = Awaited<ReturnType<CometClient["abciQuery"]>>;
interface CometRpc {
  readonly Comet38Client: { connect(url: string): Promise<CometClient> };
}
// The alias carries a tendermint-rpc of its own version.
const loadOld = createRequire(import.meta.resolve("stargate-0-32"));
const { Comet38Client } = loadOld("@cosmjs/tendermint-rpc") as CometRpc;

const heights = 3;
const keysPerHeight = 20;
const lies = 100;

let running: OneNode;
let comet: CometClient;
let died: unknown;

t.before(async () => {
  running = await startOneNode((error) => {
    died = error;
  });
  comet = await Comet38Client.connect(running.rpcUrl);
});

t.teardown(async () => {
  comet?.disconnect();
  await running?.stop();
});

async function waitFor(height: number): Promise<void> {
  for (;;) {
    // Before the first block there is no status that CosmJS can read.
    const status = await comet.status().catch(() => undefined);
    if (status && status.syncInfo.latestBlockHeight >= height) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

interface Place {
  readonly store: string;
  readonly key: Uint8Array;
}

/**
 * Keys of all stores, as subspace queries list them. ICS-23 cannot prove an empty value, nor an
 * absence beside one: these are left out.
 */
async function presentPlaces(height: number): Promise<Place[]> {
  const places: Place[] = [];
  for (const store of ["acc", "bank", "consensus", "gov", "pow"]) {
    const pairs = [];
    for (let prefix = 0; prefix < 0x40; prefix++) {
      const path = `/store/${store}/subspace`;
      const { value } = await comet.abciQuery({ path, data: Uint8Array.of(prefix), height });
      pairs.push(...Pairs.decode(value).pairs);
    }
    for (const [index, { key, value }] of pairs.entries()) {
      const next = pairs[index + 1]?.value.length ?? 1;
      if (value.length > 0 && next > 0) places.push({ store, key });
    }
  }
  return places;
}

function shuffled<T>(items: readonly T[], random: Xorshift): T[] {
  const left = [...items];
  return items.map(() => left.splice(random.below(left.length), 1)[0] as T);
}

const seed = Number(process.env.GONKA_TEST_SEED ?? 11);

t.test("60 present and 60 absent keys over three heights", async (t) => {
  t.comment(`seed ${seed} (GONKA_TEST_SEED)`);
  const random = new Xorshift(seed);
  const client = new QueryClient(comet);
  let [present, absent] = [0, 0];
  for (let height = 2; height < 2 + heights; height++) {
    await waitFor(height + 1);
    const places = await presentPlaces(height);
    for (const { store, key } of shuffled(places, random).slice(0, keysPerHeight)) {
      const proven = await client.queryStoreVerified(store, key, height);
      t.ok(proven.value.length > 0, `${store} ${toHex(key)}`);
      t.equal(proven.height, height);
      present++;
      const other = Uint8Array.of(...key, random.below(256));
      const missing = await client.queryStoreVerified(store, other, height);
      t.equal(missing.value.length, 0, `${store} ${toHex(other)} is absent`);
      absent++;
    }
  }
  t.equal(present, heights * keysPerHeight);
  t.equal(absent, heights * keysPerHeight);
});

/** The ways to bend an answer, each into something that is not true. */
const bends: ((answer: Answer, random: Xorshift, another: Answer) => Answer)[] = [
  (answer, random) => ({ ...answer, value: flipped(answer.value, random) }),
  (answer) => ({ ...answer, value: new Uint8Array() }),
  (answer, random) => ({ ...answer, key: flipped(answer.key, random) }),
  (answer, random) => withOps(answer, ([a, b]) => [{ ...a, data: flipped(a.data, random) }, b]),
  (answer, random) => withOps(answer, ([a, b]) => [a, { ...b, data: flipped(b.data, random) }]),
  (answer) => withOps(answer, ([a, b]) => [b, a]),
  (answer) => withOps(answer, ([a]) => [a]),
  (answer, _, another) => ({ ...answer, value: another.value, proof: another.proof! }),
  (answer, _, another) =>
    withOps(answer, ([a, b]) => [{ ...another.proof!.ops[0]!, key: a.key }, b]),
  (answer, random) => ({ ...answer, value: Uint8Array.of(...answer.value, random.below(256)) }),
];

type Ops = NonNullable<Answer["proof"]>["ops"];
type Op = Ops[number];

function withOps(answer: Answer, change: (ops: [Op, Op]) => Op[]): Answer {
  const [first, second] = answer.proof?.ops ?? [];
  if (!first || !second) throw new Error("an answer with a proof has two steps");
  return { ...answer, proof: { ops: change([first, second]) } };
}

function flipped(bytes: Uint8Array, random: Xorshift): Uint8Array {
  const copy = bytes.slice();
  copy[random.below(copy.length)]! ^= 1 << random.below(8);
  return copy;
}

t.test("every one of 100 bent answers is rejected", async (t) => {
  t.comment(`seed ${seed} (GONKA_TEST_SEED)`);
  const random = new Xorshift(seed);
  await waitFor(3);
  const places = shuffled(await presentPlaces(2), random);
  let rejected = 0;
  for (let run = 0; run < lies; run++) {
    const place = places[run % places.length]!;
    const other = places[(run + 1) % places.length]!;
    const bend = bends[run % bends.length]!;
    const request = (key: Uint8Array, store: string) =>
      comet.abciQuery({ path: `/store/${store}/key`, data: key, prove: true, height: 2 });
    const another = await request(other.key, other.store);
    const middleman = Object.create(comet) as CometClient;
    middleman.abciQuery = async (params) => {
      const answer = await comet.abciQuery(params);
      const lie = bend(answer, random, another);
      if (sameAnswer(answer, lie)) throw new Error("this answer is not bent");
      return lie;
    };
    const honest = await new QueryClient(comet).queryStoreVerified(place.store, place.key, 2);
    t.ok(honest.value.length > 0);
    const outcome = await new QueryClient(middleman)
      .queryStoreVerified(place.store, place.key, 2)
      .catch((error: unknown) => error);
    const isRefused = outcome instanceof Error && !/not bent/.test(outcome.message);
    t.ok(isRefused, `lie ${run} by bend ${run % bends.length}`);
    if (isRefused) rejected++;
  }
  t.equal(rejected, lies);
});

function sameAnswer(a: Answer, b: Answer): boolean {
  const [first, second] = [a.proof?.ops ?? [], b.proof?.ops ?? []];
  return (
    equalBytes(a.value, b.value) &&
    equalBytes(a.key, b.key) &&
    first.length === second.length &&
    first.every((op, index) => equalBytes(op.data, second[index]!.data))
  );
}

t.test("nothing of this stopped the node", async (t) => {
  t.equal(died, undefined);
});
