/**
 * What a host must not forget inside an epoch: where its search stands, its hits, and what it has
 * committed to. One append-only file of JSON lines per epoch, every append synced before the agent
 * acts on it; a torn last line is dropped when it is read again (spec/host.md, "Memory").
 */
import { type FileHandle, mkdir, open, readdir, readFile, rename, unlink } from "node:fs/promises";
import path from "node:path";
import { parseHex, toHex } from "../encoding/bytes.ts";
import type { Hit } from "../sprint/hits.ts";
import type { MiningBatch } from "./expected.ts";

/** What an epoch's journal is about; another chain or host does not take it up. */
export interface JournalId {
  readonly chainId: string;
  readonly operator: string;
  readonly hostKey: Uint8Array;
  readonly epoch: bigint;
  readonly beacon2: Uint8Array;
  /** The k of the tier, and its c: what was chosen when the epoch's journal was begun. */
  readonly tier: number;
  readonly c: number;
}

/** The commitment that this host makes in this epoch, decided once. */
export interface Pledge {
  readonly root: Uint8Array;
  readonly count: number;
}

const suffix = ".sprint.jsonl";

/** The journal of one epoch. */
export class Journal {
  readonly id: JournalId;
  #file: FileHandle | undefined;
  #lastWrite: Promise<void> = Promise.resolve();
  readonly #hits: Hit[] = [];
  #next = 0n;
  #pledge: Pledge | undefined;

  private constructor(id: JournalId) {
    this.id = id;
  }

  /**
   * Opens the epoch's journal and goes on where it ends, with the tier that it began with; removes
   * those of other epochs.
   */
  static async open(folder: string, wanted: JournalId): Promise<Journal> {
    await mkdir(folder, { recursive: true });
    const name = `${wanted.epoch}${suffix}`;
    for (const other of await readdir(folder)) {
      if (other.endsWith(suffix) && other !== name) await unlink(path.join(folder, other));
    }
    const file = path.join(folder, name);
    const lines = completeLines(await readFile(file, "utf8").catch(nothingIfAbsent));
    const begun = tierOf(lines[0] ?? "");
    const id = { ...wanted, ...begun };
    const header = headerOf(id);
    const journal = new Journal(id);
    // Written anew: this drops a torn line, and everything if the file was about something else.
    const isOurs = begun !== undefined && lines[0] === header;
    const kept = isOurs ? lines.slice(1).filter((line) => journal.#replay(line)) : [];
    await replaceFile(file, linesText([header, ...kept]));
    journal.#file = await open(file, "a");
    return journal;
  }

  /** Every nonce below it has been searched. */
  get next(): bigint {
    return this.#next;
  }

  /** By increasing nonce. */
  get hits(): readonly Hit[] {
    return this.#hits;
  }

  get pledge(): Pledge | undefined {
    return this.#pledge;
  }

  /** Adds what mining found. A batch after the pledge is dropped: the commitment is decided. */
  addBatch(batch: MiningBatch): Promise<void> {
    const hits = batch.hits.map(({ nonce, digest }) => [String(nonce), toHex(digest)]);
    return this.#inTurn(async () => {
      if (!this.#pledge) await this.#append({ next: String(batch.next), hits });
    });
  }

  /** Decides the commitment. It never changes again. */
  addPledge({ root, count }: Pledge): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#pledge) throw new Error("this epoch's commitment is already decided");
      await this.#append({ pledge: toHex(root), count });
    });
  }

  /** Resolves when the writes under way have ended. */
  settled(): Promise<void> {
    return this.#lastWrite;
  }

  /** After the writes under way. */
  close(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#file?.close();
      this.#file = undefined;
    });
  }

  /** One write at a time, in the order of the calls; one that fails does not block the next. */
  #inTurn(write: () => Promise<void>): Promise<void> {
    const turn = this.#lastWrite.then(write);
    this.#lastWrite = turn.catch(() => {});
    return turn;
  }

  async #append(entry: object): Promise<void> {
    if (!this.#file) throw new Error("the journal is closed");
    const line = JSON.stringify(entry);
    await this.#file.appendFile(linesText([line]));
    await this.#file.datasync();
    if (!this.#replay(line)) throw new Error(`a journal line does not follow: ${line}`);
  }

  /** Takes a line up; false when it does not follow from those before it. */
  #replay(line: string): boolean {
    const entry = parseEntry(line);
    if (!entry || this.#pledge) return false;
    if ("root" in entry) {
      // Binding even if hits were lost before it: no other commitment may ever be sent.
      this.#pledge = entry;
      return true;
    }
    let last = this.#hits.at(-1)?.nonce ?? -1n;
    for (const { nonce } of entry.hits) {
      if (nonce <= last || nonce >= entry.next) return false;
      last = nonce;
    }
    if (entry.next < this.#next) return false;
    this.#hits.push(...entry.hits);
    this.#next = entry.next;
    return true;
  }
}

function headerOf({ chainId, operator, hostKey, epoch, beacon2, tier, c }: JournalId): string {
  const id = { chainId, operator, hostKey: toHex(hostKey), epoch: String(epoch) };
  return JSON.stringify({ format: 1, ...id, beacon2: toHex(beacon2), tier, c });
}

/** The tier of a header line; undefined when it is none. */
function tierOf(header: string): Pick<JournalId, "tier" | "c"> | undefined {
  const match = /,"tier":([0-9]{1,9}),"c":([0-9]{1,9})\}$/.exec(header);
  return match ? { tier: Number(match[1]), c: Number(match[2]) } : undefined;
}

/** Lines that end with a newline. */
function completeLines(text: string): string[] {
  return text.split("\n").slice(0, -1);
}

function nothingIfAbsent(error: NodeJS.ErrnoException): string {
  if (error.code === "ENOENT") return "";
  throw error;
}

/** A journal line, or undefined when it is none: a file can be damaged. */
function parseEntry(line: string): MiningBatch | Pledge | undefined {
  let entry: unknown;
  try {
    entry = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (typeof entry !== "object" || entry === null) return undefined;
  if ("pledge" in entry && "count" in entry) {
    const root = digestOf(entry.pledge);
    return root && typeof entry.count === "number" ? { root, count: entry.count } : undefined;
  }
  if (!("next" in entry) || !("hits" in entry) || !Array.isArray(entry.hits)) return undefined;
  const next = numberOf(entry.next);
  const hits = entry.hits.map(hitOf);
  return next === undefined || hits.includes(undefined)
    ? undefined
    : { next, hits: hits.filter((hit) => hit !== undefined) };
}

function hitOf(pair: unknown): Hit | undefined {
  if (!Array.isArray(pair)) return undefined;
  const nonce = numberOf(pair[0]);
  const digest = digestOf(pair[1]);
  return nonce === undefined || !digest ? undefined : { nonce, digest };
}

function numberOf(text: unknown): bigint | undefined {
  return typeof text === "string" && /^[0-9]{1,20}$/.test(text) ? BigInt(text) : undefined;
}

function digestOf(text: unknown): Uint8Array | undefined {
  const bytes = typeof text === "string" ? parseHex(text) : undefined;
  return bytes?.length === 32 ? bytes : undefined;
}

const linesText = (lines: readonly string[]): string => lines.map((line) => `${line}\n`).join("");

/** Replaces a file so that a crash leaves the old one or the new one. */
export async function replaceFile(file: string, text: string): Promise<void> {
  const fresh = `${file}.new`;
  const handle = await open(fresh, "w");
  await handle.writeFile(text);
  await handle.sync();
  await handle.close();
  await rename(fresh, file);
  const folder = await open(path.dirname(file), "r");
  await folder.sync();
  await folder.close();
}
