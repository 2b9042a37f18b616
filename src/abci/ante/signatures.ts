/** Ante steps about who signed: keys, counts, gas, signatures. spec/abci.md, "Ante chain". */
import { PubKey as Secp256k1Key } from "cosmjs-types/cosmos/crypto/secp256k1/keys";
import type { Any } from "cosmjs-types/google/protobuf/any";
import type { Event } from "cosmjs-types/tendermint/abci/types";
import { equalBytes, toBase64 } from "../../encoding/bytes.ts";
import { sdkErrors } from "../../modules/errors.ts";
import type { Accounts, SignerAccount } from "../expected.ts";
import type { RunContext } from "../state/context.ts";
import type { DecodedTx, Signer, VerifiedFor } from "../tx/decode.ts";
import { countKeys, decodePubKey, type PubKey, pubKeyAddress } from "../tx/pub-keys.ts";
import { signBytes } from "../tx/sign-bytes.ts";
import { signersOf } from "../tx/signers.ts";
import { chargeSignature, type Signed, type Verify, verifySignature } from "./key-tree.ts";
import type { SignatureVerifier } from "./verifier.ts";

/** What the signature steps work with. */
export interface Signing {
  readonly accounts: Accounts;
  readonly verifier: Pick<SignatureVerifier, "verify">;
}

/** The account of a required signer. Throws sdk code 9. */
function accountOf(ctx: RunContext, accounts: Accounts, signer: Signer): SignerAccount {
  const account = accounts.get(ctx, signer.address);
  if (!account) throw sdkErrors.unknownAddress(`account ${signer.text} does not exist`);
  return account;
}

/** Stands in for a key that a simulation leaves out, so that storing it is paid for. */
const assumedKey: Any = {
  typeUrl: Secp256k1Key.typeUrl,
  value: Secp256k1Key.encode({ key: new Uint8Array(33).fill(2) }).finish(),
};

/** Remembers the keys of accounts that sign for the first time; announces every signature. */
export function setPubKeys(ctx: RunContext, { accounts }: Signing, tx: DecodedTx): void {
  const signers = signersOf(accounts.addresses, tx);
  for (let index = 0; index < signers.length; index++) {
    const signer = signers[index] as Signer; // index < length
    const any = signer.info.publicKey ?? (ctx.isSimulation ? assumedKey : undefined);
    if (!any) continue; // The account knows its key already, or the signature step refuses.
    if (any !== assumedKey && !signerKey(signer)) {
      const detail = `pubKey does not match signer address ${signer.text}`;
      throw sdkErrors.invalidPubKey(`${detail} with signer index: ${index}`);
    }
    const account = accountOf(ctx, accounts, signer);
    if (!account.pubKey) accounts.set(ctx, { ...account, pubKey: any });
  }
  for (const signer of signers) {
    signer.events ??= announced(signer);
    for (const event of signer.events) ctx.announce(event);
  }
}

function announced({ text, info, signature }: Signer): Event[] {
  const pairs = [
    { key: "acc_seq", value: `${text}/${info.sequence}`, index: true },
    { key: "signature", value: toBase64(signature), index: true },
  ];
  return pairs.map((pair) => ({ type: "tx", attributes: [pair] }));
}

/** Checks how many keys sign, and charges for every signature. */
export function chargeSignatures(ctx: RunContext, { accounts }: Signing, tx: DecodedTx): void {
  const params = accounts.params.get(ctx);
  const keys = signersOf(accounts.addresses, tx).map((signer) => keyOf(ctx, accounts, signer));
  let count = 0;
  for (const key of keys) count += key ? countKeys(key) : 1;
  if (BigInt(count) > params.txSigLimit) {
    throw sdkErrors.tooManySignatures(`signatures: ${count}, limit: ${params.txSigLimit}`);
  }
  for (let index = 0; index < keys.length; index++) {
    const [key, info] = [keys[index], tx.signerInfos[index]];
    // A simulation may leave the key out; a plain one is assumed.
    if (key && info?.modeInfo) chargeSignature({ gas: ctx.gas, params }, key, info.modeInfo);
    else ctx.gas.consume(params.sigVerifyCostSecp256k1, "ante verify: secp256k1");
  }
}

function keyOf(ctx: RunContext, accounts: Accounts, signer: Signer): PubKey | undefined {
  const any = accountOf(ctx, accounts, signer).pubKey;
  return any && decodedKey(signer, any);
}

/** The key of an account, which most signers bring again. Throws sdk code 8. */
function decodedKey({ key, info: { publicKey } }: Signer, any: Any): PubKey {
  return key && publicKey && isSameKey(publicKey, any) ? key : decodePubKey(any);
}

function isSameKey(a: Any, b: Any): boolean {
  return a === b || (a.typeUrl === b.typeUrl && equalBytes(a.value, b.value));
}

/** Compares every sequence, and verifies every signature unless the mode says it is known. */
export function verifySignatures(
  ctx: RunContext,
  { accounts, verifier }: Signing,
  options: { readonly tx: DecodedTx; readonly isVerified: boolean },
): void {
  const { tx, isVerified } = options;
  for (const signer of signersOf(accounts.addresses, tx)) {
    const account = accountOf(ctx, accounts, signer);
    const { sequence } = signer.info;
    if (tx.body.unordered && sequence > 0n) {
      throw sdkErrors.invalidRequest("sequence is not allowed for unordered transactions");
    }
    if (!tx.body.unordered && sequence !== account.sequence) {
      const numbers = `expected ${account.sequence}, got ${sequence}`;
      throw sdkErrors.wrongSequence(`account sequence mismatch, ${numbers}`);
    }
    if (isVerified) continue;
    if (!account.pubKey) throw sdkErrors.invalidPubKey("pubkey on account is not set");
    const about = { number: account.number, pubKey: account.pubKey };
    if (!isKnownFor(signer, about)) {
      const problem = findProblem(ctx, tx, signer, about, (check) => verifier.verify(check));
      signer.known = { ...about, problem };
    }
    refuseInvalid(ctx, signer);
  }
}

/** Whether the signature was verified before against the same key and account number. */
export function isKnownFor({ known }: Signer, { pubKey, number }: VerifiedFor): boolean {
  return known !== undefined && known.number === number && isSameKey(known.pubKey, pubKey);
}

/** The key that a signer brings, when it is the address's own. Throws sdk code 8. */
export function signerKey(signer: Signer): Any | undefined {
  const { publicKey } = signer.info;
  if (!publicKey || signer.key) return publicKey;
  const key = decodePubKey(publicKey);
  if (!equalBytes(pubKeyAddress(key), signer.address)) return undefined;
  signer.key = key;
  return publicKey;
}

/** What is wrong with a signature, or undefined when it is valid. Throws sdk codes 4 and 8. */
export function findProblem(
  { chainId }: RunContext,
  tx: DecodedTx,
  signer: Signer,
  { number, pubKey }: VerifiedFor,
  verify: Verify,
): string | undefined {
  const { sequence, modeInfo } = signer.info;
  if (!modeInfo) throw sdkErrors.unauthorized("the mode info is missing");
  const who = { chainId, accountNumber: number, sequence };
  const signed: Signed = {
    modeInfo,
    signature: signer.signature,
    bytes: (mode) => signBytes(tx, who, mode),
  };
  return verifySignature(decodedKey(signer, pubKey), signed, verify);
}

/** Throws sdk code 4 when the known verdict is that the signature is invalid. */
function refuseInvalid({ chainId }: RunContext, { known, info: { sequence } }: Signer): void {
  if (known?.problem === undefined) return;
  const { number, problem } = known;
  const named = `account number (${number}), sequence (${sequence}) and chain-id (${chainId})`;
  throw sdkErrors.unauthorized(
    `signature verification failed; please verify ${named}: (${problem})`,
  );
}

/** Every signer has now used its sequence. */
export function raiseSequences(ctx: RunContext, { accounts }: Signing, tx: DecodedTx): void {
  for (const signer of signersOf(accounts.addresses, tx)) {
    const account = accountOf(ctx, accounts, signer);
    accounts.set(ctx, { ...account, sequence: account.sequence + 1n });
  }
}
