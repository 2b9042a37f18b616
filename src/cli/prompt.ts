/** Asking people: passphrases without echo, yes or no. Prompts go to stderr, never into data. */
import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import { CliError } from "./errors.ts";

/** The first line of the file, or of the terminal without echo. */
export async function askPassphrase(file: string | undefined): Promise<string> {
  if (file !== undefined) return firstLine(file);
  if (process.stdin.isTTY) return await ask("Enter keyring passphrase: ", { isHidden: true });
  throw new CliError("keyring", "no_passphrase", {
    cause: "the keyring is locked and there is no terminal to ask at",
    fix: "use --keyring-passphrase-file, or --keyring-backend test on a localnet",
  });
}

function firstLine(file: string): string {
  try {
    return readFileSync(file, "utf8").split(/\r?\n/)[0] ?? "";
  } catch (error) {
    throw new CliError("keyring", "passphrase_file", {
      cause: `${file}: ${error instanceof Error ? error.message : String(error)}`,
      fix: "give a file that can be read, with the passphrase in its first line",
    });
  }
}

/** One line of input; what a pipe holds when there is no terminal. */
export async function ask(
  question: string,
  { isHidden }: { readonly isHidden: boolean },
): Promise<string> {
  let isMuted = false;
  const output = new Writable({
    write: (chunk: Buffer, _, done) => {
      if (!isMuted) process.stderr.write(chunk);
      done();
    },
  });
  const lines = createInterface({ input: process.stdin, output, terminal: process.stdin.isTTY });
  const answer = new Promise<string>((resolve) => {
    lines.question(question, resolve);
    lines.once("close", () => resolve(""));
  });
  isMuted = isHidden;
  const text = await answer;
  lines.close();
  if (isHidden) process.stderr.write("\n");
  return text;
}

/** Whether the user says y or yes. */
export async function confirm(question: string): Promise<boolean> {
  const answer = await ask(`${question} [y/N]: `, { isHidden: false });
  return /^y(es)?$/i.test(answer.trim());
}
