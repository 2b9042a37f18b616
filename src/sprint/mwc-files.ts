/** The files of a model on disk, as MWC-1 reads them: in the order of the registry. */
import { createHash } from "node:crypto";
import { type FileHandle, open, stat } from "node:fs/promises";
import { equalBytes, toHex } from "../encoding/bytes.ts";
import { type RowSource, rowsOf } from "./mwc/rows.ts";

/** A file of a model, and how long it is registered to be. */
export interface ModelPart {
  readonly path: string;
  readonly lengthBytes: number;
}

/** One file of the registry entry, and where it lies here. */
export interface ModelFile extends ModelPart {
  readonly sha256: Uint8Array;
}

/** A file that is missing or not of its length, or that changed while it was in use. */
export class ModelFileError extends Error {
  override readonly name = "ModelFileError";
  readonly code: "MODEL_FILE" | "MODEL_CHANGED";
  constructor(code: "MODEL_FILE" | "MODEL_CHANGED", message: string) {
    super(message);
    this.code = code;
  }
}

/** Hears of every chunk read; what it throws ends the reading. */
type ChunkWatch = (bytes: number) => void;

const chunkBytes = 1024 * 1024;

/**
 * The model's rows. Reading throws a ModelFileError: MODEL_FILE when a file is missing or has
 * another length, MODEL_CHANGED when it is not what it was, during a pass or between two.
 */
export function modelFileRows(files: readonly ModelPart[], watch?: ChunkWatch): RowSource {
  const known = new Map<string, string>();
  return () => rowsOf(chunksOf(files, known, watch));
}

/** The SHA-256 of each file, each read once. */
export async function fileDigests(
  files: readonly ModelPart[],
  watch?: ChunkWatch,
): Promise<Uint8Array[]> {
  const digests: Uint8Array[] = [];
  for (const file of files) {
    const hash = createHash("sha256");
    for await (const chunk of chunksOf([file], new Map(), watch)) hash.update(chunk);
    digests.push(hash.digest());
  }
  return digests;
}

/** undefined when every file is the registered one; else which is not, and why. */
export async function checkModelFiles(files: readonly ModelFile[]): Promise<string | undefined> {
  for (const file of files) {
    try {
      const [found] = await fileDigests([file]);
      if (found && equalBytes(found, file.sha256)) continue;
      return `${file.path} has SHA-256 ${toHex(found ?? new Uint8Array())}`;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }
  return undefined;
}

/** One pass over all files; `known` remembers what each was when the first pass began. */
async function* chunksOf(
  files: readonly ModelPart[],
  known: Map<string, string>,
  watch: ChunkWatch = () => {},
): AsyncIterable<Uint8Array> {
  if (known.size === 0) for (const file of files) known.set(file.path, await identify(file));
  const buffer = new Uint8Array(chunkBytes);
  for (const file of files) {
    const handle = await openFile(file, known);
    try {
      for (let at = 0; at < file.lengthBytes; ) {
        const wanted = Math.min(chunkBytes, file.lengthBytes - at);
        const { bytesRead } = await handle.read(buffer, 0, wanted, at).catch(unreadable(file));
        if (bytesRead === 0) throw changed(`${file.path} was cut short while in use`);
        at += bytesRead;
        watch(bytesRead);
        yield buffer.subarray(0, bytesRead);
      }
    } finally {
      await handle.close();
    }
  }
  for (const { path } of files) {
    const now = await stat(path, { bigint: true }).catch(gone(path));
    if (identityOf(now) !== known.get(path)) throw changed(`${path} changed while in use`);
  }
}

/** What a file is before anything is read; refuses one that is not of its registered length. */
async function identify({ path, lengthBytes }: ModelPart): Promise<string> {
  const found = await stat(path, { bigint: true }).catch(unreadable({ path }));
  if (found.size === BigInt(lengthBytes)) return identityOf(found);
  throw new ModelFileError("MODEL_FILE", `${path} has ${found.size} bytes, not ${lengthBytes}`);
}

async function openFile(
  { path }: ModelPart,
  known: ReadonlyMap<string, string>,
): Promise<FileHandle> {
  const handle = await open(path, "r").catch(gone(path));
  if (identityOf(await handle.stat({ bigint: true })) === known.get(path)) return handle;
  await handle.close();
  throw changed(`${path} changed while in use`);
}

function gone(path: string): (error: NodeJS.ErrnoException) => never {
  return (error) => {
    if (error.code !== "ENOENT") return unreadable({ path })(error);
    throw changed(`${path} is gone`);
  };
}

/** Turns what the system says into a refusal that names the file. */
function unreadable({ path }: Pick<ModelPart, "path">): (error: Error) => never {
  return ({ message }) => {
    throw new ModelFileError("MODEL_FILE", `${path}: ${message}`);
  };
}

const changed = (message: string): ModelFileError => new ModelFileError("MODEL_CHANGED", message);

/** A file written to, replaced or touched has another one. */
function identityOf(found: {
  readonly dev: bigint;
  readonly ino: bigint;
  readonly size: bigint;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
}): string {
  return [found.dev, found.ino, found.size, found.mtimeNs, found.ctimeNs].join(" ");
}
