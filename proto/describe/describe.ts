/**
 * Writes proto/descriptors.binpb: the descriptors of every message and service that a node may
 * speak of, with all their imports. Our own .proto files, the standard ones as cosmjs-types encodes
 * them, and the option files of options/. buf compiles them, so what does not fit fails here.
 */
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { protoOf } from "./codec-files.ts";

const here = import.meta.dirname;
const repository = path.resolve(here, "../..");
const require = createRequire(import.meta.url);
const codecs = path.resolve(require.resolve("cosmjs-types/google/protobuf/any"), "../../..");

/** Folders of cosmjs-types that describe what Cosmos SDK chains serve. */
const folders: readonly string[] = [
  ...["auth", "authz", "bank", "base", "consensus", "crypto/ed25519", "crypto/multisig"],
  ...["crypto/secp256k1", "distribution", "evidence", "feegrant", "gov", "mint"],
  ...["params", "slashing", "staking", "tx", "upgrade", "vesting"],
].map((name) => `cosmos/${name}`);

/** The codec files of a folder and those below it; not the configuration of Go modules. */
function filesOf(folder: string): string[] {
  return readdirSync(path.join(codecs, folder), { withFileTypes: true }).flatMap((entry) => {
    const name = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return entry.name === "module" ? [] : filesOf(name);
    return name.endsWith(".js") ? [name.replace(/\.js$/, "")] : [];
  });
}

const cache = path.join(repository, "node_modules/.cache");
mkdirSync(cache, { recursive: true });
const workspace = mkdtempSync(path.join(cache, "describe."));
try {
  cpSync(path.join(here, "options"), workspace, { recursive: true });
  for (const own of ["gonka", "grpc", "cosmos/base/reflection"]) {
    cpSync(path.join(repository, "proto", own), path.join(workspace, own), { recursive: true });
  }
  for (const file of [...folders, "tendermint"].flatMap(filesOf).sort()) {
    const target = path.join(workspace, `${file}.proto`);
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, protoOf(file));
  }
  execFileSync(
    path.join(repository, "node_modules/.bin/buf"),
    ["build", ".", "--exclude-source-info", "-o", path.join(repository, "proto/descriptors.binpb")],
    { cwd: workspace, stdio: "inherit", env: { ...process.env, BUF_CACHE_DIR: cache } },
  );
} finally {
  if (process.env.KEEP === undefined) rmSync(workspace, { recursive: true });
}
