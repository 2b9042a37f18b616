/** gonkad keys: make, recover, show and delete keys. */
import { Bip39, Random } from "@cosmjs/crypto";
import { Command, InvalidArgumentError } from "commander";
import { secp256k1Address } from "../../crypto/secp256k1.ts";
import { toBech32 } from "../../encoding/bech32.ts";
import { fromBase64, parseHex, toBase64, toHex } from "../../encoding/bytes.ts";
import { note, print, printValue } from "../output.ts";
import { ask, askPassphrase, confirm } from "../prompt.ts";
import { readSettings, type Settings, usage } from "../settings.ts";
import { derivePrivateKey, describeKey, hdPath } from "./derive.ts";
import { type KeyInfo, Keyring } from "./keyring.ts";

/** Coin types whose addresses --all-paths shows: Cosmos' (ours), Gonka's CLI, Ethereum's. */
const knownCoinTypes = [118, 1200, 60];
const prefix = "gonka";

interface AddFlags {
  readonly recover?: boolean;
  readonly dryRun?: boolean;
  readonly backup: boolean;
  readonly account: number;
  readonly index: number;
  readonly coinType: number;
  readonly hdPath?: string;
  readonly pubkey?: string;
}

/** The keyring that the settings name. */
export function openKeyring(settings: Settings): Keyring {
  let asked: Promise<string> | undefined;
  return new Keyring({
    home: settings.home,
    backend: settings.keyringBackend,
    passphrase: () => {
      asked ??= askPassphrase(settings.passphraseFile);
      return asked;
    },
  });
}

export function keysCommand(): Command {
  const keys = new Command("keys").description("make, recover, show and delete keys");
  keys.addCommand(addCommand());
  keys.addCommand(showCommand());
  keys
    .command("list")
    .description("list all keys")
    .addHelpText("after", "\nExample:\n  gonkad keys list -o json\n")
    .action((_, command: Command) => {
      const settings = readSettings(command, "text");
      print(openKeyring(settings).list().map(publicKeyInfo), settings.output);
    });
  keys
    .command("mnemonic")
    .description("print a new 24-word mnemonic and keep nothing")
    .addHelpText("after", "\nExample:\n  gonkad keys mnemonic\n")
    .action((_, command: Command) => {
      printValue("mnemonic", newMnemonic(), readSettings(command, "text").output);
    });
  keys.addCommand(deleteCommand());
  keys
    .command("rename <old> <new>")
    .description("give a key another name")
    .addHelpText("after", "\nExample:\n  gonkad keys rename alice savings\n")
    .action(async (from: string, to: string, _, command: Command) => {
      const settings = readSettings(command, "text");
      const keyring = openKeyring(settings);
      await keyring.rename(from, to);
      if (settings.output === "json") print(publicKeyInfo(keyring.get(to)), "json");
      note(`${from} is now ${to}`);
    });
  keys.addCommand(exportCommand());
  keys.addCommand(importHexCommand());
  return keys;
}

function addCommand(): Command {
  return new Command("add")
    .argument("<name>")
    .description("make a key, or recover it from a mnemonic on stdin")
    .option("--recover", "read a mnemonic instead of making one")
    .option("--dry-run", "show the key, keep nothing")
    .option("--no-backup", "do not print the mnemonic")
    .option("--account <n>", "account of the HD path", wholeNumber, 0)
    .option("--index <n>", "address index of the HD path", wholeNumber, 0)
    .option("--coin-type <n>", "coin type of the HD path", wholeNumber, 118)
    .option("--hd-path <path>", "whole HD path, instead of the three above")
    .option("--pubkey <base64>", "keep only this public key (an offline key)")
    .addHelpText(
      "after",
      "\nExamples:\n  gonkad keys add alice\n  gonkad keys add bob --recover < mnemonic.txt\n",
    )
    .action(async (name: string, flags: AddFlags, command: Command) => {
      const settings = readSettings(command, "text");
      if (flags.pubkey !== undefined) return addOffline(name, flags.pubkey, settings);
      const path = flags.hdPath ?? hdPath(flags);
      const mnemonic = flags.recover
        ? await ask("> Enter your bip39 mnemonic\n", { isHidden: false })
        : newMnemonic();
      const privateKey = derivePrivateKey(mnemonic, path);
      const info = describeKey(name, privateKey, { prefix, hdPath: path });
      if (!flags.dryRun) await openKeyring(settings).add(info, privateKey);
      const shows = !flags.recover && flags.backup;
      print({ ...publicKeyInfo(info), ...(shows ? { mnemonic } : {}) }, settings.output);
      if (shows) {
        note("**Important** write this mnemonic phrase in a safe place.");
        note("It is the only way to recover your account if you ever forget your passphrase.");
      }
    });
}

async function addOffline(name: string, text: string, settings: Settings): Promise<void> {
  const key = /^[A-Za-z0-9+/]{44}$/.test(text) ? fromBase64(text) : undefined;
  if (key?.length !== 33)
    throw usage("--pubkey must be 33 bytes in base64", "copy it from `keys show`");
  const address = toBech32(prefix, secp256k1Address(key));
  const pubKey = toBase64(key);
  const info: KeyInfo = { name, type: "offline", address, pubKey, hdPath: undefined };
  await openKeyring(settings).add(info, undefined);
  print(publicKeyInfo(info), settings.output);
}

function showCommand(): Command {
  return new Command("show")
    .argument("<name-or-address>")
    .description("show one key")
    .option("-a, --address", "print the address only")
    .option("-p, --pubkey", "print the public key only")
    .option("--bech <kind>", "address as acc, val or cons", "acc")
    .option("--all-paths", "addresses of this mnemonic's other coin types (asks for the mnemonic)")
    .addHelpText("after", "\nExamples:\n  gonkad keys show alice\n  gonkad keys show alice -a\n")
    .action(async (name: string, flags: ShowFlags, command: Command) => {
      const settings = readSettings(command, "text");
      const info = openKeyring(settings).find(name);
      if (flags.allPaths) return showAllPaths(settings);
      const address = withBech(info.address, fromBase64(info.pubKey), flags.bech);
      if (flags.address) process.stdout.write(`${address}\n`);
      else if (flags.pubkey) process.stdout.write(`${JSON.stringify(anyPubKey(info))}\n`);
      else print(publicKeyInfo({ ...info, address }), settings.output);
    });
}

interface ShowFlags {
  readonly address?: boolean;
  readonly pubkey?: boolean;
  readonly bech: string;
  readonly allPaths?: boolean;
}

async function showAllPaths(settings: Settings): Promise<void> {
  const mnemonic = await ask("> Enter your bip39 mnemonic\n", { isHidden: false });
  const rows = [];
  for (const coinType of knownCoinTypes) {
    const path = hdPath({ coinType, account: 0, index: 0 });
    const key = derivePrivateKey(mnemonic, path);
    rows.push({ path, address: describeKey("", key, { prefix, hdPath: path }).address });
  }
  print(rows, settings.output);
}

function withBech(address: string, pubKey: Uint8Array, kind: string): string {
  if (kind === "acc") return address;
  if (kind === "val") return toBech32(`${prefix}valoper`, secp256k1Address(pubKey));
  if (kind === "cons") return toBech32(`${prefix}valcons`, secp256k1Address(pubKey));
  throw usage(`unknown --bech ${kind}`, "use acc, val or cons");
}

function deleteCommand(): Command {
  return new Command("delete")
    .argument("<name>")
    .description("delete a key; without its mnemonic it is gone for good")
    .option("-y, --yes", "do not ask")
    .addHelpText("after", "\nExample:\n  gonkad keys delete alice\n")
    .action(async (name: string, flags: { readonly yes?: boolean }, command: Command) => {
      const settings = readSettings(command, "text");
      const keyring = openKeyring(settings);
      const info = keyring.find(name);
      if (!flags.yes && !(await confirm(`Delete ${info.name} (${info.address})?`))) return;
      keyring.delete(info.name);
      if (settings.output === "json") print({ deleted: info.name, address: info.address }, "json");
      note(`${info.name} deleted`);
    });
}

function exportCommand(): Command {
  return new Command("export")
    .argument("<name>")
    .description("print a private key in hex, unprotected")
    .option("--unarmored-hex", "required: says that you know what is printed")
    .option("--unsafe", "required: says that you know what is printed")
    .addHelpText("after", "\nExample:\n  gonkad keys export alice --unarmored-hex --unsafe\n")
    .action(async (name: string, flags: ExportFlags, command: Command) => {
      if (!flags.unarmoredHex || !flags.unsafe) {
        throw usage("export prints the bare key", "add --unarmored-hex --unsafe if that is meant");
      }
      const settings = readSettings(command, "text");
      const keyring = openKeyring(settings);
      const secret = toHex(await keyring.privateKey(keyring.find(name).name));
      printValue("private_key", secret, settings.output);
    });
}

interface ExportFlags {
  readonly unarmoredHex?: boolean;
  readonly unsafe?: boolean;
}

function importHexCommand(): Command {
  return new Command("import-hex")
    .argument("<name>")
    .argument("<hex>", "32 bytes")
    .addHelpText("after", `\nExample:\n  gonkad keys import-hex old ${"01".repeat(32)}\n`)
    .description("keep a private key given in hex")
    .action(async (name: string, hex: string, _: object, command: Command) => {
      const settings = readSettings(command, "text");
      const privateKey = parseHex(hex);
      if (privateKey?.length !== 32) throw usage("a private key is 32 bytes of hex", "check it");
      const info = describeKey(name, privateKey, { prefix, hdPath: undefined });
      await openKeyring(settings).add(info, privateKey);
      print(publicKeyInfo(info), settings.output);
    });
}

const newMnemonic = (): string => Bip39.encode(Random.getBytes(32)).toString();

function wholeNumber(text: string): number {
  if (/^\d{1,10}$/.test(text) && Number(text) < 2 ** 31) return Number(text);
  throw new InvalidArgumentError("a whole number below 2^31 is wanted");
}

const anyPubKey = ({ pubKey }: KeyInfo) => ({
  "@type": "/cosmos.crypto.secp256k1.PubKey",
  key: pubKey,
});

/** In the field names that scripts know from the SDK. */
function publicKeyInfo(info: KeyInfo): object {
  const { name, type, address } = info;
  const pubkey = JSON.stringify(anyPubKey(info));
  return { name, type, address, pubkey, ...(info.hdPath ? { path: info.hdPath } : {}) };
}

/** A key that can sign, as CosmJS wants it. */
export async function signingKey(
  settings: Settings,
  from: string,
): Promise<{ readonly info: KeyInfo; readonly privateKey: Uint8Array }> {
  const keyring = openKeyring(settings);
  const info = keyring.find(from);
  return { info, privateKey: await keyring.privateKey(info.name) };
}
