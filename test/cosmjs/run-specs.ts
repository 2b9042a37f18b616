/**
 * Runs compiled specs with Jasmine in a process of their own: SPECS of the environment, as JSON,
 * less the names in FOREIGN, with JASMINE the file to load it from. Prints a line of JSON for each.
 */
import { createRequire } from "node:module";

interface SpecResult {
  readonly fullName: string;
  readonly status: string;
  readonly pendingReason: string;
  readonly failedExpectations: readonly { readonly message: string; readonly stack: string }[];
}

interface Jasmine {
  readonly env: {
    clearReporters(): void;
    configure(options: { specFilter(spec: { getFullName(): string }): boolean }): void;
  };
  readonly jasmine: { DEFAULT_TIMEOUT_INTERVAL: number };
  exitOnCompletion: boolean;
  loadConfig(config: object): void;
  addReporter(reporter: object): void;
  execute(): Promise<{ readonly overallStatus: string }>;
}

/** As CosmJS's own runner has it. */
const timeoutMs = 15_000;
const failedLines = 6;

const require = createRequire(import.meta.url);
const JasmineRunner = require(process.env.JASMINE ?? "jasmine") as new () => Jasmine;
const jasmine = new JasmineRunner();
const foreign = JSON.parse(process.env.FOREIGN ?? "[]") as string[];
const files = JSON.parse(process.env.SPECS ?? "[]") as string[];
jasmine.loadConfig({ spec_dir: "/", spec_files: files, helpers: [], random: false });
jasmine.jasmine.DEFAULT_TIMEOUT_INTERVAL = timeoutMs;
jasmine.exitOnCompletion = false;
jasmine.env.clearReporters();
jasmine.env.configure({ specFilter: (spec) => !foreign.includes(spec.getFullName()) });
jasmine.addReporter({
  specDone: ({ fullName, status, pendingReason, failedExpectations }: SpecResult) => {
    const problems = failedExpectations.map(({ message, stack }) =>
      [message, ...(stack ?? "").split("\n").slice(0, failedLines)].join("\n    "),
    );
    print({ name: fullName, status, reason: pendingReason, problems });
  },
  suiteDone: ({ fullName, failedExpectations }: SpecResult) => {
    for (const { message } of failedExpectations) {
      print({ name: `${fullName} (around it)`, status: "failed", reason: "", problems: [message] });
    }
  },
});

function print(line: object): void {
  process.stdout.write(`${JSON.stringify({ spec: line })}\n`);
}

const { overallStatus } = await jasmine.execute();
// Clients of some specs keep sockets open: the process would not end by itself.
process.exit(overallStatus === "failed" ? 1 : 0);
