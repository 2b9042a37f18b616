/**
 * The machine-checkable house rules (CONTRIBUTING.md, "House rules"): sizes, names, layers, cycles,
 * and what must never be called where state is decided. It reads the sources as text and as
 * TypeScript syntax; each rule names every offender, so one run shows all there is to mend.
 */
import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import t from "tap";
import ts from "typescript";
import { layerOf, mayImport } from "./support/layers.ts";

const root = path.resolve(import.meta.dirname, "..");
const maxFileLines = 400;
const maxFunctionLines = 70;
const maxLineColumns = 100;
const maxFolderFiles = 12;

interface Source {
  /** Path from the repository root, with slashes. */
  readonly file: string;
  readonly text: string;
  readonly tree: ts.SourceFile;
}

function walk(folder: string): string[] {
  return readdirSync(path.join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const name = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return walk(name);
    return name.endsWith(".ts") ? [name] : [];
  });
}

function read(file: string): Source {
  const text = readFileSync(path.join(root, file), "utf8");
  return { file, text, tree: ts.createSourceFile(file, text, ts.ScriptTarget.ES2023, true) };
}

const isGenerated = (file: string): boolean => file.startsWith("src/gen/");
const production = walk("src")
  .filter((file) => !isGenerated(file))
  .map(read);
const written = [...production, ...["test", "bench"].flatMap(walk).map(read)];

function importsOf(source: Source): string[] {
  return source.tree.statements.flatMap((statement) => {
    if (!ts.isImportDeclaration(statement) && !ts.isExportDeclaration(statement)) return [];
    const target = statement.moduleSpecifier;
    return target && ts.isStringLiteral(target) ? [target.text] : [];
  });
}

function resolved(source: Source, target: string): string | undefined {
  return target.startsWith(".")
    ? path.posix.normalize(path.posix.join(path.posix.dirname(source.file), target))
    : undefined;
}

function visit(node: ts.Node, each: (node: ts.Node) => void): void {
  each(node);
  ts.forEachChild(node, (child) => visit(child, each));
}

const lineOf = (source: Source, node: ts.Node): number =>
  source.tree.getLineAndCharacterOfPosition(node.getStart()).line + 1;

t.test("a file has at most 400 lines of at most 100 columns", async (t) => {
  const long = written.filter((s) => s.text.split("\n").length - 1 > maxFileLines);
  t.same(
    long.map((s) => `${s.file}: ${s.text.split("\n").length - 1} lines`),
    [],
  );
  const wide = written.flatMap((s) =>
    s.text
      .split("\n")
      .map((line, index) => ({ line, where: `${s.file}:${index + 1}` }))
      .filter(({ line }) => [...line].length > maxLineColumns && !/["'`][^"'`]{60,}/.test(line))
      .map(({ where }) => where),
  );
  t.same(wide, []);
});

t.test("a function has at most 70 lines", async (t) => {
  const long = production.flatMap((source) => {
    const found: string[] = [];
    visit(source.tree, (node) => {
      if (!ts.isFunctionLike(node) || !("body" in node) || !node.body) return;
      const text = node.getText().split("\n").length;
      if (text > maxFunctionLines) found.push(`${source.file}:${lineOf(source, node)}: ${text}`);
    });
    return found;
  });
  t.same(long, []);
});

t.test("a folder has at most 12 files", async (t) => {
  const counts = new Map<string, number>();
  for (const { file } of production) {
    const folder = path.posix.dirname(file);
    counts.set(folder, (counts.get(folder) ?? 0) + 1);
  }
  t.same(
    [...counts].filter(([, count]) => count > maxFolderFiles).map((entry) => entry.join(": ")),
    [],
  );
});

t.test("names say what is inside, in kebab-case", async (t) => {
  const vague = /^(utils?|helpers?|common|lib|libs|misc|manager|base|impl|index)$/;
  const bad = written.flatMap(({ file }) =>
    file
      .replace(/(\.test|\.d)?\.ts$/, "")
      .split("/")
      .filter((part) => vague.test(part) || !/^[a-z0-9]+(-[a-z0-9]+)*$/.test(part))
      .map((part) => `${file}: ${part}`),
  );
  t.same(bad, []);
});

t.test("nothing is re-exported: import from the file that defines", async (t) => {
  const barrels = production.flatMap((source) =>
    source.tree.statements
      .filter((statement) => ts.isExportDeclaration(statement) && statement.moduleSpecifier)
      .map((statement) => `${source.file}:${lineOf(source, statement)}`),
  );
  t.same(barrels, []);
});

t.test("imports follow the table of ARCHITECTURE.md", async (t) => {
  const crossings = production.flatMap((source) =>
    importsOf(source).flatMap((target) => {
      const file = resolved(source, target);
      if (file === undefined || mayImport(source.file, file)) return [];
      return [`${source.file} -> ${file} (${layerOf(source.file)} -> ${layerOf(file)})`];
    }),
  );
  t.same(crossings, []);
});

t.test("no import cycle, type imports included", async (t) => {
  const edges = new Map(
    production.map((source) => [
      source.file,
      importsOf(source).flatMap((target) => resolved(source, target) ?? []),
    ]),
  );
  const done = new Set<string>();
  const cycles: string[] = [];
  const follow = (file: string, trail: readonly string[]): void => {
    const seen = trail.indexOf(file);
    if (seen >= 0) cycles.push([...trail.slice(seen), file].join(" -> "));
    if (seen >= 0 || done.has(file)) return;
    for (const next of edges.get(file) ?? []) follow(next, [...trail, file]);
    done.add(file);
  };
  for (const file of edges.keys()) follow(file, []);
  t.same(cycles, []);
});

/** Where state is decided: the same input must give the same bytes on every machine. */
const deterministic = (file: string): boolean =>
  /^src\/(abci|modules|store|types|encoding|crypto|sprint)\//.test(file) ||
  /^src\/consensus\/(core|round|votes)/.test(file);
/** Files of the store and the like whose subject is a disk; they decide no state. */
const touchesDisk = new Set(["src/store/leveldb.ts", "src/sprint/mwc-files.ts"]);

t.test("no clock, randomness, timer, network or environment where state is decided", async (t) => {
  const clocks = "Date\\.now|new Date\\(\\)|performance\\.now";
  const chance = "Math\\.random|randomBytes|getRandomValues|randomUUID";
  const timers = "setTimeout|setInterval|setImmediate";
  const surroundings = "process\\.env|toLocale\\w*|localeCompare|Intl\\.";
  const banned = new RegExp(`\\b(${clocks}|${chance}|${timers}|${surroundings})`);
  const bannedModule =
    /^(node:)?(fs|fs\/promises|net|http|https|dgram|dns|os|child_process|timers|worker_threads)$/;
  const found = production
    .filter(({ file }) => deterministic(file) && !touchesDisk.has(file))
    .flatMap((source) => {
      const lines = source.text.split("\n");
      const calls = lines.flatMap((line, index) =>
        banned.test(line.replace(/(\/\/|^\s*\*).*$/, "")) ? [`${source.file}:${index + 1}`] : [],
      );
      const modules = importsOf(source).filter((target) => bannedModule.test(target));
      return [...calls, ...modules.map((target) => `${source.file} imports ${target}`)];
    });
  t.same(found, []);
});

t.test("no float and no float function touches state", async (t) => {
  const found = production
    .filter(({ file }) => /^src\/(abci|modules)\//.test(file))
    .flatMap((source) => {
      const bad: string[] = [];
      visit(source.tree, (node) => {
        const isFloat = ts.isNumericLiteral(node) && /[.]|e-/i.test(node.getText());
        const isCall =
          ts.isCallExpression(node) &&
          /^(parseFloat|Math\.(sqrt|pow|exp|log\w*|sin|cos|round|floor|ceil|trunc))$/.test(
            node.expression.getText(),
          );
        if (isFloat || isCall) bad.push(`${source.file}:${lineOf(source, node)}`);
      });
      return bad;
    });
  t.same(found, []);
});

t.test("no any, and nothing is left for later without an issue number", async (t) => {
  const found = production.flatMap((source) => {
    const bad: string[] = [];
    visit(source.tree, (node) => {
      if (node.kind === ts.SyntaxKind.AnyKeyword)
        bad.push(`${source.file}:${lineOf(source, node)}`);
    });
    source.text.split("\n").forEach((line, index) => {
      if (/\b(TODO|FIXME|XXX)\b(?!\(#\d+\))/.test(line)) bad.push(`${source.file}:${index + 1}`);
    });
    return bad;
  });
  t.same(found, []);
});

t.test("every export of a production file is used elsewhere", async (t) => {
  const used = new Set(
    [...written, ...walk("src/gen").map(read)].flatMap((source) => [
      ...lateImports(source),
      ...source.tree.statements.flatMap((statement) => {
        if (!ts.isImportDeclaration(statement)) return [];
        const target = resolved(source, (statement.moduleSpecifier as ts.StringLiteral).text);
        const names = statement.importClause?.namedBindings;
        if (target === undefined || !names) return [];
        if (ts.isNamespaceImport(names)) return [`${target}#*`];
        return names.elements.map((el) => `${target}#${(el.propertyName ?? el.name).text}`);
      }),
    ]),
  );
  const dead = production.flatMap((source) =>
    exportedNames(source)
      .filter((name) => !used.has(`${source.file}#${name}`) && !used.has(`${source.file}#*`))
      .filter((name) => !entryPoints.has(`${source.file}#${name}`) && !usedInside(source, name))
      .map((name) => `${source.file}: ${name}`),
  );
  t.same(dead, []);
});

/** What bin/ and worker threads load by name. */
const entryPoints = new Set(["src/cli/main.ts#main"]);

/** Files that are loaded with import() when they are needed: all of what they export. */
function lateImports(source: Source): string[] {
  return [...source.text.matchAll(/\bimport\("(\.[^"]+)"\)/g)].flatMap(([, target]) => {
    const file = resolved(source, target ?? "");
    return file === undefined ? [] : [`${file}#*`];
  });
}

function exportedNames(source: Source): string[] {
  return source.tree.statements.flatMap((statement) => {
    const isExported =
      ts.canHaveModifiers(statement) &&
      ts.getModifiers(statement)?.some((m) => m.kind === ts.SyntaxKind.ExportKeyword);
    if (!isExported) return [];
    if (ts.isVariableStatement(statement)) {
      return statement.declarationList.declarations.map((d) => d.name.getText());
    }
    const named = statement as ts.FunctionDeclaration | ts.ClassDeclaration;
    return named.name ? [named.name.text] : [];
  });
}

/** A type that an exported signature of its own file mentions is part of that signature. */
function usedInside(source: Source, name: string): boolean {
  const mentions = source.text.match(new RegExp(`\\b${name}\\b`, "g")) ?? [];
  return mentions.length > 1;
}
