/**
 * Genesis documents: what a good one means, byte for byte as CometBFT writes it, and the JSON path
 * and the fix for every way to break one. Good documents: cometbft v0.38.25 types/genesis_test.go
 * and a running 0.38 chain (test/vectors/comet/blocks.json).
 */
import { readFileSync } from "node:fs";
import t from "tap";
import { ed25519PublicKey } from "../../../src/crypto/ed25519.ts";
import { secp256k1PublicKey } from "../../../src/crypto/secp256k1.ts";
import { toBase64, toHex } from "../../../src/encoding/bytes.ts";
import {
  areExtensionsOn,
  defaultConsensusParams,
  updateConsensusParams,
  validateConsensusParams,
  validateExtensionsUpdate,
} from "../../../src/types/consensus-params.ts";
import {
  genesisHash,
  genesisState,
  genesisToJson,
  parseGenesis,
} from "../../../src/types/genesis/genesis.ts";
import { GenesisDocError } from "../../../src/types/genesis/json-node.ts";
import type { Json } from "../../support/comet-json.ts";

const seed = new Uint8Array(32).fill(1);
const edKey = toBase64(ed25519PublicKey(seed));
const secpKey = toBase64(secp256k1PublicKey(seed));

/** A fresh good document, to be broken. */
function good(): Json {
  return {
    genesis_time: "2026-01-31T12:00:00Z",
    chain_id: "gonka-local",
    initial_height: "1",
    consensus_params: {
      block: { max_bytes: "22020096", max_gas: "-1" },
      evidence: {
        max_age_num_blocks: "100000",
        max_age_duration: "172800000000000",
        max_bytes: "1048576",
      },
      validator: { pub_key_types: ["ed25519"] },
      version: { app: "0" },
      abci: { vote_extensions_enable_height: "0" },
    },
    validators: [
      {
        address: "",
        pub_key: { type: "tendermint/PubKeyEd25519", value: edKey },
        power: "10",
        name: "one",
      },
    ],
    app_hash: "",
    app_state: { bank: { balances: [] } },
  };
}
const parse = (json: Json) => parseGenesis(JSON.stringify(json));

t.test("the document of a running chain comes back byte for byte", (t) => {
  const vectors: Json = JSON.parse(
    readFileSync(new URL("../../vectors/comet/blocks.json", import.meta.url), "utf8"),
  );
  const doc = parse(vectors.genesis);
  t.equal(doc.chainId, "dockerchain");
  const state = genesisState(doc);
  const [first] = vectors.blocks;
  t.equal(toHex(state.validators.hash()).toUpperCase(), first.block.header.validators_hash);
  t.same(JSON.parse(genesisToJson(doc)), vectors.genesis);
  t.same(parseGenesis(genesisToJson(doc)), doc);
  t.end();
});

t.test("CometBFT's own layout", (t) => {
  const doc = parse({ ...good(), chain_id: "a&b", app_state: { memo: "<x>", list: [] } });
  t.equal(
    genesisToJson(doc),
    `{
  "genesis_time": "2026-01-31T12:00:00Z",
  "chain_id": "a\\u0026b",
  "initial_height": "1",
  "consensus_params": {
    "block": {
      "max_bytes": "22020096",
      "max_gas": "-1"
    },
    "evidence": {
      "max_age_num_blocks": "100000",
      "max_age_duration": "172800000000000",
      "max_bytes": "1048576"
    },
    "validator": {
      "pub_key_types": [
        "ed25519"
      ]
    },
    "version": {
      "app": "0"
    },
    "abci": {
      "vote_extensions_enable_height": "0"
    }
  },
  "validators": [
    {
      "address": "34750F98BD59FCFC946DA45AAABE933BE154A4B5",
      "pub_key": {
        "type": "tendermint/PubKeyEd25519",
        "value": "${edKey}"
      },
      "power": "10",
      "name": "one"
    }
  ],
  "app_hash": "",
  "app_state": {
    "memo": "\\u003cx\\u003e",
    "list": []
  }
}`,
  );
  t.end();
});

t.test("what may be left out (TestGenesisGood)", (t) => {
  const doc = parse({ genesis_time: "2026-01-31T12:00:00Z", chain_id: "mychain" });
  t.equal(doc.initialHeight, 1n);
  t.same(doc.consensusParams, defaultConsensusParams());
  t.same(doc.validators, []);
  t.equal(doc.appHash.length, 0);
  t.equal(doc.appState, undefined);
  t.match(genesisToJson(doc), /"app_hash": ""\n}$/, "no validators, no app_state");
  const nulls = { consensus_params: null, validators: null, app_hash: null, app_state: null };
  t.same(parse({ ...good(), ...nulls, initial_height: 0 }), { ...doc, chainId: "gonka-local" });
  t.equal(parse({ ...good(), initial_height: 1000 }).initialHeight, 1000n, "a plain number");
  t.equal(toHex(parse({ ...good(), app_hash: "aB01" }).appHash), "ab01");
  t.end();
});

t.test("documents that mean the same have the same hash", (t) => {
  const one = parse(good());
  const { address, ...rest } = good().validators[0];
  t.equal(address, "");
  const same = parse({ ...good(), initial_height: 1, validators: [rest] });
  t.equal(toHex(genesisHash(same)), toHex(genesisHash(one)));
  t.not(toHex(genesisHash(parse({ ...good(), chain_id: "other" }))), toHex(genesisHash(one)));
  t.end();
});

t.test("the first state (MakeGenesisState)", (t) => {
  const json = good();
  json.initial_height = "5";
  json.consensus_params.version.app = "3";
  json.consensus_params.validator.pub_key_types = ["ed25519", "secp256k1"];
  json.validators.push({
    pub_key: { type: "tendermint/PubKeySecp256k1", value: secpKey },
    power: "20",
  });
  const state = genesisState(parse(json));
  t.equal(state.initialHeight, 5n);
  t.equal(state.lastHeightValidatorsChanged, 5n);
  t.equal(state.lastBlockHeight, 0n);
  t.equal(state.appVersion, 3n);
  t.same(
    state.validators.validators.map(({ power, priority }) => [power, priority]),
    [
      [20n, -10n],
      [10n, 10n],
    ],
  );
  t.same(
    state.nextValidators.validators.map(({ priority }) => priority),
    [10n, -10n],
    "one turn later",
  );
  t.equal(state.lastValidators.size, 0);
  t.equal(genesisState(parse({ ...json, validators: [] })).nextValidators.size, 0);
  t.end();
});

/** A path such as "validators[0].power" as steps. */
const steps = (path: string): string[] => path.replaceAll(/\[(\d+)\]/g, ".$1").split(".");
/** A good document with the value at the path replaced, or taken out when it is undefined. */
function broken(path: string, value: unknown): Json {
  const json = good();
  const names = steps(path);
  const last = names.pop() ?? "";
  const parent = names.reduce((at: Json, name) => at[name], json);
  if (value === undefined) delete parent[last];
  else parent[last] = value;
  return json;
}

const params = "consensus_params";
const breaks: [path: string, value: unknown, problem: RegExp, where?: string][] = [
  ["genesis_time", undefined, /missing; add "genesis_time": "2026/],
  ["genesis_time", "yesterday", /not an RFC 3339 time; write it as "2026/],
  ["genesis_time", "2026-02-30T00:00:00Z", /not an RFC 3339 time/],
  ["genesis_time", "0001-01-01T00:00:00Z", /not set; write the time of the first block/],
  ["genesis_time", 5, /expected a string, found number 5; write it in quotes/],
  ["chain_id", undefined, /missing; add "chain_id"/],
  ["chain_id", "", /not a chain id; write 1 to 50/],
  ["chain_id", "x".repeat(51), /not a chain id/],
  ["chain_id", "two words", /not a chain id/],
  ["initial_height", "-1", /-1 is out of range; write a number from 0/],
  ["initial_height", "1.5", /expected an integer, found string "1.5"; write digits/],
  ["initial_height", 1.5, /expected an integer/],
  ["initial_height", "9223372036854775808", /out of range/],
  ["initial_hieght", "1", /unknown member; remove it or correct its name; known are genesis_time/],
  [params, [], /expected an object, found an array/],
  [`${params}.block`, undefined, /missing; add "block"/],
  [`${params}.block.max_bytes`, undefined, /missing; add "max_bytes": "22020096"/],
  [`${params}.block.max_bytes`, "0", /0 bytes; write -1/],
  [`${params}.block.max_bytes`, "104857601", /out of range; write a number from -1 to 104857600/],
  [`${params}.block.max_gas`, "-2", /out of range/],
  [`${params}.block.time_iota_ms`, "1", /unknown member/],
  [`${params}.evidence`, undefined, /missing/],
  [`${params}.evidence.max_age_num_blocks`, "0", /out of range; write a number from 1/],
  [`${params}.evidence.max_age_duration`, "0", /out of range/],
  [`${params}.evidence.max_age_duration`, "48h", /expected an integer, found string "48h"/],
  [`${params}.evidence.max_bytes`, "22020097", /evidence.max_bytes must be in 0..22020096/, params],
  [`${params}.validator.pub_key_types`, [], /must name a type/, params],
  [`${params}.validator.pub_key_types`, ["sr25519"], /must be of ed25519, secp256k1/, params],
  [`${params}.validator.pub_key_types`, "ed25519", /expected an array, found string/],
  [`${params}.version.app`, "-1", /out of range/],
  [`${params}.abci.vote_extensions_enable_height`, "-1", /out of range/],
  ["validators", {}, /expected an array, found an object/],
  ["validators[0]", "v", /expected an object, found string "v"/],
  ["validators[0].pub_key", undefined, /missing; add "pub_key"/],
  ["validators[0].pub_key.type", undefined, /missing/],
  ["validators[0].pub_key.type", "tendermint/PubKeySr25519", /unknown key type; write one of/],
  ["validators[0].pub_key.value", secpKey, /not base64 of 32 bytes/],
  ["validators[0].pub_key.value", "AA", /not base64 of 32 bytes; write the 32 bytes/],
  ["validators[0].power", undefined, /missing; add "power"/],
  ["validators[0].power", "0", /0 is out of range; write a number from 1/],
  ["validators[0].power", "-5", /out of range/],
  ["validators[0].power", "1152921504606846976", /out of range/],
  ["validators[0].address", "A", /not hex of 20 bytes/],
  ["validators[0].address", "00".repeat(20), /not the address of the key; write "34750F98/],
  ["validators[0].name", 5, /expected a string/],
  ["validators[0].moniker", "x", /unknown member/],
  ["app_hash", "0", /not hex; write two hex digits per byte/],
  ["app_state", [], /not an object; write one member per module/],
  ["app_state", "x", /not an object/],
  [
    "app_state.bank.balances",
    [{ amount: 0.5 }],
    /0.5 is not an exact integer; write it in quotes/,
    "app_state.bank.balances[0].amount",
  ],
  ["app_state.bank.supply", 2 ** 53, /not an exact integer/],
];

t.test("a broken document is refused with the path of the trouble and its fix", (t) => {
  for (const [path, value, problem, where = path] of breaks) {
    const error = refusal(JSON.stringify(broken(path, value)));
    t.equal(error.path, where, `${path} = ${JSON.stringify(value)}`);
    t.match(error.message, problem);
    t.ok(error.fix.length > 5 && error.message.endsWith(error.fix));
  }
  t.end();
});

t.test("sets of validators that are no set", (t) => {
  const [one] = good().validators;
  const twice = refusal(JSON.stringify({ ...good(), validators: [one, one] }));
  t.match(
    twice.message,
    /^validators\[1\]: the same key as validators\[0\]; list every validator once/,
  );
  const secp = { pub_key: { type: "tendermint/PubKeySecp256k1", value: secpKey }, power: "1" };
  const type = refusal(JSON.stringify({ ...good(), validators: [one, secp] }));
  t.match(
    type.message,
    /^validators\[1\].pub_key: keys of type secp256k1 are not allowed; use another/,
  );
  const most = "1152921504606846975";
  const other = toBase64(ed25519PublicKey(new Uint8Array(32).fill(2)));
  const heavy = { pub_key: { type: "tendermint/PubKeyEd25519", value: other }, power: most };
  const power = refusal(JSON.stringify({ ...good(), validators: [one, heavy] }));
  t.match(power.message, /^validators: voting power 1152921504606846985 in all; keep the sum/);
  const many = refusal(JSON.stringify({ ...good(), validators: Array(10_001).fill({}) }));
  t.match(many.message, /^validators: 10001 elements; list at most 10000/);
  t.end();
});

t.test("text that is no document at all", (t) => {
  for (const text of ["", "{", "nonsense", "[1,]", '{"a":1,}']) {
    t.match(refusal(text).message, /^genesis: not JSON .*; correct the syntax there/s, text);
  }
  for (const text of ["null", "1", '"x"', "[]"]) {
    t.match(refusal(text).message, /^genesis: expected an object/, text);
  }
  const deep = JSON.stringify({ ...good(), app_state: { x: 0 } }).replace(
    '{"x":0}',
    `{"x":${"[".repeat(5000)}${"]".repeat(5000)}}`,
  );
  t.match(refusal(deep).message, /nested deeper than 64 levels; flatten it/);
  t.end();
});

t.test("a member that is there twice is refused, wherever it is", (t) => {
  const text = JSON.stringify(good());
  const cases: [string, string, string][] = [
    ['"chain_id":"gonka-local"', '"chain_id":"gonka-local","chain_id":"other"', "chain_id"],
    ['"power":"10"', '"power":"10","\\u0070ower":"20"', "validators[0].power"],
    ['"balances":[]', '"balances":[{},[0,{"x":1,"x":1}]]', "app_state.bank.balances[1][1].x"],
    ['"balances":[]', '"balances":[],"balances":[]', "app_state.bank.balances"],
  ];
  for (const [found, put, path] of cases) {
    const error = refusal(text.replace(found, put));
    t.equal(error.path, path);
    t.match(error.message, /the same member twice; keep one of them/);
  }
  const tricky = {
    ...good(),
    app_state: { 'a":{"a': '"a":1,"a":1', b: [{ a: 1 }, { a: 1 }], a: {} },
  };
  t.same(parse(tricky).appState, tricky.app_state, "text that only looks like members");
  t.end();
});

function refusal(text: string): GenesisDocError {
  try {
    parseGenesis(text);
  } catch (error) {
    if (error instanceof GenesisDocError) return error;
    throw error;
  }
  throw new Error(`accepted: ${text.slice(0, 200)}`);
}

t.test("updates of parameters replace whole sections (TestConsensusParamsUpdate)", (t) => {
  const old = defaultConsensusParams();
  const block = { maxBytes: 100n, maxGas: 200n };
  t.same(updateConsensusParams(old, { block }), { ...old, block });
  t.same(updateConsensusParams(old, undefined), old);
  t.match(validateConsensusParams({ block }), /must be present/);
  t.equal(validateConsensusParams(old), undefined);
  t.end();
});

t.test("vote extensions never start in the past (TestConsensusParamsUpdate_EnableHeight)", (t) => {
  // cometbft v0.38.25 types/params_test.go: current height, enable height before and after.
  const passing =
    "3,0,0 3,100,100 100,100,100 300,100,100 3,0,5 4,0,5 4,5,0 1,10,5 4,10,5 3,10,15 9,10,15 " +
    "3,-5,100";
  const failing =
    "5,0,5 6,0,5 50,0,5 5,5,0 6,5,0 10,5,0 5,10,5 6,10,5 9,10,5 10,10,5 11,10,5 100,10,5 " +
    "10,10,15 11,10,15 14,10,15 15,10,15 16,10,15 100,10,15 3,0,-5 3,-10,3 3,-3,-3 100,-8,-9 " +
    "300,-10,-8";
  const params = (enable: bigint) => ({ abci: { voteExtensionsEnableHeight: enable } });
  for (const [cases, mayPass] of [
    [passing, true],
    [failing, false],
  ] as const) {
    for (const [height = 0n, before = 0n, after = 0n] of cases
      .split(" ")
      .map((one) => one.split(",").map(BigInt))) {
      const refused = validateExtensionsUpdate(params(before), params(after), height);
      t.equal(refused === undefined, mayPass, `${before} to ${after} at ${height}: ${refused}`);
    }
  }
  for (const before of [400n, 200n]) {
    t.equal(validateExtensionsUpdate(params(before), {}, 300n), undefined, "no such section");
  }
  t.same(
    [0n, 4n, 5n, 6n].map((height) => areExtensionsOn(params(5n), height)),
    [false, false, true, true],
  );
  t.notOk(areExtensionsOn(params(0n), 9n) || areExtensionsOn({}, 9n), "0 is off");
  t.end();
});
