/**
 * The light client for browsers: bundled, and run where there is nothing of Node. Its twins of the
 * hashes and signatures agree with the originals.
 */
import { createContext, runInContext } from "node:vm";
import t from "tap";
import { ed25519Address, ed25519Sign, ed25519Verify } from "../../../src/crypto/ed25519.ts";
import { ripemd160, sha256, sha256Parts } from "../../../src/crypto/hash.ts";
import {
  secp256k1Address,
  secp256k1PublicKey,
  secp256k1Sign,
  secp256k1Verify,
} from "../../../src/crypto/secp256k1.ts";
import { toHex, utf8 } from "../../../src/encoding/bytes.ts";
import { fromMillis } from "../../../src/encoding/time.ts";
import { hashHeader } from "../../../src/types/header.ts";
import { Buffer as WebBuffer } from "../../../web/light/buffer.ts";
import { bundleLight } from "../../../web/light/bundle.ts";
import * as webEd25519 from "../../../web/light/ed25519.ts";
import * as webHash from "../../../web/light/hash.ts";
import * as webSecp256k1 from "../../../web/light/secp256k1.ts";
import { LightChain, lightKey } from "../../support/light-chain.ts";
import { LightRpc } from "../../support/light-rpc.ts";

t.test("verifies blocks with what a browser has, and nothing else", async (t) => {
  const start = Date.now() - 100_000;
  const chain = new LightChain(
    (height) => (height < 20n ? [1, 2, 3, 4] : [1, 5, 6, 7]),
    (height) => fromMillis(start + 1000 * Number(height)),
  );
  const blocks = Array.from({ length: 30 }, (_, i) => chain.at(BigInt(i + 1)));
  const rpcs = [new LightRpc(blocks), new LightRpc(blocks)];
  const [primary = "", witness = ""] = await Promise.all(rpcs.map((each) => each.listen()));
  t.teardown(() => Promise.all(rpcs.map((each) => each.close())));
  const { TextEncoder, TextDecoder, fetch, AbortSignal, atob, btoa, setTimeout } = globalThis;
  const web = { TextEncoder, TextDecoder, fetch, AbortSignal, atob, btoa, setTimeout, Uint8Array };
  const context = createContext(web);
  runInContext("self = globalThis", context);
  runInContext(await bundleLight({ format: "iife" }), context);
  const options = {
    chainId: "light-1",
    primary,
    witnesses: [witness],
    trustedHeight: 1n,
    trustedHash: toHex(hashHeader(chain.at(1n).header)),
  };
  Object.assign(context, { options });
  const verify = "light.followChain(options).then((client) => client.verify(30n))";
  const block = await runInContext(verify, context);
  t.same(toHex(block.header.appHash), toHex(chain.at(30n).header.appHash));
  const forged = chain.forge(30n, { header: { appHash: sha256(utf8("x")) }, signers: [1, 5] });
  for (const rpc of rpcs) rpc.blocks.set(30n, forged);
  await t.rejects(runInContext(verify, context), { name: "LightClientError" });
});

t.test("the twins agree with what they stand for", (t) => {
  const key = lightKey(1);
  const secret = sha256(utf8("secret"));
  const account = secp256k1PublicKey(secret);
  for (const length of [0, 1, 31, 64, 1000]) {
    const message = new Uint8Array(length).map((_, i) => i * 7);
    t.same(webHash.sha256(message), sha256(message));
    t.same(webHash.ripemd160(message), ripemd160(message));
    t.same(webHash.sha256Parts(message, account), sha256Parts(message, account));
    const signature = ed25519Sign(key.seed, message);
    t.ok(webEd25519.ed25519Verify(key.pubKey.key, message, signature));
    const wrong = signature.with(5, (signature[5] ?? 0) ^ 1);
    t.notOk(webEd25519.ed25519Verify(key.pubKey.key, message, wrong));
    t.notOk(ed25519Verify(key.pubKey.key, message, wrong));
    const compact = secp256k1Sign(secret, sha256(message));
    t.ok(webSecp256k1.secp256k1Verify(account, sha256(message), compact));
    t.ok(secp256k1Verify(account, sha256(message), compact));
    t.notOk(webSecp256k1.secp256k1Verify(account, sha256(account), compact));
    const node = Buffer.from(message);
    const view = WebBuffer.from(message.buffer, 0, message.length);
    t.equal(view.toString("hex"), node.toString("hex"));
    t.equal(view.toString("base64"), node.toString("base64"));
    t.same(WebBuffer.from(node.toString("base64"), "base64"), message);
    t.same(WebBuffer.from(node.toString("hex"), "hex"), message);
    t.equal(WebBuffer.compare(message, account), Buffer.compare(message, account));
    t.equal(WebBuffer.compare(message, message), 0);
  }
  t.same(webEd25519.ed25519Address(key.pubKey.key), ed25519Address(key.pubKey.key));
  t.same(webSecp256k1.secp256k1Address(account), secp256k1Address(account));
  t.end();
});
