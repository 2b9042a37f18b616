/**
 * `gonkad model`: the weight challenge MWC-1 by hand (spec/sprint.md, clause 12). root makes a
 * registry entry; answer and open are the holder's part; verify is everybody's, without the model.
 */
import { Command, Option } from "commander";
import { toHex } from "../../encoding/bytes.ts";
import {
  computeAnswer,
  computeModelRoot,
  computeOpening,
  verifyOpening,
  type WeightImplementation,
  weightImplementation,
} from "../../native/weight-engine.ts";
import { type ChallengeId, maxPasses } from "../../sprint/mwc/challenge.ts";
import { sampleRows } from "../../sprint/mwc/opening.ts";
import type { Profile } from "../../sprint/profiles.ts";
import { hostKeyBytes, seedBytes } from "../../sprint/seeds.ts";
import { CliError } from "../errors.ts";
import { untilInterrupted } from "../interrupt.ts";
import { note, print } from "../output.ts";
import { readSettings } from "../settings.ts";
import { hexParser, profileOption, threadsOption, wholeParser } from "../sprint/flags.ts";
import { reporter } from "../sprint/terminal.ts";
import {
  answerJson,
  filesNow,
  filesOf,
  openingJson,
  readAnswer,
  readOpening,
  readRegistry,
  registryJson,
} from "./documents.ts";

interface EngineFlags {
  readonly threads?: number;
  readonly engine?: WeightImplementation;
}

interface ChallengeFlags extends EngineFlags {
  readonly registry: string;
  readonly dir: string;
  readonly profile: Profile;
  readonly chainId: string;
  readonly beacon: Uint8Array;
  readonly pubkey: Uint8Array;
  readonly passes: number;
}

interface SampleFlags extends ChallengeFlags {
  readonly answer: string;
  readonly laterBeacon: Uint8Array;
  readonly samples: number;
}

const beaconText = "0e413c157bea9f8b3eb5e7f4d0adbc74bb40ec4e55863230d98c9f7cc339fd18";
const exampleFlags = [
  "    --registry model.json --dir /models/m1 --profile T --chain-id gonka-1 --passes 2",
  `    --beacon ${beaconText}`,
  "    --pubkey 02ed755feb061332d36a52357491a0a19b4e1f452a96c68a5b1cabba32ae61d170",
].join(" \\\n");
const sampleFlags = `    --answer answer.json --samples 64 \\\n    --later-beacon ${beaconText}`;
const exampleOf = (call: string, more = ""): string =>
  `\nExample:\n  gonkad model ${call} \\\n${exampleFlags}${more && ` \\\n${more}`}\n`;

export function modelCommand(): Command {
  return new Command("model")
    .description("model files and the weight challenge MWC-1 (spec/sprint.md, clause 12)")
    .addCommand(rootCommand())
    .addCommand(answerCommand())
    .addCommand(openCommand())
    .addCommand(verifyCommand());
}

function rootCommand(): Command {
  return withEngine(new Command("root"))
    .description("the registry entry of a model: root, rows, length and SHA-256 of its files")
    .argument("<file...>", "the model's files, in the order of the registry")
    .option("--dir <dir>", "folder that the files are named in", ".")
    .option("--against <file>", "a registry entry to compare with; ends with 9 if it differs")
    .addHelpText(
      "after",
      "\nExample:\n  gonkad model root --dir /models/m1 a.bin b.bin > model.json\n",
    )
    .action(
      async (
        names: string[],
        flags: EngineFlags & { dir: string; against?: string },
        command: Command,
      ) => {
        const { output } = readSettings(command, "json");
        const files = filesNow(flags.dir, names);
        const found = await run(flags, "bytes", (options) =>
          computeModelRoot({ files, ...options }),
        );
        const entry = registryJson(names, files, found);
        if (flags.against !== undefined) compare(entry, flags.against);
        print({ ...entry, engine: weightImplementation(given(flags)) }, output);
      },
    );
}

/** Throws unless the entry is that of the registry file, but for the names of the files. */
function compare(entry: ReturnType<typeof registryJson>, file: string): void {
  const { modelRoot, files } = readRegistry(file);
  const other = files.findIndex(({ sha256 }, at) => toHex(sha256) !== entry.files[at]?.sha256);
  const isSame = toHex(modelRoot) === entry.model_root && other < 0;
  if (isSame && files.length === entry.files.length) return;
  const where = other < 0 ? "the model root" : `${files[other]?.name}`;
  throw new CliError("mismatch", "model_differs", {
    cause: `${where} is not that of ${file}`,
    fix: "fetch the model again, and name its files in the registry's order",
  });
}

function answerCommand(): Command {
  return withChallenge(new Command("answer"))
    .description("answer a weight challenge: reads the whole model once for each pass")
    .addHelpText("after", exampleOf("answer"))
    .action(async (flags: ChallengeFlags, command: Command) => {
      const { output } = readSettings(command, "json");
      const { id, files } = challengeOf(flags);
      const answer = await run(flags, "bytes", (options) =>
        computeAnswer(id, { files, ...options }),
      );
      print({ ...answerJson(answer), engine: weightImplementation(given(flags)) }, output);
    });
}

function openCommand(): Command {
  return withSamples(withChallenge(new Command("open")))
    .description("open the rows of one's own answer that a later beacon draws")
    .addHelpText("after", exampleOf("open", sampleFlags))
    .action(async (flags: SampleFlags, command: Command) => {
      const { output } = readSettings(command, "json");
      const { id, files } = challengeOf(flags);
      const shown = { answer: readAnswer(flags.answer), samples: drawn(id, flags) };
      const opening = await run(flags, "bytes", (options) =>
        computeOpening(id, shown, { files, ...options }),
      );
      print(openingJson(opening), output);
    });
}

function verifyCommand(): Command {
  return withSamples(withChallenge(new Command("verify")))
    .description("check an answer and its opening without the model; ends with 9 if it is wrong")
    .requiredOption("--opening <file>", "what `gonkad model open` printed")
    .addHelpText("after", exampleOf("verify", `${sampleFlags} --opening opening.json`))
    .action(async (flags: SampleFlags & { opening: string }, command: Command) => {
      const { output } = readSettings(command, "json");
      const { id } = challengeOf(flags);
      const answer = readAnswer(flags.answer);
      const shown = { answer, samples: drawn(id, flags), opening: readOpening(flags.opening) };
      const fault = await run(flags, "bytes", (options) => verifyOpening(id, shown, options));
      if (fault !== undefined) {
        throw new CliError("mismatch", "bad_opening", {
          cause: `the opening does not hold: ${fault}`,
          fix: "whoever made it does not hold this model, or answered another challenge",
        });
      }
      const { samples } = shown;
      print(
        { valid: true, samples: samples.length, engine: weightImplementation(given(flags)) },
        output,
      );
    });
}

function withEngine(command: Command): Command {
  const engine = new Option("--engine <name>", "native or typescript; native where it is built");
  return command.addOption(engine.choices(["native", "typescript"])).addOption(threadsOption());
}

function withChallenge(command: Command): Command {
  return withEngine(command)
    .requiredOption("--registry <file>", "registry entry, as `gonkad model root` prints it")
    .option("--dir <dir>", "folder that holds the files", ".")
    .addOption(profileOption().makeOptionMandatory())
    .requiredOption("--chain-id <id>", "chain that the challenge is of")
    .requiredOption("--beacon <hex>", "beacon of the challenge, 32 bytes", hexParser(seedBytes))
    .requiredOption("--pubkey <hex>", "worker key, 33 bytes compressed", hexParser(hostKeyBytes))
    .requiredOption("--passes <n>", `passes, 1 .. ${maxPasses}`, wholeParser(1, maxPasses));
}

function withSamples(command: Command): Command {
  return command
    .requiredOption("--answer <file>", "what `gonkad model answer` printed")
    .requiredOption(
      "--later-beacon <hex>",
      "beacon that draws rows, 32 bytes",
      hexParser(seedBytes),
    )
    .requiredOption("--samples <n>", "how many it draws, 1 .. 4096", wholeParser(1, 4096));
}

function challengeOf(flags: ChallengeFlags) {
  const entry = readRegistry(flags.registry);
  const { profile, chainId, beacon, pubkey: hostKey, passes } = flags;
  const { modelRoot, rows } = entry;
  const id: ChallengeId = { profile, chainId, beacon, hostKey, modelRoot, rows, passes };
  return { id, files: filesOf(entry, flags.dir) };
}

function drawn({ rows, passes, hostKey }: ChallengeId, { laterBeacon, samples }: SampleFlags) {
  return sampleRows({ beacon: laterBeacon, hostKey, samples, passes, rows });
}

const given = ({ engine, threads }: EngineFlags) => ({ implementation: engine, threads });

/** With progress on stderr; Ctrl-C ends it. */
function run<T>(
  flags: EngineFlags,
  what: string,
  compute: (
    options: ReturnType<typeof given> & {
      readonly signal: AbortSignal;
      readonly onProgress: (done: bigint, total: bigint) => void;
    },
  ) => Promise<T>,
): Promise<T> {
  return untilInterrupted((signal) => {
    note(`engine: ${weightImplementation(given(flags))}`);
    let report: ((done: bigint) => void) | undefined;
    const onProgress = (done: bigint, total: bigint): void => {
      report ??= reporter(process, what, total);
      report(done);
    };
    return compute({ ...given(flags), signal, onProgress });
  });
}
