/**
 * Where other nodes may be reached. An address is hearsay until this node has connected to it and
 * found its key there; hearsay and proven addresses have rooms of their own, so that no amount of
 * the first displaces the second. When the room of hearsay is full, whoever told most of it loses
 * an entry: a peer can fill its own share and nobody else's. spec/p2p.md, 7.
 */
import { groupOf, isRoutable } from "./ip-groups.ts";

/** Addresses known by hearsay, all told; told from one group of addresses; lying in one group. */
const [maxHeard, maxHeardFromGroup, maxHeardInGroup] = [4_096, 512, 128];
/** Addresses that were connected to, all told and in one group. */
const [maxProven, maxProvenInGroup] = [1_024, 128];
/** Attempts without a success after which hearsay is forgotten, and a proven address becomes it. */
const [maxHeardAttempts, maxProvenAttempts] = [3, 10];
const [firstDelayMs, longestDelayMs] = [5_000, 3_600_000];
/** CometBFT's getSelectionPercent and minGetSelection. */
const [selectionPercent, minSelection] = [23, 32];

/** CometBFT's NetAddress. */
export interface NodeAddress {
  readonly id: string;
  readonly ip: string;
  readonly port: number;
}

/** One entry, as it is stored. Times are milliseconds since 1970. */
export interface BookEntry {
  readonly address: NodeAddress;
  /** Group of the address of who told it. */
  readonly source: string;
  readonly attempts: number;
  readonly lastAttemptMs: number;
  /** 0 while it is hearsay. */
  readonly lastSuccessMs: number;
}

/** What a book needs. */
export interface BookParts {
  /** Node ids that are never in it: this node's, and private peers'. */
  readonly excluded: ReadonlySet<string>;
  /** routable: only addresses of the public internet. */
  readonly accepts: "routable" | "any";
  readonly nowMs: () => number;
  /** From 0 to below 1. */
  readonly random: () => number;
}

/** The book. */
export class AddressBook {
  readonly #parts: BookParts;
  readonly #entries = new Map<string, BookEntry>();
  /** Node ids by room, by room and group, and hearsay by who told it. */
  readonly #members = new Map<string, Set<string>>();

  #changes = 0;

  constructor(parts: BookParts) {
    this.#parts = parts;
  }

  get size(): number {
    return this.#entries.size;
  }

  has(id: string): boolean {
    return this.#entries.has(id);
  }

  /** How often something has changed: whether the file is still true. */
  get changes(): number {
    return this.#changes;
  }

  /** Every entry, for the file. */
  entries(): readonly BookEntry[] {
    return [...this.#entries.values()];
  }

  /** Takes entries over from the file; what is not allowed any more is left out. */
  restore(entries: readonly BookEntry[]): void {
    for (const entry of entries) {
      if (this.#refuses(entry.address) || this.has(entry.address.id)) continue;
      this.#put(entry);
    }
  }

  /**
   * Notes an address that somebody told. False when it is not taken: excluded, not routable, its
   * group is full, or another address of that node is known.
   */
  add(address: NodeAddress, sourceIp: string): boolean {
    if (this.#refuses(address) || this.has(address.id)) return false;
    const { id, ip, port } = address;
    const source = groupOf(sourceIp);
    const fresh = { attempts: 0, lastAttemptMs: 0, lastSuccessMs: 0 };
    return this.#put({ address: { id, ip, port }, source, ...fresh });
  }

  /** A connection to that address was made, and its key was there. */
  markGood(address: NodeAddress): void {
    if (this.#refuses(address)) return;
    const before = this.#entries.get(address.id);
    const now = this.#parts.nowMs();
    const source = before?.source ?? groupOf(address.ip);
    this.remove(address.id);
    const proven = { attempts: 0, lastAttemptMs: now, lastSuccessMs: now };
    this.#put({ address, source, ...proven });
  }

  /** An attempt to connect begins, or has failed; markGood takes it back. */
  markAttempt(id: string): void {
    const entry = this.#entries.get(id);
    if (!entry) return;
    const attempts = entry.attempts + 1;
    const limit = entry.lastSuccessMs > 0 ? maxProvenAttempts : maxHeardAttempts;
    this.#changes++;
    if (attempts > limit) this.remove(id);
    else this.#entries.set(id, { ...entry, attempts, lastAttemptMs: this.#parts.nowMs() });
  }

  /** The node misbehaved, or is gone for good. */
  remove(id: string): void {
    const entry = this.#entries.get(id);
    if (!entry) return;
    this.#changes++;
    this.#entries.delete(id);
    for (const key of sharesOf(entry)) {
      const members = this.#members.get(key);
      members?.delete(id);
      if (members?.size === 0) this.#members.delete(key);
    }
  }

  /**
   * An address to connect to, or undefined: not one of `connected`, and none whose last attempt was
   * lately. newPercent: how often hearsay is preferred, 0 to 100.
   */
  pick(connected: ReadonlySet<string>, newPercent: number): NodeAddress | undefined {
    const { random, nowMs } = this.#parts;
    const now = nowMs();
    const ready = this.entries().filter(
      (entry) => !connected.has(entry.address.id) && now >= dueMs(entry),
    );
    const heard = ready.filter((entry) => entry.lastSuccessMs === 0);
    const proven = ready.filter((entry) => entry.lastSuccessMs > 0);
    const wantsNew = random() * 100 < newPercent;
    const from = (wantsNew && heard.length > 0) || proven.length === 0 ? heard : proven;
    return from[Math.floor(random() * from.length)]?.address;
  }

  /** A random part of the book, for a peer that asks: at most that many. */
  selection(most: number): readonly NodeAddress[] {
    const all = this.entries().map((entry) => entry.address);
    const share = Math.ceil((all.length * selectionPercent) / 100);
    const count = Math.min(most, Math.max(share, minSelection), all.length);
    for (let index = 0; index < count; index++) {
      const other = index + Math.floor(this.#parts.random() * (all.length - index));
      [all[index], all[other]] = [all[other]!, all[index]!]; // Both are below the length.
    }
    return all.slice(0, count);
  }

  #refuses({ id, ip }: NodeAddress): boolean {
    const { excluded, accepts } = this.#parts;
    return excluded.has(id) || (accepts === "routable" && !isRoutable(ip));
  }

  #count(key: string): number {
    return this.#members.get(key)?.size ?? 0;
  }

  #put(entry: BookEntry): boolean {
    const isProven = entry.lastSuccessMs > 0;
    const shares = sharesOf(entry);
    const [room, group, source] = shares;
    if (isProven) {
      if (this.#count(group) >= maxProvenInGroup) this.#forgetStalest(group);
      else if (this.#count(room) >= maxProven) this.#forgetStalest(room);
    } else {
      if (this.#count(group) >= maxHeardInGroup) return false;
      if (this.#count(source) >= maxHeardFromGroup) return false;
      if (this.#count(room) >= maxHeard) this.#forgetStalest(this.#mostTold());
    }
    const { id } = entry.address;
    this.#changes++;
    this.#entries.set(id, entry);
    for (const key of shares) {
      const members = this.#members.get(key);
      if (members) members.add(id);
      else this.#members.set(key, new Set([id]));
    }
    return true;
  }

  /** Of those with a share: the most failures first, then the oldest success. */
  #forgetStalest(share: string): void {
    let stalest: BookEntry | undefined;
    for (const id of this.#members.get(share) ?? []) {
      const entry = this.#entries.get(id);
      if (entry && (!stalest || isStaler(entry, stalest))) stalest = entry;
    }
    if (stalest) this.remove(stalest.address.id);
  }

  /** The share of the source that told most. */
  #mostTold(): string {
    let [most, share] = [0, ""];
    for (const [key, { size }] of this.#members) {
      if (key.startsWith("told ") && size > most) [most, share] = [size, key];
    }
    return share;
  }
}

const isStaler = (a: BookEntry, b: BookEntry): boolean =>
  a.attempts === b.attempts ? a.lastSuccessMs < b.lastSuccessMs : a.attempts > b.attempts;

/** What an entry has a share of: its room, its group there, and of hearsay what one source told. */
function sharesOf({ address, source, lastSuccessMs }: BookEntry): [string, string, string] {
  const room = lastSuccessMs > 0 ? "proven" : "heard";
  const told = lastSuccessMs > 0 ? "proven" : `told ${source}`;
  return [room, `${room} ${groupOf(address.ip)}`, told];
}

/** When an address may be tried again: after 5 s, then twice as long each time, at most an hour. */
function dueMs({ attempts, lastAttemptMs }: BookEntry): number {
  if (attempts === 0) return 0;
  return lastAttemptMs + Math.min(firstDelayMs * 2 ** (attempts - 1), longestDelayMs);
}
