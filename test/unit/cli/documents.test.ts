/** What the documents say of the repository: links, the import table, commands. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import t from "tap";
import { program } from "../../../src/cli/main.ts";
import { mayImport } from "../../support/layers.ts";

const root = path.resolve(import.meta.dirname, "../../..");
const read = (file: string): string => readFileSync(path.join(root, file), "utf8");
const documents = [
  "README.md",
  "ARCHITECTURE.md",
  "CONTRIBUTING.md",
  "CHANGELOG.md",
  "docs/cli.md",
  "docs/operate.md",
  "localnet/README.md",
];

t.test("every link leads somewhere", async (t) => {
  for (const document of documents) {
    for (const [, target = ""] of read(document).matchAll(/\]\((?!https?:)([^)#]+)\)/g)) {
      const file = path.join(root, path.dirname(document), target);
      t.ok(existsSync(file), `${document}: ${target}`);
    }
  }
});

t.test("every npm script that is named exists", async (t) => {
  const { scripts } = JSON.parse(read("package.json"));
  for (const document of documents) {
    for (const [, name = ""] of read(document).matchAll(/npm run ([a-z:-]+)/g)) {
      t.ok(name in scripts, `${document}: npm run ${name}`);
    }
  }
});

t.test("every gonkad command that is shown exists, with its flags", async (t) => {
  const gonkad = await program();
  for (const document of documents) {
    for (const line of read(document).split("\n")) {
      const shown = /^(?:npx )?gonkad ([a-z].*)$/.exec(line)?.[1];
      if (shown === undefined) continue;
      const words = shown.split(/\s+/);
      let command = gonkad;
      for (const word of words) {
        const inner = command.commands.find((each) => each.name() === word);
        if (!inner) break;
        command = inner;
      }
      t.equal(command.commands.length, 0, `${document}: ${line}`);
      for (const flag of words.filter((word) => /^--[a-z]/.test(word))) {
        const isKnown = command.options.some(({ long }) => long === flag);
        t.ok(isKnown, `${document}: ${flag} in ${line}`);
      }
    }
  }
});

/** Rows of ARCHITECTURE.md that name plain folders, as [folders, what they may import]. */
function importTable(): [folders: string[], allowed: string][] {
  const section = read("ARCHITECTURE.md").split("## Imports")[1]?.split("\n## ")[0] ?? "";
  const rows = [...section.matchAll(/^\| (`.+?) \| (.+) \|$/gm)];
  return rows.map(([, folders = "", allowed = ""]) => [
    [...folders.matchAll(/`([^`]+)`/g)].map(([, name = ""]) => name),
    allowed,
  ]);
}

t.test("the import table of ARCHITECTURE.md is the one that is checked", async (t) => {
  const ground = ["gen", "encoding", "crypto", "types", "sprint", "native"];
  const others = [
    "store",
    "abci",
    "rpc",
    "api",
    "node",
    "host",
    "cli",
    "localnet",
    "consensus",
    "light",
  ];
  const table = importTable();
  t.equal(table.length, 18, "rows");
  for (const [folders, allowed] of table) {
    for (const from of folders.filter((name) => /^[a-z]+$/.test(name) && name !== "modules")) {
      for (const to of [...ground, ...others]) {
        if (from === to) continue;
        const named = allowed.includes(`\`${to}\``) && !allowed.includes(`but \`${to}\``);
        const isGround = ground.includes(to) && /shared ground|everything/.test(allowed);
        const everything = allowed.startsWith("everything") && !allowed.includes(`\`${to}\``);
        const says = allowed.startsWith("everything") ? everything : named || isGround;
        const checked = mayImport(`src/${from}/a.ts`, `src/${to}/b.ts`);
        t.equal(checked, says, `${from} -> ${to}`);
      }
    }
  }
  t.ok(mayImport("src/modules/bank/a.ts", "src/store/kv.ts"));
  t.notOk(mayImport("src/modules/bank/a.ts", "src/modules/auth/b.ts"));
  t.notOk(mayImport("src/abci/ante/a.ts", "src/modules/auth/b.ts"));
  t.ok(mayImport("src/abci/wiring.ts", "src/modules/auth/b.ts"));
});

t.test("spec/decoders.md names every file that decodes, and its tests feed enough", async (t) => {
  const page = read("spec/decoders.md");
  const sources = readdirSync(path.join(root, "src"), { recursive: true, encoding: "utf8" });
  const decodes = /\b(decodeTotal|decodeStrict|JSON\.parse)\(/;
  for (const file of sources.map((each) => `src/${each}`)) {
    if (!file.endsWith(".ts") || /^src\/(cli|localnet)\//.test(file)) continue;
    if (decodes.test(read(file))) t.ok(page.includes(`\`${file}\``), file);
  }
  for (const [, file = ""] of page.matchAll(/`((?:src|test)\/[^`]+\.ts)`/g)) {
    t.ok(existsSync(path.join(root, file)), file);
  }
  const rows = [...page.matchAll(/^\| .* \| `(test\/[^`]+)` \|$/gm)];
  t.ok(rows.length > 20);
  for (const [, test = ""] of rows) t.match(read(test), /byteStrings/, test);
  t.match(read("test/support/noise.ts"), /byteStrings = 10_000;/);
});
