/**
 * Bank sends through a whole localnet: signed beforehand, sent to every node over JSON-RPC, counted
 * when they are in blocks. Prints transfers per second, block interval and memory per node.
 * `node --import tsx bench/localnet-load.ts --txs 4000`; needs `npm run build`.
 */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { DirectSecp256k1Wallet } from "@cosmjs/proto-signing";
import { SigningStargateClient } from "@cosmjs/stargate";
import { MsgSend } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import { PubKey } from "cosmjs-types/cosmos/crypto/secp256k1/keys";
import { AuthInfo, SignDoc, TxBody, TxRaw } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import { sha256 } from "../src/crypto/hash.ts";
import { secp256k1Address, secp256k1PublicKey, secp256k1Sign } from "../src/crypto/secp256k1.ts";
import { toBech32 } from "../src/encoding/bech32.ts";
import { toBase64, utf8 } from "../src/encoding/bytes.ts";
import { TestNetwork, waitUntil } from "../test/smoke/network.ts";

const { values } = parseArgs({
  options: {
    txs: { type: "string", default: "4000" },
    senders: { type: "string", default: "50" },
  },
});
const senders = Number(values.senders);
const perSender = Math.ceil(Number(values.txs) / senders);
const gas = 100_000n;

interface Sender {
  readonly privateKey: Uint8Array;
  readonly pubKey: Uint8Array;
  readonly address: string;
}

function sender(index: number): Sender {
  const privateKey = sha256(utf8(`load sender ${index}`));
  const pubKey = secp256k1PublicKey(privateKey);
  return { privateKey, pubKey, address: toBech32("gonka", secp256k1Address(pubKey)) };
}

/** A signed MsgSend to oneself; SIGN_MODE_DIRECT. */
function transfer(
  from: Sender,
  sign: { accountNumber: bigint; sequence: bigint; chainId: string },
) {
  const value = MsgSend.encode({
    fromAddress: from.address,
    toAddress: from.address,
    amount: [{ denom: "ngonka", amount: "1" }],
  }).finish();
  const messages = [{ typeUrl: MsgSend.typeUrl, value }];
  const bodyBytes = TxBody.encode(TxBody.fromPartial({ messages })).finish();
  const key = { typeUrl: PubKey.typeUrl, value: PubKey.encode({ key: from.pubKey }).finish() };
  const authInfoBytes = AuthInfo.encode(
    AuthInfo.fromPartial({
      signerInfos: [{ publicKey: key, modeInfo: { single: { mode: 1 } }, sequence: sign.sequence }],
      fee: { amount: [], gasLimit: gas },
    }),
  ).finish();
  const { chainId, accountNumber } = sign;
  const doc = SignDoc.encode({ bodyBytes, authInfoBytes, chainId, accountNumber }).finish();
  const signatures = [secp256k1Sign(from.privateKey, sha256(doc))];
  return TxRaw.encode({ bodyBytes, authInfoBytes, signatures }).finish();
}

async function fund(network: TestNetwork, accounts: readonly Sender[]): Promise<void> {
  const { client, address } = await network.signer(0);
  const messages = accounts.map(({ address: toAddress }) => ({
    typeUrl: MsgSend.typeUrl,
    value: { fromAddress: address, toAddress, amount: [{ denom: "ngonka", amount: "1000000" }] },
  }));
  const fee = { amount: [], gas: String(100_000 * accounts.length) };
  const sent = await client.signAndBroadcast(address, messages, fee);
  if (sent.code !== 0) throw new Error(sent.rawLog);
  client.disconnect();
}

async function signAll(network: TestNetwork, accounts: readonly Sender[]): Promise<Uint8Array[][]> {
  const wallet = await DirectSecp256k1Wallet.fromKey(accounts[0]?.privateKey ?? new Uint8Array());
  const client = await SigningStargateClient.connectWithSigner(network.rpc(0), wallet);
  const chainId = await client.getChainId();
  const signed: Uint8Array[][] = [];
  for (const account of accounts) {
    const known = await client.getAccount(account.address);
    if (!known) throw new Error(`${account.address} has no account`);
    const accountNumber = BigInt(known.accountNumber);
    const sequences = Array.from({ length: perSender }, (_, index) => BigInt(index));
    signed.push(
      sequences.map((sequence) => transfer(account, { accountNumber, sequence, chainId })),
    );
  }
  client.disconnect();
  return signed;
}

/** One sender's transactions, in order, to one node. Returns how many were taken. */
async function sendAll(rpc: string, txs: readonly Uint8Array[]): Promise<number> {
  let taken = 0;
  for (const tx of txs) {
    const body = JSON.stringify({
      jsonrpc: "2.0",
      id: 1,
      method: "broadcast_tx_sync",
      params: { tx: toBase64(tx) },
    });
    const response = await fetch(rpc, { method: "POST", body });
    const answer = (await response.json()) as { result?: { code: number } };
    if (answer.result?.code !== 0) break; // Later sequences cannot succeed either.
    taken += 1;
  }
  return taken;
}

/** Resident memory of a process in MiB. */
function residentMiB(pid: number): number {
  const match = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
  return Math.round(Number(match?.[1] ?? 0) / 1024);
}

async function main(): Promise<void> {
  const network = await TestNetwork.start({ validators: 4, noncesOf: quietHosts });
  try {
    await network.waitForHeight(0, 2);
    const accounts = Array.from({ length: senders }, (_, index) => sender(index));
    await fund(network, accounts);
    const signed = await signAll(network, accounts);
    const from = await network.height(0);
    const began = Date.now();
    const nodes = network.localnet.plan.nodes.length;
    const taken = await Promise.all(
      signed.map((txs, index) => sendAll(network.rpc(index % nodes), txs)),
    );
    const sent = taken.reduce((sum, count) => sum + count, 0);
    const sentMs = Date.now() - began;
    await waitUntil("the mempool is empty", async () => {
      const response = await fetch(`${network.rpc(0)}/num_unconfirmed_txs`);
      const { result } = (await response.json()) as { result: { total: string } };
      return result.total === "0";
    });
    const totalMs = Date.now() - began;
    const blocks = (await network.height(0)) - from;
    const memory = [...network.localnet.nodes.values()].map(({ pid }) => residentMiB(pid ?? 0));
    console.log(
      JSON.stringify({
        sent,
        taken_per_second: Math.round((sent * 1000) / sentMs),
        included_per_second: Math.round((sent * 1000) / totalMs),
        block_interval_ms: Math.round(totalMs / blocks),
        node_memory_mib: memory,
      }),
    );
  } finally {
    await network.stop();
  }
}

/** The two cores are for the chain: hosts search next to nothing. */
const quietHosts = new Map(["host1", "host2", "host3", "host4"].map((name) => [name, 1]));

await main();
