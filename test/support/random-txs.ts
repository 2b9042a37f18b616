/**
 * Random transactions of a few accounts: sends, fee grants, authorizations, messages for others,
 * with and without sequence, signed in both modes; a good part of them fails.
 */
import { GenericAuthorization } from "cosmjs-types/cosmos/authz/v1beta1/authz";
import { MsgExec, MsgGrant, MsgRevoke } from "cosmjs-types/cosmos/authz/v1beta1/tx";
import { SendAuthorization } from "cosmjs-types/cosmos/bank/v1beta1/authz";
import { MsgMultiSend, MsgSend } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import {
  AllowedMsgAllowance,
  BasicAllowance,
  PeriodicAllowance,
} from "cosmjs-types/cosmos/feegrant/v1beta1/feegrant";
import { MsgGrantAllowance, MsgRevokeAllowance } from "cosmjs-types/cosmos/feegrant/v1beta1/tx";
import { SignMode } from "cosmjs-types/cosmos/tx/signing/v1beta1/signing";
import { AuthInfo, TxRaw } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import type { Any } from "cosmjs-types/google/protobuf/any";
import type { ExecTxResult } from "cosmjs-types/tendermint/abci/types";
import type { StateMachine } from "../../src/abci/state-machine.ts";
import { decodeTx } from "../../src/abci/tx/decode.ts";
import { signBytes } from "../../src/abci/tx/sign-bytes.ts";
import { sha256 } from "../../src/crypto/hash.ts";
import { secp256k1Sign } from "../../src/crypto/secp256k1.ts";
import { utf8 } from "../../src/encoding/bytes.ts";
import {
  type AppChain,
  alice,
  any,
  bob,
  carol,
  chainId,
  type Dev,
  dave,
  signTx,
  startBalance,
} from "./app-chain.ts";
import { prng } from "./prng.ts";

/** The accounts that send. */
export const randomDevs: readonly Dev[] = [alice, bob, carol, dave];
const devs = randomDevs;
const coins = (amount: number | bigint) => [{ denom: "ngonka", amount: String(amount) }];

/** A transaction of a list and its ordered sender, if it is well-formed and has one. */
interface Made {
  readonly bytes: Uint8Array;
  readonly ordered: Dev | undefined;
}

export class RandomTxs {
  readonly #chain: AppChain;
  readonly #random: () => number;
  /** The sequence that each account has reached. */
  readonly sequences = new Map(devs.map(({ name }) => [name, 0n]));
  constructor(chain: AppChain, seed: number) {
    this.#chain = chain;
    this.#random = prng(seed);
  }

  /** The transactions of a block, and what to tell about their results afterwards. */
  block(count = this.#pick(8)): {
    readonly txs: Uint8Array[];
    settle(results: readonly ExecTxResult[]): void;
  } {
    const start = new Map(this.sequences);
    const made = Array.from({ length: count }, () => this.#transaction());
    const settle = (results: readonly ExecTxResult[]) => {
      for (const [name, sequence] of start) this.sequences.set(name, sequence);
      for (const [index, { ordered }] of made.entries()) {
        const isCharged = results[index]?.events.some(({ type }) => type === "tx");
        if (!ordered || !isCharged) continue;
        this.sequences.set(ordered.name, (this.sequences.get(ordered.name) ?? 0n) + 1n);
      }
    };
    return { txs: made.map(({ bytes }) => bytes), settle };
  }

  #pick(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  #one<T>(items: readonly T[]): T {
    return items[this.#pick(items.length)] as T;
  }

  #transaction(): Made {
    if (this.#pick(12) === 0) {
      return { bytes: utf8(`malformed ${this.#pick(1000)}`), ordered: undefined };
    }
    const from = this.#one(devs);
    const messages = Array.from({ length: 1 + this.#pick(3) }, () => this.#message(from));
    const isUnordered = this.#pick(6) === 0;
    const next = this.sequences.get(from.name) ?? 0n;
    const isStale = !isUnordered && this.#pick(12) === 0;
    if (!isUnordered && !isStale) this.sequences.set(from.name, next + 1n);
    const sequence = isUnordered ? 0n : isStale ? next + 7n : next;
    const bytes = signTx({
      from,
      sequence,
      messages,
      gas: this.#one([900_000n, 900_000n, 900_000n, 900_000n, 90_000n, 1_000n]),
      fee: this.#one([[], coins(2000), coins(this.#pick(5000) + 1)]),
      memo: this.#one(["", "a <memo> & more", "m".repeat(this.#pick(260))]),
      ...(this.#pick(5) === 0 && { granter: this.#one(devs).address }),
      ...(isUnordered && { unorderedUntil: this.#chain.seconds + BigInt(this.#pick(90)) }),
    });
    const signed = this.#pick(3) === 0 ? asAmino(this.#chain.app, bytes, from) : bytes;
    return { bytes: signed, ordered: isUnordered ? undefined : from };
  }

  #message(from: Dev): Any {
    const kind = this.#pick(9);
    const other = this.#one(devs.filter((dev) => dev !== from || this.#pick(9) === 0)).address;
    if (kind < 3) return this.#send(from);
    if (kind === 3) return this.#multiSend(from);
    if (kind === 4) return this.#feeGrant(from, other);
    if (kind === 5) return this.#authorize(from, other);
    if (kind === 6) {
      const msgs = [this.#send(this.#one(devs)), this.#send(from)].slice(this.#pick(2));
      const exec = any(MsgExec, { grantee: from.address, msgs });
      return this.#pick(3) > 0 ? exec : any(MsgExec, { grantee: from.address, msgs: [exec] });
    }
    if (kind === 7) return any(MsgRevokeAllowance, { granter: from.address, grantee: other });
    const msgTypeUrl = this.#one([MsgSend.typeUrl, MsgMultiSend.typeUrl]);
    return any(MsgRevoke, { granter: from.address, grantee: other, msgTypeUrl });
  }

  #amount(): bigint {
    return this.#pick(8) === 0 ? startBalance * 9n : BigInt(1 + this.#pick(1_000_000));
  }

  #send(from: Dev): Any {
    const toAddress = this.#one(devs).address;
    return any(MsgSend, { fromAddress: from.address, toAddress, amount: coins(this.#amount()) });
  }

  #multiSend(from: Dev): Any {
    const parts = [this.#amount(), this.#amount()];
    const total = parts.reduce((sum, part) => sum + part, 0n);
    return any(MsgMultiSend, {
      inputs: [{ address: from.address, coins: coins(total) }],
      outputs: parts.map((part) => ({ address: this.#one(devs).address, coins: coins(part) })),
    });
  }

  #soon() {
    return { seconds: this.#chain.seconds + BigInt(this.#pick(20)), nanos: this.#pick(1000) };
  }

  #feeGrant(from: Dev, grantee: string): Any {
    const limit = coins(1 + this.#pick(20_000));
    const basic = {
      spendLimit: this.#one([[], limit]),
      ...(this.#pick(2) === 0 && { expiration: this.#soon() }),
    };
    const periodic = any(PeriodicAllowance, {
      basic,
      period: { seconds: BigInt(this.#pick(6)), nanos: 0 },
      periodSpendLimit: coins(1 + this.#pick(5000)),
      periodCanSpend: coins(1 + this.#pick(5000)),
      periodReset: this.#soon(),
    });
    const plain = this.#one([periodic, any(BasicAllowance, basic)]);
    const allowedMessages = [MsgSend.typeUrl, MsgExec.typeUrl].slice(this.#pick(2));
    const filtered = any(AllowedMsgAllowance, { allowance: plain, allowedMessages });
    const allowance = this.#one([plain, filtered]);
    return any(MsgGrantAllowance, { granter: from.address, grantee, allowance });
  }

  #authorize(from: Dev, grantee: string): Any {
    const allowList = this.#one([[], [alice.address, bob.address]]);
    const authorization = this.#one([
      any(GenericAuthorization, { msg: this.#one([MsgSend.typeUrl, MsgExec.typeUrl, "/no.Msg"]) }),
      any(SendAuthorization, { spendLimit: coins(1 + this.#pick(2_000_000)), allowList }),
    ]);
    const grant = { authorization, ...(this.#pick(2) === 0 && { expiration: this.#soon() }) };
    return any(MsgGrant, { granter: from.address, grantee, grant });
  }
}

/** The same transaction, signed in amino JSON; as it was where that is not possible. */
function asAmino(app: StateMachine, bytes: Uint8Array, from: Dev): Uint8Array {
  const raw = TxRaw.decode(bytes);
  const auth = AuthInfo.decode(raw.authInfoBytes);
  const mode = SignMode.SIGN_MODE_LEGACY_AMINO_JSON;
  const signerInfos = auth.signerInfos.map((info) => ({ ...info, modeInfo: { single: { mode } } }));
  const authInfoBytes = AuthInfo.encode({ ...auth, signerInfos }).finish();
  const tx = decodeTx(app.registry, TxRaw.encode({ ...raw, authInfoBytes }).finish());
  const sequence = tx.signerInfos[0]?.sequence ?? 0n;
  const document = signBytes(tx, { chainId, accountNumber: from.number, sequence }, mode);
  if (!document) return bytes;
  const signatures = [secp256k1Sign(from.privateKey, sha256(document))];
  return TxRaw.encode({ ...raw, authInfoBytes, signatures }).finish();
}
