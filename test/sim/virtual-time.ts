/** Virtual time: events in order of their time, then of their making. Nothing waits for real. */

interface Timed {
  readonly atMs: number;
  readonly order: number;
  readonly run: () => void;
  isCancelled: boolean;
}

/** The one clock of a simulated world. */
export class VirtualTime {
  nowMs = 0;
  #order = 0;
  readonly #heap: Timed[] = [];
  /** Whether a promise was resolved since the last drain: continuations must run before events. */
  #isUnsettled = true;

  /** Runs once, that many milliseconds later; returns its cancellation. */
  after(delayMs: number, run: () => void): () => void {
    const event = { atMs: this.nowMs + delayMs, order: this.#order++, run, isCancelled: false };
    this.#push(event);
    return () => {
      event.isCancelled = true;
    };
  }

  /** Resolves that much later. Whoever waits continues before the next event. */
  sleep(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.after(delayMs, () => {
        this.#isUnsettled = true;
        resolve();
      });
    });
  }

  /** Runs the next event and everything that follows from it. False when there is none. */
  async step(): Promise<boolean> {
    if (this.#isUnsettled) {
      this.#isUnsettled = false;
      await new Promise((resolve) => setImmediate(resolve)); // All microtasks run before it.
    }
    const event = this.#pop();
    if (!event) return false;
    this.nowMs = event.atMs;
    if (!event.isCancelled) event.run();
    return true;
  }

  /** Work was begun outside of an event: let its continuations run first. */
  unsettle(): void {
    this.#isUnsettled = true;
  }

  #push(event: Timed): void {
    const heap = this.#heap;
    let at = heap.push(event) - 1;
    while (at > 0) {
      const up = (at - 1) >> 1;
      const parent = heap[up];
      if (!parent || !isBefore(event, parent)) break;
      heap[at] = parent;
      at = up;
    }
    heap[at] = event;
  }

  #pop(): Timed | undefined {
    const heap = this.#heap;
    const [first] = heap;
    const last = heap.pop();
    if (!first || !last || first === last) return first;
    let at = 0;
    for (;;) {
      let down = 2 * at + 1;
      const [left, right] = [heap[down], heap[down + 1]];
      if (!left) break;
      if (right && isBefore(right, left)) down += 1;
      const child = heap[down];
      if (!child || !isBefore(child, last)) break;
      heap[at] = child;
      at = down;
    }
    heap[at] = last;
    return first;
  }
}

const isBefore = (a: Timed, b: Timed): boolean =>
  a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
