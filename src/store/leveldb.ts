/** The Db on disk: LevelDB, whose log makes a batch atomic and whose lock allows one process. */
import { ClassicLevel } from "classic-level";
import { type Db, DbError, type DbOp } from "./db.ts";
import type { KeyRange } from "./kv.ts";

/** Pairs fetched from the iterator per crossing into C++. */
const iteratorPageKeys = 256;

/**
 * Opens (or creates) the database in this folder. Throws DbError when another process has it open
 * or the files are damaged.
 */
export async function openLevelDb(path: string): Promise<Db> {
  const level = new ClassicLevel<Uint8Array, Uint8Array>(path, {
    keyEncoding: "view",
    valueEncoding: "view",
  });
  try {
    await level.open();
  } catch (error) {
    const cause = error instanceof Error ? (error.cause ?? error) : error;
    const isLocked = (cause as { code?: unknown } | undefined)?.code === "LEVEL_LOCKED";
    const reason = isLocked ? "another process has it open" : String(cause);
    throw new DbError(`cannot open the database ${path}: ${reason}`, { cause: error });
  }
  return new LevelDb(path, level);
}

class LevelDb implements Db {
  readonly #path: string;
  readonly #level: ClassicLevel<Uint8Array, Uint8Array>;

  constructor(path: string, level: ClassicLevel<Uint8Array, Uint8Array>) {
    this.#path = path;
    this.#level = level;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    try {
      return this.#level.getSync(key);
    } catch (error) {
      throw this.#failed("read", error);
    }
  }

  async *iterate(range: KeyRange = {}): AsyncGenerator<readonly [Uint8Array, Uint8Array], void> {
    const iterator = this.#level.iterator({
      ...(range.start && { gte: range.start }),
      ...(range.end && { lt: range.end }),
      reverse: range.reverse ?? false,
      fillCache: false,
    });
    try {
      for (;;) {
        const page = await iterator.nextv(iteratorPageKeys);
        if (page.length === 0) return;
        yield* page;
      }
    } catch (error) {
      throw this.#failed("iterate", error);
    } finally {
      await iterator.close();
    }
  }

  async batch(ops: readonly DbOp[], { sync }: { readonly sync: boolean }): Promise<void> {
    try {
      const batch = this.#level.batch(); // Twice as fast as an array of operations.
      for (const { key, value } of ops) {
        if (value === undefined) batch.del(key);
        else batch.put(key, value);
      }
      await batch.write({ sync });
    } catch (error) {
      throw this.#failed("write", error);
    }
  }

  async close(): Promise<void> {
    await this.#level.close();
  }

  #failed(action: string, error: unknown): DbError {
    return new DbError(`cannot ${action} in ${this.#path}: ${String(error)}`, { cause: error });
  }
}
