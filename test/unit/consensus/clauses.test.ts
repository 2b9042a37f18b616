/** The tables of the specification name tests; each of them must be there. */
import { readdirSync, readFileSync } from "node:fs";
import t from "tap";

const root = new URL("../../../", import.meta.url);
const read = (path: string): string => readFileSync(new URL(path, root), "utf8");

/** The names in the last column of the table under a sentence. */
function namesUnder(page: string, sentence: string): readonly string[] {
  const [, rest = ""] = read(page).split(sentence);
  const rows = rest.split("\n").filter((line, index, all) => {
    const end = all.findIndex((other, at) => at > 2 && !other.startsWith("|"));
    return line.startsWith("| ") && index < end;
  });
  return rows
    .slice(1)
    .flatMap((row) => [...row.matchAll(/`([^`]+)`/g)].map(([, name]) => name ?? ""));
}

const testsIn = (folder: string): string =>
  readdirSync(new URL(folder, root), { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".ts"))
    .map((file) => read(folder + file))
    .join("\n");

for (const [page, sentence, folders, least] of [
  ["spec/consensus.md", "Which test fails without a line", ["test/unit/consensus/"], 25],
  ["spec/p2p.md", "Which test fails without a rule", ["test/unit/mempool/", "test/unit/p2p/"], 14],
] as const) {
  t.test(`${page} names tests that exist`, async (t) => {
    const names = namesUnder(page, sentence);
    t.ok(names.length >= least, `${names.length} names`);
    const tests = folders.map(testsIn).join("\n");
    for (const name of names) t.ok(tests.includes(`"${name}`), name);
  });
}
