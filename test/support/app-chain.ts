/**
 * The whole application over a memory database, driven as an engine drives it: InitChain, then
 * blocks of one second. Genesis is the localnet profile with dev accounts and hosts.
 */
import { readFileSync } from "node:fs";
import { setImmediate } from "node:timers/promises";
import { QueryBalanceRequest, QueryBalanceResponse } from "cosmjs-types/cosmos/bank/v1beta1/query";
import { PubKey } from "cosmjs-types/cosmos/crypto/secp256k1/keys";
import { SignMode } from "cosmjs-types/cosmos/tx/signing/v1beta1/signing";
import { AuthInfo, SignDoc, TxBody, TxRaw } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import type { Any } from "cosmjs-types/google/protobuf/any";
import * as abci from "cosmjs-types/tendermint/abci/types";
import { type AppOptions, createApp } from "../../src/abci/app.ts";
import type { StateMachine } from "../../src/abci/state-machine.ts";
import { ed25519PublicKey } from "../../src/crypto/ed25519.ts";
import { sha256 } from "../../src/crypto/hash.ts";
import {
  type SignatureCheck,
  secp256k1Address,
  secp256k1PublicKey,
  secp256k1Sign,
  secp256k1Verify,
} from "../../src/crypto/secp256k1.ts";
import { toBech32 } from "../../src/encoding/bech32.ts";
import { toBase64, utf8 } from "../../src/encoding/bytes.ts";
import type { Codec } from "../../src/modules/module.ts";
import type { Db } from "../../src/store/db.ts";
import { MemoryDb } from "../../src/store/memory-db.ts";
import { defaultConsensusParams } from "../../src/types/consensus-params.ts";

export const chainId = "gonka-test-1";
export const genesisTime = { seconds: 1_700_000_000n, nanos: 0 };
export const startBalance = 1_000_000_000_000n;

/** A dev account: its key follows from its name. */
export interface Dev {
  readonly name: string;
  readonly privateKey: Uint8Array;
  readonly publicKey: Uint8Array;
  readonly address: string;
  /** Account number at genesis: the place in the list of devs. */
  readonly number: bigint;
}

export function dev(name: string, number: number): Dev {
  const privateKey = sha256(utf8(`dev account ${name}`));
  const publicKey = secp256k1PublicKey(privateKey);
  const address = toBech32("gonka", secp256k1Address(publicKey));
  return { name, privateKey, publicKey, address, number: BigInt(number) };
}

export const [alice, bob, carol, dave] = ["alice", "bob", "carol", "dave"].map(dev) as [
  Dev,
  Dev,
  Dev,
  Dev,
];
const devs: readonly Dev[] = [alice, bob, carol, dave];

type Json = Record<string, unknown>;

/** app_state of the localnet profile. Alice to dave have coins; hosts names those with power. */
export function appState(
  options: { readonly hosts?: readonly Dev[]; readonly edit?: (s: Json) => void } = {},
): Json {
  const profile = JSON.parse(
    readFileSync(new URL("../../genesis/localnet.json", import.meta.url), "utf8"),
  ) as { app_state: Record<string, Json> };
  const state = profile.app_state;
  (state.auth as Json).accounts = devs.map(({ address }, index) => ({
    "@type": "/cosmos.auth.v1beta1.BaseAccount",
    address,
    pub_key: null,
    account_number: String(index),
    sequence: "0",
  }));
  (state.bank as Json).balances = devs.map(({ address }) => ({
    address,
    coins: [{ denom: "ngonka", amount: String(startBalance) }],
  }));
  const hosts = options.hosts ?? [alice, bob, carol, dave];
  (state.pow as Json).hosts = hosts.map(({ address, name, publicKey }) => ({
    operator: address,
    worker_pub_key: toBase64(publicKey),
    consensus_pub_key: toBase64(ed25519PublicKey(sha256(utf8(`consensus ${name}`)))),
    moniker: name,
    website: "",
    endpoint: "",
    leaving: false,
    registered_height: "0",
  }));
  (state.pow as Json).standings = hosts.map(({ address }) => ({
    operator: address,
    reference_weight: "48",
    power: "0",
  }));
  options.edit?.(state);
  return state;
}

/** Stands in for the addon's threads: verdicts come in a later turn of the event loop. */
export async function verifyLater(checks: readonly SignatureCheck[]): Promise<boolean[]> {
  await setImmediate();
  return checks.map(({ publicKey, digest, signature }) =>
    secp256k1Verify(publicKey, digest, signature),
  );
}

export const silentLog = { info: () => undefined, error: () => undefined };

/** Opens the application over a database. */
export function openApp(
  db: Db,
  minGasPrices = "",
  options: Partial<AppOptions> = {},
): Promise<StateMachine> {
  return createApp({
    db,
    chainId,
    bech32Prefix: "gonka",
    baseDenom: "ngonka",
    minGasPrices,
    version: "0.0.0-test",
    log: silentLog,
    ...options,
  });
}

/** An application and the height it has reached. */
export class AppChain {
  app: StateMachine;
  height = 0n;
  readonly db: Db;
  /** Nanoseconds are zero: one block, one second. */
  seconds = genesisTime.seconds;
  readonly bech32Prefix: string;
  private constructor(app: StateMachine, db: Db, bech32Prefix: string) {
    this.app = app;
    this.db = db;
    this.bech32Prefix = bech32Prefix;
  }

  static async start(
    options: {
      state?: Json;
      minGasPrices?: string;
      maxGas?: bigint;
      verifyBatch?: AppOptions["verifyBatch"];
      turn?: AppOptions["turn"];
      identity?: Pick<AppOptions, "bech32Prefix" | "baseDenom" | "profile">;
    } = {},
  ): Promise<AppChain> {
    const db = new MemoryDb();
    const { minGasPrices, verifyBatch, turn, identity } = options;
    const app = await openApp(db, minGasPrices, { verifyBatch, turn, ...identity });
    const chain = new AppChain(app, db, identity?.bech32Prefix ?? "gonka");
    chain.initChain(options.state ?? appState(), options.maxGas);
    return chain;
  }

  initChain(state: Json, maxGas = -1n): abci.ResponseInitChain {
    const params = defaultConsensusParams();
    return this.app.initChain({
      time: genesisTime,
      chainId,
      consensusParams: { ...params, block: { ...params.block, maxGas } },
      validators: [],
      appStateBytes: utf8(JSON.stringify(state)),
      initialHeight: 1n,
    });
  }

  /** What FinalizeBlock of the next height is asked. */
  request(txs: readonly Uint8Array[]): abci.RequestFinalizeBlock {
    return abci.RequestFinalizeBlock.fromPartial({
      txs: [...txs],
      height: this.height + 1n,
      time: { seconds: this.seconds + 1n, nanos: 0 },
      hash: sha256(utf8(`block ${this.height + 1n}`)),
    });
  }

  /** Executes and commits the next block. */
  async block(txs: readonly Uint8Array[] = []): Promise<abci.ResponseFinalizeBlock> {
    const response = this.app.finalizeBlock(this.request(txs));
    await this.app.commit();
    this.height += 1n;
    this.seconds += 1n;
    return response;
  }

  /** What a transaction would come to in the next block, which is not committed. */
  attempt(tx: Uint8Array): abci.ExecTxResult {
    const [result] = this.app.finalizeBlock(this.request([tx])).txResults;
    if (!result) throw new Error("a block of one transaction has one result");
    return result;
  }

  /** Empty blocks up to a number of seconds later. */
  async wait(seconds: number): Promise<void> {
    for (let i = 0; i < seconds; i++) await this.block();
  }

  check(tx: Uint8Array, type: abci.CheckTxType = abci.CheckTxType.NEW): abci.ResponseCheckTx {
    return this.app.checkTx({ tx, type });
  }

  /** Asks a gRPC method; throws when it refuses. */
  ask<Request, Response>(
    path: string,
    types: { readonly request: Codec<Request>; readonly response: Codec<Response> },
    request: Request,
  ): Response {
    const data = types.request.encode(request).finish();
    const answer = this.app.query({ path, data, height: 0n, prove: false });
    if (answer.code !== 0) throw new Error(`${answer.codespace} ${answer.code}: ${answer.log}`);
    return types.response.decode(answer.value);
  }

  balance(address: string, denom = "ngonka"): bigint {
    const types = { request: QueryBalanceRequest, response: QueryBalanceResponse };
    const path = "/cosmos.bank.v1beta1.Query/Balance";
    return BigInt(this.ask(path, types, { address, denom }).balance?.amount ?? "-1");
  }
}

/** How a transaction is made; what is left out is right. */
export interface TxOptions {
  readonly from: Dev;
  readonly sequence: bigint;
  readonly messages: readonly Any[];
  readonly gas?: bigint;
  readonly fee?: readonly { denom: string; amount: string }[];
  readonly memo?: string;
  readonly timeoutHeight?: bigint;
  readonly chainId?: string;
  readonly number?: bigint;
  /** Who pays in place of the sender. */
  readonly granter?: string;
  /** Without a sequence, until this second. */
  readonly unorderedUntil?: bigint;
}

/** Signs in SIGN_MODE_DIRECT with the repository's own code: fast, for large numbers. */
export function signTx(options: TxOptions): Uint8Array {
  const bodyBytes = TxBody.encode(
    TxBody.fromPartial({
      messages: [...options.messages],
      memo: options.memo ?? "",
      timeoutHeight: options.timeoutHeight ?? 0n,
      ...(options.unorderedUntil !== undefined && {
        unordered: true,
        timeoutTimestamp: { seconds: options.unorderedUntil, nanos: 0 },
      }),
    }),
  ).finish();
  const authInfoBytes = AuthInfo.encode(
    AuthInfo.fromPartial({
      signerInfos: [
        {
          publicKey: {
            typeUrl: PubKey.typeUrl,
            value: PubKey.encode({ key: options.from.publicKey }).finish(),
          },
          modeInfo: { single: { mode: SignMode.SIGN_MODE_DIRECT } },
          sequence: options.sequence,
        },
      ],
      fee: {
        amount: [...(options.fee ?? [{ denom: "ngonka", amount: "2000" }])],
        gasLimit: options.gas ?? 200_000n,
        granter: options.granter ?? "",
      },
    }),
  ).finish();
  const document = SignDoc.encode({
    bodyBytes,
    authInfoBytes,
    chainId: options.chainId ?? chainId,
    accountNumber: options.number ?? options.from.number,
  }).finish();
  const signature = secp256k1Sign(options.from.privateKey, sha256(document));
  return TxRaw.encode({ bodyBytes, authInfoBytes, signatures: [signature] }).finish();
}

/** A message of any type as an Any. */
export function any<T>(codec: Codec<T> & { readonly typeUrl: string }, message: T): Any {
  return { typeUrl: codec.typeUrl, value: codec.encode(message).finish() };
}
