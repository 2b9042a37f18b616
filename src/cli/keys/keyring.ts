/**
 * The keyring: one file per key under keyring-<backend>/ in the home directory. Backend "file" asks
 * for a passphrase; backend "test" seals with a passphrase that everybody knows, for localnets.
 */
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import path from "node:path";
import { fromBase64, toBase64 } from "../../encoding/bytes.ts";
import { CliError } from "../errors.ts";
import { open, type SealedKey, seal, strongCost, tokenCost } from "./sealed-key.ts";

/** What anybody may know of a key. */
export interface KeyInfo {
  readonly name: string;
  /** local: this keyring can sign; offline: only the public key is known. */
  readonly type: "local" | "offline";
  readonly address: string;
  /** 33-byte compressed secp256k1 key, base64. */
  readonly pubKey: string;
  readonly hdPath: string | undefined;
}

interface KeyFile extends KeyInfo {
  readonly version: 1;
  readonly sealed: SealedKey | undefined;
}

/** Passphrase of backend "test": no secret. */
const testPassphrase = "test";
const minPassphraseLength = 8;
const namePattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

export class Keyring {
  readonly #folder: string;
  readonly #passphrase: () => Promise<string>;
  readonly #isTest: boolean;

  constructor(options: {
    readonly home: string;
    readonly backend: "file" | "test";
    /** Asked at most once per operation. */
    readonly passphrase: () => Promise<string>;
  }) {
    this.#folder = path.join(options.home, `keyring-${options.backend}`);
    this.#isTest = options.backend === "test";
    this.#passphrase = this.#isTest ? async () => testPassphrase : options.passphrase;
  }

  list(): KeyInfo[] {
    if (!existsSync(this.#folder)) return [];
    const names = readdirSync(this.#folder).filter((name) => name.endsWith(".json"));
    return names.sort().map((name) => this.get(name.slice(0, -".json".length)));
  }

  has(name: string): boolean {
    return namePattern.test(name) && existsSync(this.#file(name));
  }

  /** The key of that name or address. */
  find(nameOrAddress: string): KeyInfo {
    if (this.has(nameOrAddress)) return this.get(nameOrAddress);
    const byAddress = this.list().find(({ address }) => address === nameOrAddress);
    if (byAddress) return byAddress;
    throw new CliError("keyring", "key_not_found", {
      cause: `${nameOrAddress}: key not found`,
      fix: "see `gonkad keys list`, or add it with `gonkad keys add`",
    });
  }

  get(name: string): KeyInfo {
    const { version: _, sealed: __, ...info } = this.#read(name);
    return info;
  }

  /** Adds a key; privateKey undefined keeps only the public part. */
  async add(info: KeyInfo, privateKey: Uint8Array | undefined): Promise<void> {
    if (!namePattern.test(info.name)) {
      throw new CliError("usage", "key_name", {
        cause: `"${info.name}" cannot be the name of a key`,
        fix: "use up to 64 letters, digits, dots, dashes and underscores",
      });
    }
    if (this.has(info.name)) {
      throw new CliError("keyring", "key_exists", {
        cause: `a key named ${info.name} exists already`,
        fix: `choose another name, or delete it with \`gonkad keys delete ${info.name}\``,
      });
    }
    const cost = this.#isTest ? tokenCost : strongCost;
    const sealed =
      privateKey &&
      seal(privateKey, { passphrase: await this.#newPassphrase(), label: labelOf(info), cost });
    this.#write({ version: 1, ...info, sealed });
  }

  async privateKey(name: string): Promise<Uint8Array> {
    const file = this.#read(name);
    if (!file.sealed) {
      throw new CliError("keyring", "key_offline", {
        cause: `${name} is an offline key: only its public part is here`,
        fix: "sign on the machine that holds it (--generate-only writes the transaction)",
      });
    }
    const label = labelOf({ name, address: file.address });
    const secret = open(file.sealed, { passphrase: await this.#passphrase(), label });
    if (!secret) {
      throw new CliError("keyring", "wrong_passphrase", {
        cause: `the passphrase does not open ${name}`,
        fix: "try again, or give it with --keyring-passphrase-file",
      });
    }
    return secret;
  }

  delete(name: string): void {
    this.get(name);
    unlinkSync(this.#file(name));
  }

  async rename(from: string, to: string): Promise<void> {
    const info = this.get(from);
    const secret = info.type === "local" ? await this.privateKey(from) : undefined;
    await this.add({ ...info, name: to }, secret);
    this.delete(from);
  }

  async #newPassphrase(): Promise<string> {
    const passphrase = await this.#passphrase();
    if (!this.#isTest && passphrase.length < minPassphraseLength) {
      throw new CliError("keyring", "short_passphrase", {
        cause: `a passphrase needs at least ${minPassphraseLength} characters`,
        fix: "choose a longer one",
      });
    }
    return passphrase;
  }

  #file(name: string): string {
    return path.join(this.#folder, `${name}.json`);
  }

  #read(name: string): KeyFile {
    const file = this.#file(name);
    if (!namePattern.test(name) || !existsSync(file)) {
      throw new CliError("keyring", "key_not_found", {
        cause: `${name}: key not found`,
        fix: "see `gonkad keys list`",
      });
    }
    const value = parseKeyFile(readFileSync(file, "utf8"));
    if (value) return value;
    throw new CliError("keyring", "key_file", {
      cause: `${file} is not a key file of this version`,
      fix: "restore it from a backup, or recover the key from its mnemonic",
    });
  }

  /** Whole or not at all: written beside, synced, then renamed. */
  #write(file: KeyFile): void {
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    const target = this.#file(file.name);
    const fresh = `${target}.new`;
    const handle = openSync(fresh, "w", 0o600);
    writeSync(handle, `${JSON.stringify(file, null, 2)}\n`);
    fsyncSync(handle);
    closeSync(handle);
    renameSync(fresh, target);
  }
}

const labelOf = ({ name, address }: Pick<KeyInfo, "name" | "address">): string =>
  `${name} ${address}`;

function parseKeyFile(text: string): KeyFile | undefined {
  try {
    const value = JSON.parse(text) as KeyFile;
    const isWhole =
      value.version === 1 && typeof value.name === "string" && typeof value.address === "string";
    return isWhole && toBase64(fromBase64(value.pubKey)) === value.pubKey ? value : undefined;
  } catch {
    return undefined;
  }
}
