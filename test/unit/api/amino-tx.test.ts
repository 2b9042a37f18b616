/**
 * Legacy amino of transactions: encode/amino and decode/amino. The prefixes are those that the
 * Cosmos Hub's transactions of the amino era begin with; the rest of the bytes are written out here.
 */
import t from "tap";
import { GrpcError } from "../../../src/api/grpc-error.ts";
import { aminoPrefix, decodeAminoTx, encodeAminoTx } from "../../../src/api/services/amino-tx.ts";
import { concat, fromHex, toBase64, toHex, utf8 } from "../../../src/encoding/bytes.ts";
import { alice, bob } from "../../support/app-chain.ts";
import { byteStrings, Noise } from "../../support/noise.ts";
import { RestApp } from "../../support/rest-app.ts";

let rest: RestApp;
t.before(async () => {
  rest = await RestApp.start();
  await rest.block();
});
t.teardown(() => rest.stop());

const field = (tag: number, hex: string): string => toHex(Uint8Array.of(tag, hex.length / 2)) + hex;
const text = (tag: number, value: string): string => field(tag, toHex(utf8(value)));

const signature = "ab".repeat(64);
const stdTx = () => ({
  type: "cosmos-sdk/StdTx",
  value: {
    msg: [
      {
        type: "cosmos-sdk/MsgSend",
        value: {
          from_address: alice.address,
          to_address: bob.address,
          amount: [{ denom: "ngonka", amount: "7" }],
        },
      },
    ],
    fee: { amount: [{ denom: "ngonka", amount: "2000" }], gas: "100" },
    signatures: [
      {
        pub_key: { type: "tendermint/PubKeySecp256k1", value: toBase64(alice.publicKey) },
        signature: toBase64(fromHex(signature)),
      },
    ],
    memo: "hello",
    timeout_height: "9",
  },
});

const encode = (json: unknown) =>
  rest.post("/cosmos/tx/v1beta1/encode/amino", {
    amino_json: typeof json === "string" ? json : JSON.stringify(json),
  });
const decode = (bytes: Uint8Array) =>
  rest.post("/cosmos/tx/v1beta1/decode/amino", { amino_binary: toBase64(bytes) });

t.test("prefixes are of the hash of the name", async (t) => {
  t.equal(toHex(aminoPrefix("cosmos-sdk/StdTx")), "282816a9");
  t.equal(toHex(aminoPrefix("cosmos-sdk/MsgSend")), "a8a3619a");
  t.equal(toHex(aminoPrefix("tendermint/PubKeySecp256k1")), "eb5ae987");
});

t.test("a StdTx to bytes and back", async (t) => {
  const coin = (amount: string) => text(0x0a, "ngonka") + text(0x12, amount);
  const send = text(0x0a, alice.address) + text(0x12, bob.address) + field(0x1a, coin("7"));
  const key = `eb5ae98721${toHex(alice.publicKey)}`;
  const expected = [
    "282816a9",
    field(0x0a, `a8a3619a${send}`),
    field(0x12, `${field(0x0a, coin("2000"))}1064`),
    field(0x1a, field(0x0a, key) + field(0x12, signature)),
    text(0x22, "hello"),
    "2809",
  ].join("");
  const encoded = await encode(stdTx());
  t.equal(encoded.status, 200, JSON.stringify(encoded.body));
  const { amino_binary } = encoded.body as unknown as { amino_binary: string };
  t.equal(Buffer.from(amino_binary, "base64").toString("hex"), expected);
  const decoded = await decode(fromHex(expected));
  const { amino_json } = decoded.body as unknown as { amino_json: string };
  t.same(JSON.parse(amino_json), stdTx());
});

t.test("what is no StdTx, or holds what has other bytes in amino, is refused", async (t) => {
  const { value } = stdTx();
  const bad: readonly unknown[] = [
    "{",
    "[]",
    {},
    { type: "cosmos-sdk/StdTx" },
    { type: "cosmos-sdk/StdTx", value: { ...value, msg: [{ type: "no/Such", value: {} }] } },
    { type: "cosmos-sdk/StdTx", value: { ...value, fee: { gas: "-1" } } },
    { type: "cosmos-sdk/StdTx", value: { ...value, signatures: [{ signature: "%" }] } },
    { type: "cosmos-sdk/StdTx", value: { ...value, memo: 5 } },
    {
      type: "cosmos-sdk/StdTx",
      value: { ...value, msg: [{ type: "cosmos-sdk/MsgSend", value: { surplus: "1" } }] },
    },
  ];
  for (const json of bad) {
    const { status, body } = await encode(json);
    t.equal(status, 400, JSON.stringify(json));
    t.match(body, { code: 3 });
  }
  const update = { type: "cosmos-sdk/x/bank/MsgUpdateParams", value: {} };
  t.equal((await encode({ ...stdTx(), value: { ...value, msg: [update] } })).status, 501);
});

/** Only refusals that name what is wrong count; anything else goes on. */
function isRead(run: () => unknown): boolean {
  try {
    run();
    return true;
  } catch (error) {
    if (error instanceof GrpcError && [3, 12].includes(error.code)) return false;
    throw error;
  }
}

t.test(`${byteStrings} byte strings and ${byteStrings} JSONs: read or refused`, async (t) => {
  const noise = new Noise(t, 31);
  const { backend } = rest.router;
  const good = encodeAminoTx(backend, JSON.stringify(stdTx()));
  const count = { bytes: 0, json: 0 };
  for (const bytes of noise.strings([good])) {
    const body = noise.below(4) === 0 ? bytes : concat(good.subarray(0, 4), bytes.subarray(4));
    if (isRead(() => decodeAminoTx(backend, body))) count.bytes++;
    const json = JSON.stringify(noise.json(stdTx(), 0.02));
    const text = noise.below(4) === 0 ? json.slice(0, noise.below(json.length)) : json;
    if (isRead(() => encodeAminoTx(backend, text))) count.json++;
  }
  for (const read of Object.values(count)) t.ok(read > 20 && read < byteStrings * 0.9, `${read}`);
  const { body } = await decode(Uint8Array.of(1, 2, 3));
  t.match(body, { code: 3, message: /no cosmos-sdk\/StdTx/ });
});
