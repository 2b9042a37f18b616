/**
 * The published vectors by every backend, through the addon: keys, hits, traces of T and C, weight
 * challenges. The project's own copy always; the published file too, where it lies beside.
 */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import t from "tap";
import { fromHex, toHex } from "../../../src/encoding/bytes.ts";
import { backendNames, openEngine, twinBackend } from "../../../src/native/open-engine.ts";
import { computeAnswer, computeModelRoot } from "../../../src/native/weight-engine.ts";
import { streamBytes } from "../../../src/sprint/chacha8.ts";
import { profiles } from "../../../src/sprint/profiles.ts";
import {
  readSprintVectors,
  type SprintVectors,
  sprintOf,
  sprintVectors,
} from "../../support/sprint-vectors.ts";

const compiled = (await backendNames()).filter((name) => name !== twinBackend);
const withAddon = compiled.length > 0 ? {} : { skip: "the native engine is not built" };
const published = new URL("../../../../shared/design/isp1-vectors.json", import.meta.url);
const files: [name: string, vectors: SprintVectors][] = [["own copy", sprintVectors]];
if (existsSync(published)) files.push(["published", readSprintVectors(published)]);

const folder = mkdtempSync(path.join(tmpdir(), "gonka-vectors-"));
t.teardown(() => rmSync(folder, { recursive: true }));

/** Every network of the file with the nonces and hits that it is known for. */
function networksOf(vectors: SprintVectors) {
  const keys = new Set([...vectors.nonces, ...vectors.hits].map((v) => `${v.set} ${v.profile}`));
  return [...keys].map((key) => {
    const [set = "", profile] = key.split(" ") as [string, "T" | "C"];
    const isOf = (v: { set: string; profile: string }) => v.set === set && v.profile === profile;
    const known = { nonces: vectors.nonces.filter(isOf), hits: vectors.hits.filter(isOf) };
    return { ...sprintOf(vectors, set, profile), ...known };
  });
}

for (const [name, vectors] of files) {
  for (const backend of compiled) {
    t.test(`${name}: nonces and hits by ${backend}`, withAddon, async (t) => {
      let checked = 0;
      for (const { chainId, profile, beacon1, beacon2, hostKey, ...known } of networksOf(vectors)) {
        const engine = await openEngine({ chainId, profile: profile.name, beacon1, backend });
        t.equal(engine.backend, backend);
        for (const v of known.nonces) {
          const window = { beacon2, hostKey, c: v.c };
          const traced = await engine.trace({ ...window, nonce: BigInt(v.nonce) });
          const { digest, hit, dot, v2, t2, trace } = traced;
          const got = { digest: toHex(digest), hit, dot: `${dot}`, v2: `${v2}`, t2: `${t2}` };
          const { set: _, profile: __, nonce, c: ___, ...expected } = v;
          t.same({ ...got, trace: trace.map(toHex) }, expected, `${profile.name} ${nonce}`);
          checked++;
        }
        for (const v of known.hits) {
          const [first, last] = [BigInt(v.from), BigInt(v.to)];
          const count = last - first + 1n;
          const { hits, root } = await engine.mine({ beacon2, hostKey, first, count, c: v.c });
          const found = hits.map(({ nonce, digest }) => ({
            nonce: `${nonce}`,
            digest: toHex(digest),
          }));
          t.same(found, v.hits);
          t.equal(toHex(root), v.root);
          checked++;
        }
        await engine.close();
      }
      t.ok(checked >= 5, `${checked} vectors`);
    });
  }

  t.test(`${name}: weight challenges by the addon`, withAddon, async (t) => {
    for (const [at, v] of vectors.mwc.entries()) {
      const parts = v.files.map(({ stream, fill, len, sha256 }, part) => {
        const bytes = stream
          ? streamBytes({ ...stream, key: fromHex(stream.key) }, 0, len)
          : new Uint8Array(len).fill(fill ?? 0);
        const file = path.join(folder, `${at}-${part}`);
        writeFileSync(file, bytes);
        return { path: file, lengthBytes: len, sha256 };
      });
      const { root, rows, sha256 } = await computeModelRoot({ files: parts });
      t.same([toHex(root), rows], [v.model_root, v.n_rows], v.name);
      t.same(
        sha256.map(toHex),
        parts.map((part) => part.sha256),
      );
      const id = {
        ...{ chainId: v.chain_id, profile: profiles[v.profile], hostKey: fromHex(v.host) },
        ...{ beacon: fromHex(v.beacon), modelRoot: root, rows, passes: v.passes },
      };
      const { passRoots, finalSeed } = await computeAnswer(id, { files: parts });
      t.same(passRoots.map(toHex), v.F);
      t.equal(toHex(finalSeed), v.s_passes);
    }
  });
}
