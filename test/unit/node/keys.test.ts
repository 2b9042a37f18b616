/** The key files of a home: made once, kept, in CometBFT's format, refused when damaged. */
import { mkdirSync, mkdtempSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import t from "tap";
import { ed25519PublicKey } from "../../../src/crypto/ed25519.ts";
import { concat, toBase64 } from "../../../src/encoding/bytes.ts";
import { ConfigError } from "../../../src/node/config.ts";
import { homePaths } from "../../../src/node/home.ts";
import { loadOrCreateKeys, writeKeys } from "../../../src/node/keys.ts";

const freshHome = (): string => mkdtempSync(path.join(tmpdir(), "gonka-node-keys-"));
const nodeSeed = new Uint8Array(32).fill(1);
const validatorSeed = new Uint8Array(32).fill(2);

t.test("keys are made once and stay", async (t) => {
  const home = freshHome();
  const keys = loadOrCreateKeys(home);
  t.match(keys.nodeId, /^[0-9a-f]{40}$/);
  t.same(loadOrCreateKeys(home), keys);
  t.not(loadOrCreateKeys(freshHome()).nodeId, keys.nodeId);
  for (const file of [homePaths(home).nodeKey, homePaths(home).privValidatorKey]) {
    t.equal(statSync(file).mode & 0o777, 0o600, file);
  }
});

t.test("given seeds are written in CometBFT's format, over nothing that is there", async (t) => {
  const home = freshHome();
  writeKeys(home, { nodeSeed, validatorSeed });
  writeKeys(home, { nodeSeed: validatorSeed, validatorSeed: nodeSeed });
  const keys = loadOrCreateKeys(home);
  t.same(keys.nodeSeed, nodeSeed);
  t.same(keys.validator.seed, validatorSeed);
  t.same(JSON.parse(readFileSync(homePaths(home).nodeKey, "utf8")), {
    priv_key: {
      type: "tendermint/PrivKeyEd25519",
      value: toBase64(concat(nodeSeed, ed25519PublicKey(nodeSeed))),
    },
  });
});

t.test(
  "a damaged key file is a configuration error that names the file, not the key",
  async (t) => {
    const swapped = toBase64(concat(nodeSeed, ed25519PublicKey(validatorSeed)));
    const broken = ["", "{", "null", "{}", '{"priv_key":{"value":"AAAA"}}'];
    for (const text of [...broken, JSON.stringify({ priv_key: { value: swapped } })]) {
      for (const file of ["nodeKey", "privValidatorKey"] as const) {
        const home = freshHome();
        const where = homePaths(home)[file];
        mkdirSync(path.dirname(where), { recursive: true });
        writeFileSync(where, text);
        t.throws(() => loadOrCreateKeys(home), ConfigError, `${file}: ${text.slice(0, 12)}`);
        t.throws(() => loadOrCreateKeys(home), new RegExp(`^${where}: `));
      }
    }
  },
);
