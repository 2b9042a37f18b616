/**
 * Every way to verify a secp256k1 signature against noble and against Wycheproof: the function that
 * the node calls, the same in batches on threads where native/signatures is built, and the binding
 * of the npm package, which stands in for it.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import t from "tap";
import { sha256 } from "../../../src/crypto/hash.ts";
import {
  type SignatureCheck,
  secp256k1Library,
  secp256k1PublicKey,
  secp256k1Sign,
  secp256k1Verify,
  secp256k1VerifyBatch,
} from "../../../src/crypto/secp256k1.ts";
import { concat, fromHex, toHex } from "../../../src/encoding/bytes.ts";
import { prng } from "../../support/prng.ts";

const order = BigInt("0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141");
const prime = 2n ** 256n - 2n ** 32n - 977n;
const be32 = (value: bigint) => fromHex(value.toString(16).padStart(64, "0"));
const numberOf = (bytes: Uint8Array) => BigInt(`0x${toHex(bytes)}`);

const binding: {
  ecdsaVerify(signature: Uint8Array, digest: Uint8Array, publicKey: Uint8Array): boolean;
} = createRequire(import.meta.url)("secp256k1/bindings");

/** False where it throws, as our function has it; only sizes that Cosmos knows get this far. */
function quietly(verify: () => boolean): boolean {
  try {
    return verify();
  } catch {
    return false;
  }
}

function fits({ publicKey, digest, signature }: SignatureCheck): boolean {
  return publicKey.length === 33 && digest.length === 32 && signature.length === 64;
}

const noble = ({ publicKey, digest, signature }: SignatureCheck) =>
  quietly(() => secp256k1.verify(signature, digest, publicKey, { prehash: false, lowS: true }));

/** The names of those whose verdict on some check is not the expected one. */
async function wrongAbout(
  checks: readonly (SignatureCheck & { readonly name: string })[],
  expected: (check: SignatureCheck, index: number) => boolean,
): Promise<string[]> {
  const batch = await secp256k1VerifyBatch?.(checks);
  return checks.flatMap((check, index) => {
    const { publicKey, digest, signature, name } = check;
    const verdicts = {
      "in place": secp256k1Verify(publicKey, digest, signature),
      "in a batch": batch ? batch[index] : undefined,
      "npm package": fits(check)
        ? quietly(() => binding.ecdsaVerify(signature, digest, publicKey))
        : undefined,
    };
    const right = expected(check, index);
    return Object.entries(verdicts).flatMap(([who, verdict]) =>
      verdict === undefined || verdict === right ? [] : [`${who}: ${name}: ${verdict}`],
    );
  });
}

t.test("Wycheproof: every signature of two numbers", async (t) => {
  t.comment(secp256k1Library);
  const file = new URL("../../vectors/wycheproof-secp256k1.json", import.meta.url);
  const { tests }: { tests: [number, string, string, string, number, string][] } = JSON.parse(
    readFileSync(file, "utf8"),
  );
  const checks = tests.map(([id, key, message, signature, , comment]) => ({
    publicKey: fromHex(key),
    digest: sha256(fromHex(message)),
    signature: fromHex(signature),
    name: `${id} ${comment}`,
  }));
  t.equal(checks.length, 231);
  t.same(await wrongAbout(checks, (_, index) => tests[index]?.[4] === 1), []);
  t.same(
    checks.filter((check, index) => noble(check) !== (tests[index]?.[4] === 1)),
    [],
  );
});

/** A key, a digest and its signature, by a seeded generator. */
function sample(random: () => number) {
  const bytes = (length: number) => Uint8Array.from({ length }, () => Math.floor(random() * 256));
  const [secret, digest] = [bytes(32), bytes(32)];
  const [publicKey, signature] = [secp256k1PublicKey(secret), secp256k1Sign(secret, digest)];
  return { secret, digest, publicKey, signature };
}

/** What may be wrong with a check; the first is nothing. */
function variants({ secret, digest, publicKey, signature }: ReturnType<typeof sample>) {
  const [r, s] = [numberOf(signature.subarray(0, 32)), numberOf(signature.subarray(32))];
  const signed = (r: bigint, s: bigint) => ({ signature: concat(be32(r), be32(s)) });
  const x = publicKey.subarray(1);
  const uncompressed = secp256k1.Point.fromBytes(publicKey).toBytes(false);
  const hybrid = concat(Uint8Array.of(6 + ((uncompressed[64] ?? 0) & 1)), uncompressed.subarray(1));
  // u1 = -r d / s and u2 = r / s: the point that both add up to is infinity.
  const atInfinity = be32((((-r * numberOf(secret)) % order) + order) % order);
  const changes: Record<string, Partial<SignatureCheck>> = {
    "as signed": {},
    "high s": signed(r, order - s),
    "r = 0": signed(0n, s),
    "s = 0": signed(r, 0n),
    "both 0": signed(0n, 0n),
    "r = n": signed(order, s),
    "s = n": signed(r, order),
    "r + n": r + order < 2n ** 256n ? signed(r + order, s) : {},
    "r above n": signed(2n ** 256n - 1n, s),
    "s above n": signed(r, 2n ** 256n - 1n),
    "s = n / 2": signed(r, order >> 1n),
    "s = n / 2 + 1": signed(r, (order >> 1n) + 1n),
    "r and s swapped": signed(s, r),
    "negated key": { publicKey: publicKey.map((byte, at) => (at === 0 ? byte ^ 1 : byte)) },
    "the point at infinity": { digest: atInfinity },
    "a digest of zeros": { digest: new Uint8Array(32) },
    "a digest above n": { digest: new Uint8Array(32).fill(255) },
    "uncompressed key": { publicKey: uncompressed },
    "hybrid key": { publicKey: hybrid },
    "cut uncompressed key": { publicKey: uncompressed.subarray(0, 33) },
    "cut hybrid key": { publicKey: hybrid.subarray(0, 33) },
    "key of infinity": { publicKey: new Uint8Array(33) },
    "key of one byte": { publicKey: new Uint8Array(1) },
    "tag 1": { publicKey: concat(Uint8Array.of(1), x) },
    "x = p": { publicKey: concat(Uint8Array.of(2), be32(prime)) },
    "x = p + 1": { publicKey: concat(Uint8Array.of(2), be32(prime + 1n)) },
    "x not on the curve": { publicKey: concat(Uint8Array.of(2), be32(5n)) },
    "x = 2^256 - 1": { publicKey: concat(Uint8Array.of(3), new Uint8Array(32).fill(255)) },
    "long key": { publicKey: concat(publicKey, Uint8Array.of(0)) },
    "short digest": { digest: digest.subarray(1) },
    "long digest": { digest: concat(digest, Uint8Array.of(0)) },
    "short signature": { signature: signature.subarray(1) },
    "long signature": { signature: concat(signature, Uint8Array.of(0)) },
    "no signature": { signature: new Uint8Array(0) },
  };
  const good = { digest, publicKey, signature };
  return Object.entries(changes).map(([name, change]) => ({ ...good, ...change, name }));
}

/** Which of the variants are valid; "r + n" is the signature itself where there is no such form. */
const validAnyway = ["as signed", "r + n"];

t.test("noble's verdicts, on what signers and forgers make", async (t) => {
  const seed = Number(process.env.GONKA_SEED ?? 91);
  t.comment(`seed ${seed}`);
  const random = prng(seed);
  const checks = Array.from({ length: 8 }, () => variants(sample(random))).flat();
  const reference = checks.map((check) => fits(check) && noble(check));
  t.same(await wrongAbout(checks, (_, index) => reference[index] === true), []);
  const valid = new Set(checks.filter((_, index) => reference[index]).map(({ name }) => name));
  t.same([...valid], validAnyway, "noble itself");
});

t.test("noble's verdicts, on one wrong bit in any byte", async (t) => {
  const seed = Number(process.env.GONKA_SEED ?? 92);
  t.comment(`seed ${seed}`);
  const random = prng(seed);
  const { publicKey, digest, signature } = sample(random);
  const checks = [...concat(publicKey, digest, signature)].map((_, at) => {
    const bent = concat(publicKey, digest, signature);
    bent[at] = (bent[at] ?? 0) ^ (1 << Math.floor(random() * 8));
    const [key, rest] = [bent.slice(0, 33), bent.subarray(33)];
    return {
      publicKey: key,
      digest: rest.slice(0, 32),
      signature: rest.slice(32),
      name: `byte ${at}`,
    };
  });
  t.same(await wrongAbout(checks, noble), []);
});

t.test(
  "batches of every size keep their order",
  secp256k1VerifyBatch ? {} : { skip: "native/build/gonka_signatures.node is not built" },
  async (t) => {
    const seed = Number(process.env.GONKA_SEED ?? 93);
    t.comment(`seed ${seed}`);
    const random = prng(seed);
    const samples = Array.from({ length: 20 }, () => sample(random));
    const sizes = [0, 1, 2, 7, 8, 9, 16, 17, 100, 333];
    const batches = sizes.map((size) =>
      Array.from({ length: size }, () => {
        const isGood = random() < 0.5;
        const of = samples[Math.floor(random() * samples.length)] as SignatureCheck;
        return { ...of, digest: isGood ? of.digest : sha256(of.digest), isGood };
      }),
    );
    const verdicts = await Promise.all(batches.map((batch) => secp256k1VerifyBatch?.(batch)));
    t.same(
      verdicts,
      batches.map((batch) => batch.map(({ isGood }) => isGood)),
    );
  },
);
