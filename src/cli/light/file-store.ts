/** Verified light blocks as files: one protobuf LightBlock each, named by its height. */
import { mkdir, open, readdir, readFile, rename, rm } from "node:fs/promises";
import path from "node:path";
import { LightBlock as LightBlockCodec } from "cosmjs-types/tendermint/types/types";
import { decodeTotal } from "../../encoding/wire.ts";
import type { TrustedStore } from "../../light/expected.ts";
import {
  type LightBlock,
  lightBlockFromProto,
  lightBlockToProto,
} from "../../types/light/light-block.ts";
import { CliError } from "../errors.ts";

/** A set of 10,000 validators and its commit, several times over. */
const maxFileBytes = 16_777_216;
const suffix = ".lightblock";

export class FileTrustedStore implements TrustedStore {
  readonly #folder: string;

  private constructor(folder: string) {
    this.#folder = folder;
  }

  /** Opens the store in a folder, which is made when it is not there. */
  static async open(folder: string): Promise<FileTrustedStore> {
    await mkdir(folder, { recursive: true });
    return new FileTrustedStore(folder);
  }

  async heights(): Promise<readonly bigint[]> {
    const names = await readdir(this.#folder);
    const numbers = names.filter((name) => /^\d+\.lightblock$/.test(name));
    return numbers
      .map((name) => BigInt(name.slice(0, -suffix.length)))
      .sort((a, b) => (a < b ? -1 : 1));
  }

  /** Throws CliError when the file is not what this program writes. */
  async get(height: bigint): Promise<LightBlock | undefined> {
    const file = this.#file(height);
    const bytes = await readFile(file).catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return undefined;
      throw error;
    });
    if (!bytes) return undefined;
    const proto = decodeTotal(LightBlockCodec, new Uint8Array(bytes), { maxBytes: maxFileBytes });
    const block = proto && lightBlockFromProto(proto);
    if (block?.header.height === height) return block;
    throw new CliError("config", "bad_light_block", {
      cause: `${file} is no light block of height ${height}`,
      fix: "delete the file; the light client verifies the block again",
    });
  }

  async save(block: LightBlock): Promise<void> {
    const file = this.#file(block.header.height);
    const draft = `${file}.new`;
    const handle = await open(draft, "w");
    try {
      await handle.writeFile(LightBlockCodec.encode(lightBlockToProto(block)).finish());
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(draft, file);
    const folder = await open(this.#folder, "r");
    await folder.sync().finally(() => folder.close());
  }

  async remove(height: bigint): Promise<void> {
    await rm(this.#file(height), { force: true });
  }

  #file(height: bigint): string {
    return path.join(this.#folder, `${height}${suffix}`);
  }
}
