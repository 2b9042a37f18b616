/** `gonkad sprint selftest`: every backend of this machine, every test, passed or failed. */
import { Command } from "commander";
import { selfTest } from "../../native/self-test.ts";
import { type Profile, profiles } from "../../sprint/profiles.ts";
import { exitCodes } from "../errors.ts";
import { untilInterrupted } from "../interrupt.ts";
import { toJson } from "../output.ts";
import { readSettings } from "../settings.ts";
import { profileOption } from "./flags.ts";
import type { Terminal } from "./terminal.ts";

/** run makes the tests; its failures are what the command is there to tell. */
export function selfTestCommand(terminal: Terminal, run: typeof selfTest = selfTest): Command {
  return new Command("selftest")
    .description("test every backend of this machine; ends with 10 if one fails")
    .addOption(profileOption().default(profiles.C, "C"))
    .option("--json", "print JSON")
    .addHelpText("after", "\nExample:\n  gonkad sprint selftest --profile M\n")
    .action(async (flags: { profile: Profile; json?: true }, command: Command) => {
      const isJson = flags.json ?? readSettings(command, "text").output === "json";
      const { name: profile } = flags.profile;
      const tests = await untilInterrupted((signal) => run(profile, { signal }));
      const passed = tests.every((test) => test.passed);
      if (isJson) {
        terminal.stdout.write(`${toJson({ profile, passed, tests })}\n`);
      } else {
        for (const { backend, test, passed: ok } of tests) {
          terminal.stdout.write(`${backend.padEnd(14)} ${ok ? "pass" : "FAIL"}  ${test}\n`);
        }
      }
      if (!passed) process.exitCode = exitCodes.doctorFailed;
    });
}
