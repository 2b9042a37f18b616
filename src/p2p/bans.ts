/** Peers that misbehaved and are refused for a while, by node id. */

const firstBanMs = 30_000;
const longestBanMs = 600_000;
/** Node ids remembered; keys cost an attacker nothing, memory costs us. */
const maxRemembered = 10_000;

interface Ban {
  readonly untilMs: number;
  readonly lastedMs: number;
}

/** Bans that double each time, from 30 s to 10 min. */
export class Bans {
  readonly #bans = new Map<string, Ban>();
  readonly #nowMs: () => number;

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  /** Bans the peer and returns for how long, in ms. */
  add(id: string): number {
    const last = this.#bans.get(id);
    const lastedMs = last ? Math.min(last.lastedMs * 2, longestBanMs) : firstBanMs;
    this.#bans.delete(id);
    this.#bans.set(id, { untilMs: this.#nowMs() + lastedMs, lastedMs });
    const [oldest] = this.#bans.keys();
    if (this.#bans.size > maxRemembered && oldest !== undefined) this.#bans.delete(oldest);
    return lastedMs;
  }

  has(id: string): boolean {
    const ban = this.#bans.get(id);
    return ban !== undefined && ban.untilMs > this.#nowMs();
  }
}
