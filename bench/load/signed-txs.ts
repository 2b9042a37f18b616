/**
 * Bank sends, signed beforehand and kept in a file as the requests that carry them, so that sending
 * costs next to nothing: round after round, one transaction of every account in each.
 */
import {
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { MsgSend } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import { PubKey } from "cosmjs-types/cosmos/crypto/secp256k1/keys";
import { AuthInfo, SignDoc, TxBody, TxRaw } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import { sha256 } from "../../src/crypto/hash.ts";
import { secp256k1Address, secp256k1PublicKey, secp256k1Sign } from "../../src/crypto/secp256k1.ts";
import { toBech32 } from "../../src/encoding/bech32.ts";
import { toBase64, utf8 } from "../../src/encoding/bytes.ts";

export interface Sender {
  readonly privateKey: Uint8Array;
  readonly pubKey: Uint8Array;
  readonly address: string;
}

/** The account of that index: every run has the same. */
export function senderAt(index: number): Sender {
  const privateKey = sha256(utf8(`load account ${index}`));
  const pubKey = secp256k1PublicKey(privateKey);
  return { privateKey, pubKey, address: toBech32("gonka", secp256k1Address(pubKey)) };
}

/** What all transactions of a file have in common. */
export interface SigningPlan {
  readonly chainId: string;
  readonly senders: readonly Sender[];
  /** Account number of the first sender; the others follow. */
  readonly firstNumber: number;
  /** Transactions of each account. */
  readonly rounds: number;
  readonly gas: number;
  readonly method: string;
}

/** How far the receiver is from the sender, in indexes: money goes in large circles. */
const receiverStep = 7;
const writeChunkBytes = 4_194_304;

/** Requests by round and account. Reading is one call for accounts that stand side by side. */
export class SignedTxs {
  readonly #handle: number;
  readonly #offsets: Float64Array;
  readonly #accounts: number;
  readonly rounds: number;

  private constructor(file: string, offsets: Float64Array, plan: SigningPlan) {
    this.#handle = openSync(file, "r");
    this.#offsets = offsets;
    this.#accounts = plan.senders.length;
    this.rounds = plan.rounds;
  }

  /** Signs what is not in the file already. */
  static make(file: string, plan: SigningPlan): SignedTxs {
    const { senders, ...rest } = plan;
    const title = JSON.stringify({ accounts: senders.length, ...rest });
    const index = `${file}.index`;
    const isThere = existsSync(`${file}.plan`) && readFileSync(`${file}.plan`, "utf8") === title;
    if (!isThere) {
      rmSync(`${file}.plan`, { force: true });
      const offsets = writeAll(file, plan);
      writeFileSync(index, new Uint8Array(offsets.buffer));
      writeFileSync(`${file}.plan`, title);
    }
    const bytes = readFileSync(index);
    const offsets = new Float64Array(bytes.length / 8);
    new Uint8Array(offsets.buffer).set(bytes);
    if (offsets.at(-1) !== statSync(file).size) throw new Error(`${file} is cut off; remove it`);
    return new SignedTxs(file, offsets, plan);
  }

  /** The requests of `count` accounts in a round, with a comma after each. */
  read(at: { readonly round: number; readonly account: number; readonly count: number }): Buffer {
    const first = at.round * this.#accounts + at.account;
    const from = this.#offsets[first] ?? 0;
    const bytes = Buffer.allocUnsafe((this.#offsets[first + at.count] ?? from) - from);
    readSync(this.#handle, bytes, 0, bytes.length, from);
    return bytes;
  }

  close(): void {
    closeSync(this.#handle);
  }
}

function writeAll(file: string, plan: SigningPlan): Float64Array {
  const { senders, rounds, method } = plan;
  const offsets = new Float64Array(senders.length * rounds + 1);
  const bodies = senders.map((sender, index) => bodyOf(sender, receiverOf(senders, index)));
  const handle = openSync(file, "w");
  let [offset, done, waiting] = [0, 0, [] as string[]];
  let waitingBytes = 0;
  const flush = (): void => {
    writeSync(handle, waiting.join(""), null, "latin1");
    [waiting, waitingBytes] = [[], 0];
  };
  for (let round = 0; round < rounds; round++) {
    for (const [index, sender] of senders.entries()) {
      const authInfo = authInfoOf(sender, round, plan.gas);
      const tx = sign(plan, { index, body: bodies[index]!, authInfo });
      const head = `{"jsonrpc":"2.0","id":${index},"method":"${method}","params":{"tx":"`;
      const text = `${head}${toBase64(tx)}"}},`;
      waiting.push(text);
      waitingBytes += text.length;
      offset += text.length;
      offsets[++done] = offset;
      if (waitingBytes > writeChunkBytes) flush();
    }
  }
  flush();
  closeSync(handle);
  return offsets;
}

const receiverOf = (senders: readonly Sender[], index: number): string =>
  senders[(index * receiverStep + 1) % senders.length]?.address ?? "";

function bodyOf(from: Sender, toAddress: string): Uint8Array {
  const amount = [{ denom: "ngonka", amount: "1" }];
  const value = MsgSend.encode({ fromAddress: from.address, toAddress, amount }).finish();
  const messages = [{ typeUrl: MsgSend.typeUrl, value }];
  return TxBody.encode(TxBody.fromPartial({ messages })).finish();
}

function authInfoOf({ pubKey }: Sender, sequence: number, gas: number): Uint8Array {
  const publicKey = { typeUrl: PubKey.typeUrl, value: PubKey.encode({ key: pubKey }).finish() };
  const signer = { publicKey, modeInfo: { single: { mode: 1 } }, sequence: BigInt(sequence) };
  const fee = { amount: [], gasLimit: BigInt(gas) };
  return AuthInfo.encode(AuthInfo.fromPartial({ signerInfos: [signer], fee })).finish();
}

/** SIGN_MODE_DIRECT. */
function sign(
  { chainId, firstNumber, senders }: SigningPlan,
  tx: { readonly index: number; readonly body: Uint8Array; readonly authInfo: Uint8Array },
): Uint8Array {
  const { body: bodyBytes, authInfo: authInfoBytes } = tx;
  const accountNumber = BigInt(firstNumber + tx.index);
  const doc = SignDoc.encode({ bodyBytes, authInfoBytes, chainId, accountNumber }).finish();
  const { privateKey } = senders[tx.index]!; // The index is of this list.
  const signatures = [secp256k1Sign(privateKey, sha256(doc))];
  return TxRaw.encode({ bodyBytes, authInfoBytes, signatures }).finish();
}
