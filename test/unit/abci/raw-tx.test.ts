/** The direct reader of TxRaw against the decoder and encoder of the generated code. */
import { TxRaw } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import t from "tap";
import { readRawTx } from "../../../src/abci/tx/raw-tx.ts";
import { decodeStrict } from "../../../src/abci/tx/strict-reader.ts";
import { concat, equalBytes, toHex } from "../../../src/encoding/bytes.ts";
import { uvarint } from "../../../src/encoding/varint.ts";
import { Xorshift } from "../../support/xorshift.ts";

/** What the generated code makes of the bytes: undefined unless it writes the same again. */
function reference(bytes: Uint8Array): TxRaw | undefined {
  const decoded = decodeStrict(TxRaw, bytes, { unknown: "refuse", maxBytes: 1_048_576 });
  if (typeof decoded === "string") return undefined;
  return equalBytes(TxRaw.encode(decoded.message).finish(), bytes) ? decoded.message : undefined;
}

const shown = (raw: ReturnType<typeof readRawTx>) =>
  raw && [raw.bodyBytes, raw.authInfoBytes, ...raw.signatures].map(toHex).join(" ");

const lengths = [0, 1, 2, 63, 127, 128, 300, 16_383, 16_384];

/** Fields that are mostly, but not always, those of a canonical TxRaw. */
function fields(random: Xorshift): Uint8Array {
  const parts: Uint8Array[] = [];
  const tags = random.below(3) > 0 ? [0x0a, 0x12, 0x1a, 0x1a] : [0x12, 0x0a, 0x1a, 0x22, 0x08];
  for (const tag of tags) {
    if (random.below(6) === 0) continue;
    const content = random.bytes(lengths[random.below(lengths.length)] ?? 0);
    const length = uvarint(content.length);
    const isLong = random.below(20) === 0;
    if (isLong) length[length.length - 1] = (length.at(-1) ?? 0) | 0x80;
    parts.push(Uint8Array.of(tag), length, ...(isLong ? [new Uint8Array(1)] : []), content);
  }
  return concat(...parts);
}

t.test("the same parts of the same bytes, and the same refusals", async (t) => {
  const seed = 20_261_123;
  const random = new Xorshift(seed);
  let [read, refused] = [0, 0];
  for (let round = 0; round < 1_000; round++) {
    let bytes = fields(random);
    const change = random.below(6);
    if (change === 0 && bytes.length > 0) {
      const at = random.below(Math.min(bytes.length, 8));
      bytes[at] = random.below(256);
    } else if (change === 1) bytes = bytes.slice(0, random.below(bytes.length + 1));
    const [mine, other] = [shown(readRawTx(bytes)), shown(reference(bytes))];
    if (mine !== other) t.equal(mine, other, `seed ${seed}, round ${round}: ${toHex(bytes)}`);
    if (mine === undefined) refused++;
    else read++;
  }
  t.ok(read > 200 && refused > 200, `seed ${seed}: ${read} read, ${refused} refused`);
});

t.test("what is handed out does not change with the bytes that came", async (t) => {
  const bytes = TxRaw.encode({
    bodyBytes: Uint8Array.of(1, 2),
    authInfoBytes: Uint8Array.of(3),
    signatures: [Uint8Array.of(4)],
  }).finish();
  const raw = readRawTx(bytes);
  bytes.fill(9);
  t.equal(shown(raw), "0102 03 04");
});
