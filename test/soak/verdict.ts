/** What a soak has shown: samples in, a verdict, a table and a picture out. */
export interface Sample {
  readonly height: number;
  readonly seconds: number;
  /** Bytes. */
  readonly rss: number;
  readonly heap: number;
  /** Without the write-ahead log, which grows and shrinks by whole segments of 16 MiB. */
  readonly disk: number;
  readonly wal: number;
  readonly handles: number;
  /** Milliseconds. */
  readonly blocked: number;
}

export interface Judged {
  readonly what: "rss" | "heap" | "disk" | "handles";
  /** Medians of the second and of the last quarter of the run; the first one warms up. */
  readonly early: number;
  readonly late: number;
  readonly growth: number;
  readonly isFlat: boolean;
}

/** Growth that counts as flat; databases breathe, so the disk has more room. */
const allowed = { rss: 0.1, heap: 0.1, disk: 0.25, handles: 0.1 } as const;
const measures = ["rss", "heap", "disk", "handles"] as const;

/** Two finished or growing segments, and what a height may put on top. */
const walBytesMax = 3 * 16_777_216;

/** Whether the write-ahead log ever took more than it may. */
export const isWalBounded = (samples: readonly Sample[]): boolean =>
  samples.every(({ wal }) => wal <= walBytesMax);

export function judge(samples: readonly Sample[]): Judged[] {
  const quarter = Math.floor(samples.length / 4);
  const early = samples.slice(quarter, 2 * quarter);
  const late = samples.slice(samples.length - quarter);
  return measures.map((what) => {
    const [from, to] = [early, late].map((part) => median(part.map((each) => each[what]))) as [
      number,
      number,
    ];
    const growth = to / from - 1;
    return { what, early: from, late: to, growth, isFlat: growth <= allowed[what] };
  });
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

const mib = (bytes: number): string => (bytes / 1_048_576).toFixed(1);

/** Every n-th sample as a line, so that about 24 lines remain. */
export function table(samples: readonly Sample[]): string {
  const step = Math.max(1, Math.ceil(samples.length / 24));
  const rows = samples.filter((_, index) => index % step === 0 || index === samples.length - 1);
  const lines = rows.map((each) =>
    [
      String(each.height),
      each.seconds.toFixed(0),
      mib(each.rss),
      mib(each.heap),
      mib(each.disk),
      mib(each.wal),
      String(each.handles),
      String(each.blocked),
    ]
      .map((cell) => cell.padStart(9))
      .join(""),
  );
  const head = ["height", "s", "rss MiB", "heap MiB", "disk MiB", "wal MiB", "handles", "stood ms"];
  return [head.map((cell) => cell.padStart(9)).join(""), ...lines].join("\n");
}

/** A line per measure, each scaled from zero to its own maximum. */
export function picture(samples: readonly Sample[]): string {
  const [width, rowHeight] = [720, 90];
  const rows = measures.map((what, row) => {
    const values = samples.map((each) => each[what]);
    const top = Math.max(...values, 1);
    const points = values.map((value, index) => {
      const x = (index * width) / Math.max(1, values.length - 1);
      const y = (row + 1) * rowHeight - 10 - (value / top) * (rowHeight - 30);
      return `${x.toFixed(1)},${y.toFixed(1)}`;
    });
    const shown = what === "handles" ? String(top) : `${mib(top)} MiB`;
    return (
      `<text x="4" y="${row * rowHeight + 14}">${what}, at most ${shown}</text>` +
      `<polyline fill="none" stroke="#246" points="${points.join(" ")}"/>`
    );
  });
  const height = measures.length * rowHeight;
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" ` +
    `font-family="sans-serif" font-size="12">${rows.join("")}</svg>\n`
  );
}
