/**
 * Keys at rest: sealed under a passphrase, bound to their name and address, refused when changed.
 * And keys from mnemonics, against CosmJS: the same path gives the same address.
 */
import { mkdtempSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { stringToPath } from "@cosmjs/crypto";
import { DirectSecp256k1HdWallet, DirectSecp256k1Wallet } from "@cosmjs/proto-signing";
import t from "tap";
import { derivePrivateKey, describeKey, hdPath } from "../../../src/cli/keys/derive.ts";
import { Keyring } from "../../../src/cli/keys/keyring.ts";
import { open, type SealedKey, seal, tokenCost } from "../../../src/cli/keys/sealed-key.ts";
import { toHex } from "../../../src/encoding/bytes.ts";
import { refusal, runCli } from "../../support/run-cli.ts";

const mnemonic = "test test test test test test test test test test test junk";
const freshHome = (): string => mkdtempSync(path.join(tmpdir(), "gonka-keys-"));
const secret = new Uint8Array(32).fill(7);
const alice = describeKey("alice", secret, { prefix: "gonka", hdPath: "m/0'" });

function keyringAt(home: string, passphrase: string): Keyring {
  return new Keyring({ home, backend: "file", passphrase: async () => passphrase });
}

t.test("a sealed key opens with its passphrase and label, and with nothing else", async (t) => {
  const lock = { passphrase: "correct horse", label: "alice gonka1x" };
  const sealed = seal(secret, { ...lock, cost: tokenCost });
  const refused = (sealed: SealedKey, change: object, why: string) =>
    t.equal(open(sealed, { ...lock, ...change }), undefined, why);
  t.same(open(sealed, lock), secret);
  refused(sealed, { passphrase: "correct hors" }, "another passphrase");
  refused(sealed, { label: "bob gonka1x" }, "another name");
  const flipped = Buffer.from(sealed.ciphertext, "base64");
  flipped[3]! ^= 1;
  const changed = { ...sealed, ciphertext: flipped.toString("base64") };
  refused(changed, {}, "one bit of the ciphertext");
  const kdf = (change: object) => ({ ...sealed, kdf: { ...sealed.kdf, ...change } });
  refused(kdf({ n: 2 ** 30 }), {}, "too costly");
  refused(kdf({ salt: "?" }), {}, "no salt");
  refused(kdf({ n: 3 }), {}, "no cost of scrypt");
  const again = seal(secret, { ...lock, cost: tokenCost });
  t.not(again.ciphertext, sealed.ciphertext, "salt and nonce are fresh each time");
});

t.test("the keyring keeps, finds, renames and deletes", async (t) => {
  const home = freshHome();
  const keyring = keyringAt(home, "correct horse");
  t.same(keyring.list(), []);
  await keyring.add(alice, secret);
  t.same(keyring.find("alice"), alice);
  t.same(keyring.find(alice.address), alice, "by its address too");
  t.same(await keyring.privateKey("alice"), secret);
  await t.rejects(keyring.add(alice, secret), refusal({ id: "key_exists", exit: 8 }));
  await keyring.rename("alice", "savings");
  t.equal(keyring.has("alice"), false);
  t.same(await keyring.privateKey("savings"), secret, "the name is part of the seal");
  keyring.delete("savings");
  t.same(keyring.list(), []);
  t.throws(() => keyring.find("alice"), refusal({ message: "alice: key not found", exit: 8 }));
});

t.test("key files are the owner's alone, and the secret does not stand in them", async (t) => {
  const home = freshHome();
  await keyringAt(home, "correct horse").add(alice, secret);
  const folder = path.join(home, "keyring-file");
  t.same(readdirSync(folder), ["alice.json"], "nothing is left beside it");
  const file = path.join(folder, "alice.json");
  t.equal(statSync(file).mode & 0o777, 0o600);
  t.equal(statSync(folder).mode & 0o777, 0o700);
  const text = readFileSync(file, "utf8");
  t.notMatch(text, toHex(secret));
  t.notOk(text.includes(Buffer.from(secret).toString("base64")));
});

t.test("wrong passphrases, changed files and bad names are refused by name", async (t) => {
  const home = freshHome();
  await keyringAt(home, "correct horse").add(alice, secret);
  const other = keyringAt(home, "battery staple");
  await t.rejects(other.privateKey("alice"), refusal({ id: "wrong_passphrase", exit: 8 }));
  await t.rejects(
    keyringAt(home, "short").add({ ...alice, name: "bob" }, secret),
    refusal({ id: "short_passphrase" }),
  );
  for (const name of ["", "../alice", "a/b", ".hidden", "a".repeat(65), "ä"]) {
    await t.rejects(
      other.add({ ...alice, name }, secret),
      refusal({ id: "key_name" }),
      `"${name}"`,
    );
    t.equal(other.has(name), false);
  }
  const file = path.join(home, "keyring-file", "alice.json");
  const stored = JSON.parse(readFileSync(file, "utf8"));
  writeFileSync(file, JSON.stringify({ ...stored, address: "gonka1other" }));
  const keyring = keyringAt(home, "correct horse");
  await t.rejects(
    keyring.privateKey("alice"),
    refusal({ id: "wrong_passphrase" }),
    "another address",
  );
  const broken = [
    "",
    "{",
    "[]",
    "null",
    JSON.stringify({ ...stored, version: 2 }),
    '{"version":1}',
  ];
  for (const text of broken) {
    writeFileSync(file, text);
    t.throws(() => keyring.get("alice"), refusal({ id: "key_file", exit: 8 }), text.slice(0, 20));
  }
});

t.test("an offline key is known but cannot sign", async (t) => {
  const keyring = keyringAt(freshHome(), "correct horse");
  await keyring.add({ ...alice, type: "offline" }, undefined);
  t.equal(keyring.find("alice").type, "offline");
  await t.rejects(keyring.privateKey("alice"), refusal({ id: "key_offline", exit: 8 }));
  await keyring.rename("alice", "cold");
  t.equal(keyring.find("cold").address, alice.address);
});

t.test("the test backend asks for nothing", async (t) => {
  const passphrase = () => Promise.reject(new Error("asked"));
  const keyring = new Keyring({ home: freshHome(), backend: "test", passphrase });
  await keyring.add(alice, secret);
  t.same(await keyring.privateKey("alice"), secret);
});

t.test("mnemonics give CosmJS's keys at every path", async (t) => {
  const paths = [
    { coinType: 118, account: 0, index: 0 },
    { coinType: 118, account: 0, index: 100 },
    { coinType: 118, account: 3, index: 7 },
    { coinType: 1200, account: 0, index: 0 },
    { coinType: 60, account: 0, index: 0 },
  ];
  const hdPaths = paths.map((place) => stringToPath(hdPath(place)));
  const wallet = await DirectSecp256k1HdWallet.fromMnemonic(mnemonic, { prefix: "gonka", hdPaths });
  const accounts = await wallet.getAccounts();
  for (const [index, place] of paths.entries()) {
    const text = hdPath(place);
    const account = accounts[index];
    const key = derivePrivateKey(`  ${mnemonic.replace(/ /g, "\n ")} `, text);
    const info = describeKey("a", key, { prefix: "gonka", hdPath: text });
    t.equal(info.address, account!.address, text);
    t.equal(info.pubKey, Buffer.from(account!.pubkey).toString("base64"));
    const [bare] = await (await DirectSecp256k1Wallet.fromKey(key, "gonka")).getAccounts();
    t.equal(bare!.address, info.address);
  }
  const bad = [mnemonic.replace("junk", "test"), "test", "", mnemonic.replace("junk", "jank")];
  for (const words of bad) {
    t.throws(
      () => derivePrivateKey(words, "m/44'/118'/0'/0/0"),
      refusal({ id: "mnemonic", exit: 2 }),
    );
  }
});

t.test("gonkad keys, from add to delete", async (t) => {
  const home = freshHome();
  const passphrase = path.join(home, "passphrase");
  writeFileSync(passphrase, "correct horse\nnot this line\n");
  const common = ["--home", home, "--keyring-passphrase-file", passphrase, "-o", "json"];
  const keys = async (...args: string[]) => {
    const { code, out, err } = await runCli(["keys", ...args, ...common]);
    t.equal(code, 0, `${args.join(" ")}: ${err}`);
    return { err, json: JSON.parse(out) };
  };
  const added = await keys("add", "alice");
  t.equal(added.json.mnemonic.split(" ").length, 24);
  t.match(added.err, /\*\*Important\*\* write this mnemonic phrase in a safe place\./);
  t.equal(added.json.path, "m/44'/118'/0'/0/0");
  const key = derivePrivateKey(added.json.mnemonic, added.json.path);
  t.same((await keys("export", "alice", "--unarmored-hex", "--unsafe")).json, {
    private_key: toHex(key),
  });
  const imported = await keys("import-hex", "again", toHex(key));
  t.equal(imported.json.address, added.json.address);
  t.same(
    (await keys("list")).json.map(({ name }: { name: string }) => name),
    ["again", "alice"],
  );
  t.equal((await keys("rename", "again", "twin")).json.name, "twin");
  const shown = await runCli(["keys", "show", "twin", "-a", ...common]);
  t.equal(shown.out, `${added.json.address}\n`);
  const valoper = await keys("show", "twin", "--bech", "val");
  t.match(valoper.json.address, /^gonkavaloper1/);
  t.same((await keys("delete", "twin", "-y")).json.deleted, "twin");
  const pubkey = JSON.parse(added.json.pubkey).key;
  t.equal((await keys("add", "cold", "--pubkey", pubkey)).json.type, "offline");
  const refused = await runCli(["keys", "export", "alice", ...common]);
  t.match(refused, { code: 2, out: "" });
  const locked = await runCli(["keys", "add", "x", "--home", home]);
  t.match(locked, { code: 8, err: /the keyring is locked/ });
  const dry = await runCli(["keys", "add", "dry", "--dry-run", ...common]);
  t.equal(dry.code, 0);
  t.equal((await runCli(["keys", "show", "dry", ...common])).code, 8, "nothing was kept");
});
