/**
 * 10,000 byte strings, random, damaged, and damaged but signed anew, into CheckTx, simulation,
 * proposals and blocks: each is accepted or refused with a code, and the node goes on.
 */
import { AuthInfo, SignDoc, TxRaw } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import t from "tap";
import { sha256 } from "../../../src/crypto/hash.ts";
import { secp256k1Sign } from "../../../src/crypto/secp256k1.ts";
import { concat, toHex } from "../../../src/encoding/bytes.ts";
import { AppChain, chainId, type Dev } from "../../support/app-chain.ts";
import { byteStrings } from "../../support/noise.ts";
import { prng } from "../../support/prng.ts";
import { RandomTxs, randomDevs } from "../../support/random-txs.ts";

const seed = 91;
const perBlock = 200;
const random = prng(seed);
const pick = (limit: number) => Math.floor(random() * limit);

/** A few bytes changed, lost, added or repeated. */
function damage(bytes: Uint8Array, other: Uint8Array): Uint8Array {
  let damaged: Uint8Array = bytes.slice();
  for (let edits = 1 + pick(4); edits > 0; edits--) {
    const at = pick(damaged.length + 1);
    const kind = pick(6);
    const rest = damaged.subarray(at);
    if (kind === 0) damaged[at] = pick(256);
    else if (kind === 1) damaged = damaged.slice(0, at);
    else if (kind === 2) damaged = concat(damaged.subarray(0, at), Uint8Array.of(pick(256)), rest);
    else if (kind === 3) damaged = concat(damaged.subarray(0, at), rest.subarray(1));
    else if (kind === 4)
      damaged = concat(damaged.subarray(0, at), other.subarray(pick(other.length)));
    else damaged = concat(damaged.subarray(0, at), rest.subarray(0, pick(40)), rest);
  }
  return damaged;
}

/** Damaged inside, with a signature that fits: what a hostile signer would send. */
function resign(bytes: Uint8Array, other: Uint8Array): Uint8Array {
  const raw = TxRaw.decode(bytes);
  const key = toHex(raw.authInfoBytes);
  const from = randomDevs.find(({ publicKey }) => key.includes(toHex(publicKey))) as Dev;
  const auth = AuthInfo.decode(raw.authInfoBytes);
  const isBody = pick(4) > 0;
  const bodyBytes = isBody ? damage(raw.bodyBytes, other) : raw.bodyBytes;
  const plain = AuthInfo.encode({
    ...auth,
    signerInfos: auth.signerInfos.map((info) => ({ ...info, modeInfo: { single: { mode: 1 } } })),
  }).finish();
  const authInfoBytes = isBody ? plain : damage(plain, other);
  const accountNumber = from.number;
  const document = SignDoc.encode({ bodyBytes, authInfoBytes, chainId, accountNumber }).finish();
  const signatures = [secp256k1Sign(from.privateKey, sha256(document))];
  return TxRaw.encode({ bodyBytes, authInfoBytes, signatures }).finish();
}

t.test(`${byteStrings} byte strings; seed ${seed}`, async (t) => {
  const chain = await AppChain.start();
  await chain.block();
  const source = new RandomTxs(chain, seed);
  const codes = new Map<string, number>();
  const judge = (result: { code: number; codespace: string; log: string }, where: string) => {
    const key = `${result.codespace} ${result.code}`;
    codes.set(key, (codes.get(key) ?? 0) + 1);
    const isTyped = result.code === 0 || (result.code > 1 && result.codespace !== "undefined");
    if (!isTyped) t.fail(`${where}: ${key} ${result.log}`);
  };
  for (let done = 0; done < byteStrings; done += perBlock) {
    const good = source.block(20);
    const inputs = Array.from({ length: perBlock }, (_, index) => {
      const from = good.txs[index % good.txs.length] as Uint8Array;
      const other = good.txs[pick(good.txs.length)] as Uint8Array;
      const isMalformed = from.length < 50;
      if (index < good.txs.length) return from;
      if (pick(10) === 0) return Uint8Array.from({ length: pick(300) }, () => pick(256));
      return isMalformed || pick(2) === 0 ? damage(from, other) : resign(from, other);
    });
    for (const [index, tx] of inputs.entries()) {
      judge(chain.check(tx), `CheckTx ${done + index}`);
      const query = { path: "/app/simulate", data: tx, height: 0n, prove: false };
      judge(chain.app.query(query), `simulation ${done + index}`);
    }
    const proposed = chain.app.prepareProposal({ txs: inputs, maxTxBytes: 1_000_000n } as never);
    chain.app.processProposal({ txs: proposed.txs } as never);
    const { txResults } = await chain.block(inputs);
    good.settle(txResults);
    for (const [index, result] of txResults.entries()) judge(result, `block ${done + index}`);
  }
  t.same(chain.app.brokenInvariants(), []);
  t.comment(JSON.stringify([...codes]));
  t.ok(codes.size > 8, "many kinds of refusal");
  t.ok((codes.get(" 0") ?? 0) > 100, "some are valid");
});
