/**
 * Hashes and signatures: the fast paths against @noble as the reference, and known answers:
 * RFC 8032 7.1, FIPS 180-4, cometbft v0.38.25 crypto/secp256k1/secp256k1_test.go, and the small
 * order points of the Zcash ZIP-215 test set.
 */
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { sha256 as nobleSha256 } from "@noble/hashes/sha2.js";
import t from "tap";
import {
  ed25519Address,
  ed25519PublicKey,
  ed25519Sign,
  ed25519Signer,
  ed25519Verify,
  nodeId,
} from "../../../src/crypto/ed25519.ts";
import { ripemd160, sha256, sha256Parts } from "../../../src/crypto/hash.ts";
import {
  secp256k1Address,
  secp256k1Library,
  secp256k1PublicKey,
  secp256k1Sign,
  secp256k1Verify,
} from "../../../src/crypto/secp256k1.ts";
import { concat, equalBytes, fromHex, toHex, utf8 } from "../../../src/encoding/bytes.ts";
import { prng } from "../../support/prng.ts";

const randomBytes = (random: () => number, length: number): Uint8Array =>
  Uint8Array.from({ length }, () => Math.floor(random() * 256));

t.test("sha256 and ripemd160: known answers", (t) => {
  t.equal(
    toHex(sha256(utf8("abc"))),
    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
  );
  t.equal(toHex(ripemd160(utf8("abc"))), "8eb208f7e05d987a9b044a8e98c6b087f15a0bfc");
  t.equal(toHex(sha256Parts(utf8("a"), utf8(""), utf8("bc"))), toHex(sha256(utf8("abc"))));
  t.end();
});

t.test("sha256 is noble's on 1,000 random inputs, and each result is its own array", (t) => {
  const seed = 5;
  t.comment(`seed ${seed}`);
  const random = prng(seed);
  const results: Uint8Array[] = [];
  const inputs: Uint8Array[] = [];
  for (let i = 0; i < 1000; i++) {
    const input = randomBytes(random, Math.floor(random() * 300));
    inputs.push(input);
    results.push(sha256(input));
  }
  const wrong = inputs.findIndex(
    (input, i) => !equalBytes(nobleSha256(input), results[i] ?? input),
  );
  t.equal(wrong, -1);
  t.equal(Object.getPrototypeOf(results[0]), Uint8Array.prototype, "not a Buffer");
  t.equal(results[0]?.buffer.byteLength, 32, "not a view of shared memory");
  t.end();
});

// RFC 8032 7.1, tests 1 to 3: seed, public key, message, signature.
const rfc8032 = [
  [
    "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
    "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    "",
    "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155" +
      "5fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
  ],
  [
    "4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
    "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
    "72",
    "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da" +
      "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
  ],
  [
    "c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
    "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
    "af82",
    "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac" +
      "18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
  ],
] as const;

t.test("ed25519: RFC 8032 known answers", (t) => {
  for (const [seed, publicKey, message, signature] of rfc8032) {
    t.equal(toHex(ed25519PublicKey(fromHex(seed))), publicKey);
    t.equal(toHex(ed25519Sign(fromHex(seed), fromHex(message))), signature);
    t.equal(toHex(ed25519Signer(fromHex(seed))(fromHex(message))), signature);
    t.equal(ed25519Verify(fromHex(publicKey), fromHex(message), fromHex(signature)), true);
  }
  t.end();
});

t.test("ed25519: every injured signature, message or key is invalid, and none throws", (t) => {
  const seed = 6;
  t.comment(`seed ${seed}`);
  const random = prng(seed);
  for (let i = 0; i < 25; i++) {
    const [secret, message] = [randomBytes(random, 32), randomBytes(random, 40)];
    const [key, signature] = [ed25519PublicKey(secret), ed25519Sign(secret, message)];
    const flip = (value: Uint8Array): Uint8Array =>
      value.map((byte, at) => (at === i % value.length ? byte ^ (1 << (i % 8)) : byte));
    t.equal(ed25519Verify(key, message, signature), true);
    t.equal(ed25519Verify(key, flip(message), signature), false);
    t.equal(ed25519Verify(key, message, flip(signature)), false);
    t.equal(ed25519Verify(flip(key), message, signature), false);
  }
  const [key, good] = [fromHex(rfc8032[0][1]), fromHex(rfc8032[0][3])];
  for (const length of [0, 31, 33]) {
    t.equal(ed25519Verify(new Uint8Array(length), utf8(""), good), false);
  }
  for (const length of [0, 63, 65]) {
    t.equal(ed25519Verify(key, utf8(""), new Uint8Array(length)), false);
  }
  t.throws(() => ed25519Sign(new Uint8Array(31), utf8("")), RangeError);
  t.end();
});

t.test("ed25519 follows ZIP-215: small order points and non-canonical encodings", (t) => {
  // The 14 encodings of the eight points of small order. With s = 0 every pair is valid by
  // ZIP-215, whatever the message; OpenSSL alone rejects most of them.
  const smallOrder = [
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
  ].map(fromHex);
  const message = utf8("Zcash");
  for (const key of smallOrder) {
    for (const point of smallOrder) {
      const signature = concat(point, new Uint8Array(32));
      if (!ed25519Verify(key, message, signature)) t.fail(`${toHex(key)} ${toHex(point)}`);
    }
  }
  t.pass("196 pairs");
  // s must be below the group order: s + L would be a second form of the same signature.
  const order = 2n ** 252n + 27742317777372353535851937790883648493n;
  const [, publicKey, text, known] = rfc8032[1];
  const s = BigInt(`0x${toHex(fromHex(known).slice(32).reverse())}`);
  const high = fromHex((s + order).toString(16).padStart(64, "0")).reverse();
  const malleable = concat(fromHex(known).subarray(0, 32), high);
  t.equal(ed25519Verify(fromHex(publicKey), fromHex(text), malleable), false);
  t.end();
});

t.test("addresses and node ids", (t) => {
  // The validator of a CometBFT 0.38 kvstore chain (tendermint-rs kvstore_fixtures/genesis.json).
  const key = new Uint8Array(Buffer.from("bNNlGls5R25wC3Sd8720F/3+7IZBhXcD22MNFtPk/v0=", "base64"));
  t.equal(toHex(ed25519Address(key)), "2dd9f44fd9067555c322243c3c913ba7b51d2be0");
  t.equal(nodeId(key), "2dd9f44fd9067555c322243c3c913ba7b51d2be0");
  t.end();
});

t.test("secp256k1: key and address (TestPubKeySecp256k1Address)", (t) => {
  const secret = fromHex("a96e62ed3955e65be32703f12d87b6b5cf26039ecfa948dc5107a495418e5330");
  const key = "02950e1cdfcb133d6024109fd489f734eeb4502418e538c28481f22bce276f248c";
  t.equal(toHex(secp256k1PublicKey(secret)), key);
  // Base58Check of the vector's 1CKZ9Nx4zgds8tU7nJHotKSDr4a9bYJCa3.
  t.equal(toHex(secp256k1Address(fromHex(key))), "7c2bb42a8be69791ec763e51f5a49bcd41e82237");
  t.end();
});

t.test("secp256k1: the native library gives noble's answers, also on injured input", (t) => {
  const seed = 8;
  t.comment(`seed ${seed}; verified by ${secp256k1Library}`);
  const random = prng(seed);
  for (let i = 0; i < 12; i++) {
    const [secret, digest] = [randomBytes(random, 32), randomBytes(random, 32)];
    const key = secp256k1PublicKey(secret);
    const signature = secp256k1Sign(secret, digest);
    t.equal(toHex(key), toHex(secp256k1.getPublicKey(secret, true)));
    const options = { prehash: false, lowS: true };
    t.equal(toHex(signature), toHex(secp256k1.sign(digest, secret, options)), "RFC 6979");
    const flipped = signature.map((byte, at) => (at === i ? byte ^ 1 : byte));
    for (const candidate of [signature, flipped]) {
      const reference = secp256k1.verify(candidate, digest, key, options);
      t.equal(secp256k1Verify(key, digest, candidate), reference);
    }
  }
  t.end();
});

t.test("secp256k1: the high form of s is invalid, and nonsense never throws", (t) => {
  const secret = new Uint8Array(32).fill(3);
  const digest = sha256(utf8("message"));
  const [key, signature] = [secp256k1PublicKey(secret), secp256k1Sign(secret, digest)];
  const order = BigInt("0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141");
  const s = BigInt(`0x${toHex(signature.subarray(32))}`);
  const high = fromHex((order - s).toString(16).padStart(64, "0"));
  t.equal(secp256k1Verify(key, digest, signature), true);
  t.equal(secp256k1Verify(key, digest, concat(signature.subarray(0, 32), high)), false, "high s");
  t.equal(secp256k1Verify(key, digest, new Uint8Array(64)), false, "zeros");
  t.equal(secp256k1Verify(key, digest, new Uint8Array(64).fill(255)), false, "overflow");
  t.equal(secp256k1Verify(key, digest, signature.subarray(1)), false, "short signature");
  t.equal(secp256k1Verify(key, digest.subarray(1), signature), false, "short digest");
  t.equal(secp256k1Verify(new Uint8Array(33), digest, signature), false, "no point");
  t.equal(secp256k1Verify(new Uint8Array(65).fill(4), digest, signature), false, "uncompressed");
  t.equal(secp256k1Verify(key, sha256(digest), signature), false, "another digest");
  t.throws(() => secp256k1PublicKey(new Uint8Array(32)), "zero is no private key");
  t.end();
});
