/** `gonkad model`: a model's root, an answer, its opening and the check, by both engines. */
import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import t from "tap";
import { exitCodes } from "../../../src/cli/errors.ts";
import { fromHex } from "../../../src/encoding/bytes.ts";
import { loadAddon } from "../../../src/native/addon.ts";
import { streamBytes } from "../../../src/sprint/chacha8.ts";
import { runCli } from "../../support/run-cli.ts";
import { sprintVectors } from "../../support/sprint-vectors.ts";

const vector = sprintVectors.mwc[0]!;
const folder = mkdtempSync(path.join(tmpdir(), "gonkad-model-"));
t.teardown(() => rmSync(folder, { recursive: true }));
const at = (name: string): string => path.join(folder, name);
const bytes = streamBytes(
  { ...vector.files[0]!.stream!, key: fromHex(vector.files[0]!.stream!.key) },
  0,
  vector.files[0]!.len,
);
// The vector's one file as three: only their order and bytes count.
writeFileSync(at("a.bin"), bytes.subarray(0, 4097));
writeFileSync(at("b.bin"), new Uint8Array());
writeFileSync(at("c.bin"), bytes.subarray(4097));
const names = ["a.bin", "b.bin", "c.bin"];

const challenge = [
  ...["--registry", at("model.json"), "--dir", folder, "--profile", vector.profile],
  ...["--chain-id", vector.chain_id, "--beacon", vector.beacon, "--pubkey", vector.host],
  ...["--passes", String(vector.passes)],
];
const drawing = ["--answer", at("answer.json"), "--later-beacon", vector.beacon, "--samples", "7"];
const engines = "missing" in loadAddon() ? ["typescript"] : ["native", "typescript"];

/** Runs a model command; its JSON, which is kept in a file as well. */
async function saved(file: string, args: string[]) {
  const { code, out, err } = await runCli(["model", ...args]);
  if (code !== 0) throw new Error(err);
  writeFileSync(at(file), out);
  return { found: JSON.parse(out), err };
}

for (const engine of engines) {
  t.test(`${engine}: root, answer, open and verify go together`, async (t) => {
    const by = ["--engine", engine];
    const { found: entry, err } = await saved("model.json", [
      "root",
      "--dir",
      folder,
      ...by,
      ...names,
    ]);
    t.match(err, new RegExp(`^engine: ${engine}\n`));
    t.equal(entry.model_root, vector.model_root);
    t.equal(entry.n_rows, String(vector.n_rows));
    t.match(entry.files, [{ file: "a.bin", length: "4097" }, { length: "0" }, { file: "c.bin" }]);
    const { found: answer } = await saved("answer.json", ["answer", ...challenge, ...by]);
    t.same(answer, { pass_roots: vector.F, final_seed: vector.s_passes, engine });
    await saved("opening.json", ["open", ...challenge, ...drawing, ...by]);
    for (const checker of engines) {
      const shown = ["--opening", at("opening.json"), "--engine", checker];
      const { found } = await saved("verdict.json", ["verify", ...challenge, ...drawing, ...shown]);
      t.same(found, { valid: true, samples: 7, engine: checker });
    }
  });
}

t.test("one file gives the same root as its parts", async (t) => {
  writeFileSync(at("whole.bin"), bytes);
  const { out } = await runCli(["model", "root", "--dir", folder, "whole.bin"]);
  const { model_root, files } = JSON.parse(out);
  t.equal(model_root, vector.model_root);
  t.equal(files[0].sha256, vector.files[0]!.sha256);
  const { code, err } = await runCli([
    "model",
    "root",
    at("whole.bin"),
    "--against",
    at("model.json"),
  ]);
  t.equal(code, exitCodes.mismatch);
  t.match(err, /a\.bin is not that of .*model\.json\nfix: /, "the same bytes, but not these files");
  const same = ["--dir", folder, ...names, "--against", at("model.json")];
  t.equal((await runCli(["model", "root", ...same])).code, 0);
});

t.test("another challenge, beacon or opening does not verify", async (t) => {
  const shown = ["verify", ...challenge, ...drawing, "--opening", at("opening.json")];
  const other = (flag: string, value: string): string[] =>
    shown.map((each, place) => (shown[place - 1] === flag ? value : each));
  const cases: [args: string[], said: RegExp][] = [
    [other("--chain-id", "isp1-public-2"), /does not hold: .*seed/],
    [other("--beacon", "00".repeat(32)), /does not hold: .*seed/],
    [other("--later-beacon", "00".repeat(32)), /does not hold/],
    [other("--samples", "1"), /does not hold/],
    [other("--passes", "3"), /does not hold/],
  ];
  for (const [args, said] of cases) {
    const { code, err, out } = await runCli(["model", ...args]);
    t.equal(code, exitCodes.mismatch);
    t.match(err, said);
    t.match(err, /code: bad_opening\n$/);
    t.equal(out, "");
  }
});

t.test("files that are not the registered ones end the command with their name", async (t) => {
  const spoiled: [name: string, spoil: () => void, said: RegExp][] = [
    ["longer", () => appendFileSync(at("c.bin"), "x"), /c\.bin has 15904 bytes.*15903/],
    ["truncated", () => truncateSync(at("c.bin"), 5), /c\.bin has 5 bytes/],
    ["gone", () => rmSync(at("c.bin")), /c\.bin: .*(No such file|ENOENT)/i],
  ];
  for (const [what, spoil, said] of spoiled) {
    spoil();
    for (const engine of engines) {
      const { code, err } = await runCli(["model", "answer", ...challenge, "--engine", engine]);
      t.equal(code, exitCodes.mismatch, what);
      t.match(err, said);
      t.match(err, /code: model_file\n$/);
    }
  }
  const { code, err } = await runCli(["model", "root", "--dir", folder, "c.bin"]);
  t.equal(code, exitCodes.config);
  t.match(err, /c\.bin: ENOENT/);
});

t.test("documents that are none are refused with the field that is wrong", async (t) => {
  const good = JSON.parse(readFileSync(at("model.json"), "utf8"));
  const cases: [entry: unknown, said: RegExp][] = [
    ["not json", /bad\.json: Unexpected token/],
    [[], /bad\.json: no JSON object/],
    [{ ...good, model_root: "ab" }, /model_root: not 32 bytes of hex/],
    [{ ...good, n_rows: -1 }, /n_rows: not a whole number/],
    [{ ...good, files: "none" }, /files: not a list/],
    [
      { ...good, files: [{ file: "a", length: "1e3", sha256: good.model_root }] },
      /files\[0\]: length/,
    ],
  ];
  for (const [entry, said] of cases) {
    writeFileSync(at("bad.json"), typeof entry === "string" ? entry : JSON.stringify(entry));
    const args = challenge.map((each) => (each === at("model.json") ? at("bad.json") : each));
    const { code, err } = await runCli(["model", "answer", ...args]);
    t.equal(code, exitCodes.config);
    t.match(err, said);
  }
});
