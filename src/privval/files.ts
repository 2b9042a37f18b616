/** The private validator's two files on a real disk. */

import { randomBytes } from "node:crypto";
import {
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import path from "node:path";
import {
  formatKeyFile,
  PrivvalFileError,
  parseKeyFile,
  type ValidatorKey,
  validatorKey,
} from "./key-file.ts";
import type { StateFile } from "./local-signer.ts";
import { formatStateFile, neverSigned } from "./sign-state.ts";

/** Readable by the owner only: the key is a secret, and so is what was signed. */
const fileMode = 0o600;
const folderMode = 0o700;

/** The key in that file; makes the file, with a fresh key, when there is none. */
export function loadOrCreateKey(file: string): ValidatorKey {
  if (existsSync(file)) return parseKeyFile(readFileSync(file, "utf8"));
  const key = validatorKey(new Uint8Array(randomBytes(32)));
  replaceFile(file, formatKeyFile(key));
  return key;
}

/**
 * The sign state of a node. A missing file is made when nothing can have been signed yet; a
 * validator of a running chain that lost it could sign twice. Throws PrivvalFileError then.
 */
export function openSignState(
  file: string,
  chain: { readonly lastHeight: bigint; readonly isValidator: boolean },
): StateFile {
  if (!existsSync(file)) {
    if (chain.lastHeight > 0n && chain.isValidator) {
      throw new PrivvalFileError(
        `${file} is missing, and without it this validator could sign twice: bring back its last ` +
          "copy; or, with a height above everything that this key may have signed, write " +
          `{"height": "${chain.lastHeight + 2n}", "round": 0, "step": 3}`,
      );
    }
    replaceFile(file, formatStateFile(neverSigned));
  }
  return stateFileAt(file);
}

/** The sign state in that file. */
export function stateFileAt(file: string): StateFile {
  return {
    read: () => (existsSync(file) ? readFileSync(file, "utf8") : undefined),
    replace: (text) => replaceFile(file, text),
  };
}

/** Writes a new file beside the old one, syncs it, and renames: a crash leaves one of the two. */
function replaceFile(file: string, text: string): void {
  const folder = path.dirname(file);
  mkdirSync(folder, { recursive: true, mode: folderMode });
  const fresh = `${file}.new`;
  const handle = openSync(fresh, "w", fileMode);
  try {
    writeFileSync(handle, text); // All of it, in as many writes as the disk needs.
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(fresh, file);
  syncFolder(folder);
}

/** Makes a rename durable. */
function syncFolder(folder: string): void {
  const handle = openSync(folder, "r");
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
