/** Commits, reopening, discarding and historic reads (spec/store.md, Multistore). */
import { readFileSync } from "node:fs";
import t from "tap";
import { fromHex, toHex, utf8 } from "../../../src/encoding/bytes.ts";
import { MemoryDb } from "../../../src/store/memory-db.ts";
import { Multistore } from "../../../src/store/multistore.ts";

interface Chain {
  initialVersion: number;
  names: string[];
  versions: [store: string, key: string, value: string][][];
  appHashes: string[];
  hashBeforeFirstCommit: string;
}
const { chains } = JSON.parse(
  readFileSync(new URL("../../vectors/iavl/multistore.json", import.meta.url), "utf8"),
) as { chains: Chain[] };

for (const chain of chains) {
  t.test(`the hashes of the SDK's rootmulti from version ${chain.initialVersion}`, async (t) => {
    const db = new MemoryDb();
    const initialVersion = BigInt(chain.initialVersion);
    let store = await Multistore.open(db, chain.names, { initialVersion });
    t.equal(toHex(store.appHash()), chain.hashBeforeFirstCommit);
    for (const [index, writes] of chain.versions.entries()) {
      for (const [name, key, value] of writes) {
        if (value === "delete") store.working(name).delete(fromHex(key));
        else store.working(name).set(fromHex(key), fromHex(value));
      }
      t.equal(toHex(store.workingHash()), chain.appHashes[index]);
      const { version, appHash } = await store.commit();
      t.equal(version, initialVersion + BigInt(index));
      t.equal(toHex(appHash), chain.appHashes[index]);
      store = await Multistore.open(db, chain.names);
      t.equal(store.version, version);
      t.equal(toHex(store.appHash()), chain.appHashes[index]);
    }
  });
}
