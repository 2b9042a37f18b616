/**
 * ICS-23 proofs: the vectors of cosmos/ics23, bytes that cosmos/iavl made, and proofs of our own
 * trees, true and tampered with, before the verifier that CosmJS uses (spec/store.md, clause 8).
 */
import { readFileSync } from "node:fs";
import * as ics23 from "@confio/ics23";
import t from "tap";
import { equalBytes, fromHex, toHex, utf8 } from "../../../src/encoding/bytes.ts";
import { appHashOf } from "../../../src/store/commit-info.ts";
import { Tree, TreeView } from "../../../src/store/iavl/tree.ts";
import { MemoryDb } from "../../../src/store/memory-db.ts";
import { Multistore, type StoreProof } from "../../../src/store/multistore.ts";
import { proveStore } from "../../../src/store/proofs/store-proof.ts";
import { Xorshift } from "../../support/xorshift.ts";

interface Vector {
  key: string;
  value: string;
  root: string;
  proof: string;
}
interface GoProofs {
  versions: [key: string, value: string][][];
  roots: string[];
  proofs: { version: number; key: string; value: string | null; proof: string }[];
  stores: [name: string, root: string][];
  appHash: string;
  storeProofs: Record<string, string>;
}
const read = (file: string): unknown =>
  JSON.parse(readFileSync(new URL(`../../vectors/ics23/${file}`, import.meta.url), "utf8"));
const vectors = read("ics23.json") as Record<"iavl" | "tendermint", Record<string, Vector>>;
const goProofs = read("go-proofs.json") as GoProofs;
const decode = (bytes: Uint8Array) => ics23.ics23.CommitmentProof.decode(bytes);

for (const [spec, rules] of [
  ["iavl", ics23.iavlSpec],
  ["tendermint", ics23.tendermintSpec],
] as const) {
  t.test(`the ${spec} vectors of ICS-23`, async (t) => {
    t.equal(Object.keys(vectors[spec]).length, 6);
    for (const [name, vector] of Object.entries(vectors[spec])) {
      const proof = decode(fromHex(vector.proof));
      const [root, key, value] = [vector.root, vector.key, vector.value].map(fromHex);
      const isTrue = vector.value
        ? ics23.verifyMembership(proof, rules, root!, key!, value!)
        : ics23.verifyNonMembership(proof, rules, root!, key!);
      t.ok(isTrue, name);
    }
  });
}

t.test("proofs have the bytes that cosmos/iavl and the SDK make", async (t) => {
  const tree = new Tree(1);
  for (const [index, writes] of goProofs.versions.entries()) {
    for (const [key, value] of writes) {
      if (value === "delete") tree.remove(fromHex(key));
      else tree.set(fromHex(key), fromHex(value));
    }
    t.equal(toHex(tree.workingHash()), goProofs.roots[index]);
    tree.seal();
  }
  for (const { version, key, value, proof } of goProofs.proofs) {
    const view = new TreeView(tree, version);
    t.equal(toHex(view.prove(fromHex(key))), proof, `${key} at ${version}`);
    t.same(view.get(fromHex(key)), value === null ? undefined : fromHex(value));
  }
  const stores = goProofs.stores.map(([name, root]) => ({ name, root: fromHex(root) }));
  t.equal(toHex(appHashOf(stores)), goProofs.appHash);
  for (const { name } of stores) {
    t.equal(toHex(proveStore(stores, name)), goProofs.storeProofs[name]);
  }
});

/** What a client does: the key against the store's root, the store against the application hash. */
function verifies(
  proof: StoreProof,
  claim: { name: string; key: Uint8Array; value: Uint8Array | undefined; appHash: Uint8Array },
): boolean {
  try {
    const store = decode(proof.store);
    const root = store.exist?.value;
    const { name, key, value, appHash } = claim;
    if (!root || !ics23.verifyMembership(store, ics23.tendermintSpec, appHash, utf8(name), root)) {
      return false;
    }
    const inner = decode(proof.key);
    return value === undefined
      ? ics23.verifyNonMembership(inner, ics23.iavlSpec, root, key)
      : ics23.verifyMembership(inner, ics23.iavlSpec, root, key, value);
  } catch {
    return false; // Bytes that do not decode.
  }
}

const names = ["acc", "bank", "consensus", "gov", "pow"];

/** Random versions of a few stores, their values kept in maps beside them. */
async function history(seed: number, keepVersions: number) {
  const random = new Xorshift(seed);
  const options = { keepVersions, snapshotOps: 100 };
  const store = await Multistore.open(new MemoryDb(), names, options);
  const states: Map<string, Uint8Array>[] = [new Map()];
  const hashes: Uint8Array[] = [new Uint8Array()];
  for (let version = 1; version <= 130; version++) {
    const state = new Map(states.at(-1));
    for (let i = random.below(12); i > 0; i--) {
      const name = names[random.below(4)] ?? ""; // The last one stays empty.
      const key = random.bytes(1 + random.below(2));
      const value = random.bytes(1 + random.below(40));
      if (random.below(4) === 0) {
        store.working(name).delete(key);
        state.delete(`${name}/${toHex(key)}`);
      } else {
        store.working(name).set(key, value);
        state.set(`${name}/${toHex(key)}`, value);
      }
    }
    hashes.push((await store.commit()).appHash);
    states.push(state);
  }
  return { random, store, states, hashes };
}

t.test("a key and its absence are proven at heights old and new", async (t) => {
  const seed = Number(process.env.GONKA_TEST_SEED ?? 20_261_122);
  t.comment(`seed ${seed} (GONKA_TEST_SEED)`);
  const { random, store, states, hashes } = await history(seed, 130);
  let [present, absent] = [0, 0];
  for (const version of [20, 21, 29, 60, 100, 129, 130]) {
    const committed = store.at(BigInt(version))!;
    const appHash = hashes[version]!;
    t.ok(equalBytes(committed.appHash, appHash));
    for (const [id, value] of states[version]!) {
      const [name, hex] = id.split("/") as [string, string];
      const key = fromHex(hex);
      const claim = { name, key, value, appHash };
      const proof = committed.prove(name, key);
      present++;
      if (!verifies(proof, claim)) t.fail(`${id} at ${version} is not proven`);
      if (verifies(proof, { ...claim, value: undefined })) t.fail(`${id} is proven absent too`);
      if (verifies(proof, { ...claim, appHash: hashes[version - 1]! })) {
        if (!equalBytes(appHash, hashes[version - 1]!)) t.fail(`${id} holds for another height`);
      }
    }
    for (let i = 0; i < 60; i++) {
      const name = names[random.below(4)] ?? "";
      const key = random.bytes(1 + random.below(4));
      if (states[version]!.has(`${name}/${toHex(key)}`)) continue;
      absent++;
      const claim = { name, key, value: undefined, appHash };
      if (!verifies(committed.prove(name, key), claim)) t.fail(`${toHex(key)} at ${version}`);
    }
  }
  t.ok(present > 300 && absent > 300, `${present} present and ${absent} absent keys`);
  const empty = store.at(130n)!.prove("pow", utf8("a"));
  t.notOk(
    verifies(empty, { name: "pow", key: utf8("a"), value: undefined, appHash: hashes[130]! }),
    "a store without keys proves no absence, as in the SDK",
  );
  t.throws(() => store.at(130n)!.prove("mint", utf8("a")), { message: /no store mint/ });
});

t.test("no proof that was tampered with convinces of anything else", async (t) => {
  const seed = Number(process.env.GONKA_TEST_SEED ?? 7);
  t.comment(`seed ${seed} (GONKA_TEST_SEED)`);
  const { random, store, states, hashes } = await history(seed, 130);
  const committed = store.at(130n)!;
  const appHash = hashes[130]!;
  const ids = [...states[130]!.keys()];
  for (let run = 0; run < 600; run++) {
    const [name = "", hex = ""] = ids[random.below(ids.length)]!.split("/");
    const key = fromHex(hex);
    const value = states[130]!.get(`${name}/${hex}`)!;
    const wrong = value.slice();
    wrong[random.below(wrong.length)]! ^= 1 << random.below(8);
    const proof = committed.prove(name, key);
    const lie = run % 3 === 0 ? undefined : wrong;
    const forged = { key: bent(proof.key, random), store: bent(proof.store, random) };
    const claim = { name, key, value: lie, appHash };
    if (verifies(proof, claim) || verifies(forged, claim)) t.fail(`run ${run} convinces`);
  }
  t.pass("600 lies refused");
});

function bent(bytes: Uint8Array, random: Xorshift): Uint8Array {
  const copy = bytes.slice();
  for (let i = random.below(4); i > 0; i--)
    copy[random.below(copy.length)]! ^= 1 << random.below(8);
  return copy;
}
