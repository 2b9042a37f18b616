/**
 * How deep messages nest is limited by a number, never by the stack: where that ends differs from
 * node to node, and so would the result of the transaction. spec/abci.md, "Decoding".
 */
import { AuthInfo, TxBody, TxRaw } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import t from "tap";
import { concat, fromHex } from "../../../src/encoding/bytes.ts";
import { uvarint } from "../../../src/encoding/varint.ts";
import { AppChain } from "../../support/app-chain.ts";

const field = (tag: string, content: Uint8Array): Uint8Array =>
  concat(fromHex(tag), uvarint(content.length), content);

/** A ModeInfo inside a ModeInfo.Multi inside a ModeInfo, and so on. */
function nested(depth: number): Uint8Array {
  let modeInfo = fromHex("0a020801"); // single: SIGN_MODE_DIRECT
  for (let level = 0; level < depth; level++) modeInfo = field("12", field("12", modeInfo));
  return modeInfo;
}

function txOf(depth: number): Uint8Array {
  const bodyBytes = TxBody.encode(TxBody.fromPartial({})).finish();
  const fee = AuthInfo.encode(AuthInfo.fromPartial({ fee: { amount: [] } })).finish();
  const authInfoBytes = concat(field("0a", field("12", nested(depth))), fee);
  return TxRaw.encode({ bodyBytes, authInfoBytes, signatures: [new Uint8Array(64)] }).finish();
}

t.test("signatures that nest too deeply are refused alike by every node", async (t) => {
  const chain = await AppChain.start();
  const txs = [4, 40, 500, 2000, 20_000].map(txOf);
  const { txResults } = await chain.block(txs);
  t.match(txResults[0], { code: 18 }, "decodes, and has no messages");
  for (const result of txResults.slice(1)) {
    t.match(result, { code: 2, log: /nests deeper than 32 levels/ });
  }
});
