/** Where the Sprint's commands write, and how they tell of progress. */

/** Data to stdout, progress to stderr. `process` is one. */
export interface Terminal {
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown };
}

/** Milliseconds between two progress lines. */
const progressIntervalMs = 2000;

/** Says on stderr how far long work has come; short work says nothing. */
export function reporter(
  terminal: Terminal,
  what: string,
  total: number | bigint,
): (done: number | bigint) => void {
  let spokenMs = Date.now();
  return (done) => {
    const nowMs = Date.now();
    if (nowMs - spokenMs < progressIntervalMs) return;
    spokenMs = nowMs;
    terminal.stderr.write(`${what} ${done} of ${total}\n`);
  };
}
