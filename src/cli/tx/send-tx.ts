/** The way of a transaction from the command line: gas, fee, signature, broadcast, waiting. */
import { DirectSecp256k1Wallet, type EncodeObject } from "@cosmjs/proto-signing";
import {
  BroadcastTxError,
  calculateFee,
  type DeliverTxResponse,
  GasPrice,
  SigningStargateClient,
  type StdFee,
  TimeoutError,
} from "@cosmjs/stargate";
import type { Command } from "commander";
import { TxRaw } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import { toBase64, toUpperHex } from "../../encoding/bytes.ts";
import { formatCoins, parseCoins, toProtoCoins } from "../../encoding/coins.ts";
import { txHash } from "../../types/tx.ts";
import { CliError, toCliError } from "../errors.ts";
import { openKeyring } from "../keys/keys-command.ts";
import { note, print } from "../output.ts";
import { confirm } from "../prompt.ts";
import { httpUrl, readSettings, type Settings, usage } from "../settings.ts";
import { messageCodec, signingRegistry } from "./registry.ts";

/** Flags of every transaction. */
export interface TxFlags {
  readonly from?: string;
  readonly gas: string;
  readonly gasAdjustment: string;
  readonly gasPrices: string;
  readonly fees?: string;
  readonly note: string;
  readonly broadcastMode: string;
  readonly timeoutDuration: string;
  readonly generateOnly?: boolean;
  readonly dryRun?: boolean;
  readonly yes?: boolean;
}

export function addTxFlags(command: Command): Command {
  return command
    .option("--from <key>", "name or address of the key that signs")
    .option("--gas <amount>", "gas limit, or auto to estimate", "auto")
    .option("--gas-adjustment <factor>", "times the estimate", "1.4")
    .option("--gas-prices <coins>", "price per unit of gas", "0ngonka")
    .option("--fees <coins>", "whole fee, instead of --gas-prices")
    .option("--note <text>", "memo", "")
    .option("-b, --broadcast-mode <mode>", "sync waits for CheckTx, async for nothing", "sync")
    .option("--timeout-duration <seconds>", "how long to wait for the block; 0: do not wait", "15")
    .option("--generate-only", "print the unsigned transaction")
    .option("--dry-run", "estimate gas, sign nothing")
    .option("-y, --yes", "do not ask before sending");
}

/**
 * Signs and sends the messages that make builds for the sender, and prints what became of them.
 * from: the signer, where an argument names it; --from goes before.
 */
export async function sendTx(
  command: Command,
  make: (sender: string) => readonly EncodeObject[],
  from?: string,
): Promise<void> {
  const settings = readSettings(command, "json");
  const flags = command.opts<TxFlags>();
  checkFlags(flags);
  const keyring = openKeyring(settings);
  const info = keyring.find(flags.from ?? from ?? missingSigner());
  const messages = make(info.address);
  if (flags.generateOnly) return print(unsigned(messages, flags), settings.output);
  const privateKey = await keyring.privateKey(info.name);
  const wallet = await DirectSecp256k1Wallet.fromKey(privateKey, "gonka");
  const client = await connect(settings, wallet);
  try {
    await checkChainId(client, settings);
    const fee = await feeOf(client, info.address, messages, flags);
    if (flags.dryRun) return print({ gas_estimate: fee.gas }, settings.output);
    if (!flags.yes && !(await isConfirmed(messages, fee))) return;
    await signAndSend({ client, sender: info.address, messages, fee, flags, settings });
  } finally {
    client.disconnect();
  }
}

function missingSigner(): never {
  throw usage("no signer given", "name a key with --from (see `gonkad keys list`)");
}

/** What can be seen to be wrong before anybody is asked for a passphrase. */
function checkFlags({ timeoutDuration, broadcastMode }: TxFlags): void {
  if (!(Number(timeoutDuration) >= 0)) {
    throw usage(`--timeout-duration ${timeoutDuration} is no number of seconds`, "use 15");
  }
  if (broadcastMode !== "sync" && broadcastMode !== "async") {
    throw usage(`--broadcast-mode ${broadcastMode} is not known`, "use sync or async");
  }
}

interface Sending {
  readonly client: SigningStargateClient;
  readonly sender: string;
  readonly messages: readonly EncodeObject[];
  readonly fee: StdFee;
  readonly flags: TxFlags;
  readonly settings: Settings;
}

/** Once more with the sequence that the node expects, when others of this sender still wait. */
async function signAndSend(sending: Sending): Promise<void> {
  const { client, sender, messages, fee, flags, settings } = sending;
  const [chainId, account] = await Promise.all([client.getChainId(), client.getSequence(sender)]);
  const signAs = async (sequence: number): Promise<Uint8Array> => {
    const signer = { ...account, sequence, chainId };
    const raw = await client.sign(sender, messages, fee, flags.note, signer);
    return TxRaw.encode(raw).finish();
  };
  try {
    await broadcast(client, await signAs(account.sequence), flags, settings);
  } catch (error) {
    const expected = /account sequence mismatch, expected (\d{1,15})/.exec(
      toCliError(error).message,
    );
    if (!expected) throw error;
    await broadcast(client, await signAs(Number(expected[1])), flags, settings);
  }
}

/** A signing client for the node of the settings. */
async function connect(
  settings: Settings,
  wallet: DirectSecp256k1Wallet,
): Promise<SigningStargateClient> {
  try {
    return await SigningStargateClient.connectWithSigner(httpUrl(settings.node), wallet, {
      registry: signingRegistry(),
    });
  } catch (error) {
    throw new CliError("unreachable", "node_unreachable", {
      cause: `${settings.node}: ${toCliError(error).message}`,
      fix: "check --node, or start one with `gonkad localnet`",
    });
  }
}

async function checkChainId(client: SigningStargateClient, settings: Settings): Promise<void> {
  if (settings.chainId === undefined) return;
  const chainId = await client.getChainId();
  if (chainId === settings.chainId) return;
  throw new CliError("mismatch", "wrong_chain", {
    cause: `the node runs ${chainId}, not ${settings.chainId}`,
    fix: "check --chain-id and --node",
  });
}

async function feeOf(
  client: SigningStargateClient,
  sender: string,
  messages: readonly EncodeObject[],
  flags: TxFlags,
): Promise<StdFee> {
  const gas =
    flags.gas === "auto" ? await estimate(client, sender, messages, flags) : wholeGas(flags.gas);
  if (flags.fees !== undefined) {
    const coins = parseCoins(flags.fees);
    if (!coins) throw usage(`--fees ${flags.fees} are no coins`, "write 2500ngonka");
    return { gas: String(gas), amount: toProtoCoins(coins) };
  }
  return calculateFee(gas, gasPrice(flags.gasPrices));
}

function gasPrice(text: string): GasPrice {
  try {
    return GasPrice.fromString(text);
  } catch {
    throw usage(`--gas-prices ${text} is no price`, "write 0.025ngonka");
  }
}

function wholeGas(text: string): number {
  if (/^\d{1,12}$/.test(text)) return Number(text);
  throw usage(`--gas ${text} is no amount of gas`, "give a whole number or auto");
}

async function estimate(
  client: SigningStargateClient,
  sender: string,
  messages: readonly EncodeObject[],
  flags: TxFlags,
): Promise<number> {
  const factor = Number(flags.gasAdjustment);
  if (!(factor >= 1 && factor <= 10)) {
    throw usage(`--gas-adjustment ${flags.gasAdjustment} is out of range`, "use 1 to 10");
  }
  try {
    const used = await client.simulate(sender, messages, flags.note);
    return Math.ceil(used * factor);
  } catch (error) {
    const known = toCliError(error);
    if (known.id !== "unexpected") throw known;
    throw new CliError("rejected", "simulation_failed", {
      cause: known.message,
      fix: "mend the message, or give --gas to send it unsimulated",
    });
  }
}

async function isConfirmed(messages: readonly EncodeObject[], fee: StdFee): Promise<boolean> {
  if (!process.stdin.isTTY) return true;
  for (const { typeUrl } of messages) note(typeUrl);
  const coins = fee.amount.map(({ denom, amount }) => ({ denom, amount: BigInt(amount) }));
  note(`gas ${fee.gas}, fee ${formatCoins(coins) || "none"}`);
  return await confirm("confirm transaction before signing and broadcasting");
}

async function broadcast(
  client: SigningStargateClient,
  bytes: Uint8Array,
  flags: TxFlags,
  settings: Settings,
): Promise<void> {
  const hash = toUpperHex(txHash(bytes));
  const timeoutMs = Number(flags.timeoutDuration) * 1000;
  try {
    if (flags.broadcastMode === "async" || timeoutMs === 0) {
      await client.broadcastTxSync(bytes);
      return print({ txhash: hash }, settings.output);
    }
    const delivered = await client.broadcastTx(bytes, timeoutMs, 300);
    print(deliveredJson(delivered), settings.output);
    if (delivered.code !== 0) throw failedTx(delivered);
  } catch (error) {
    throw broadcastError(error, hash);
  }
}

function deliveredJson(tx: DeliverTxResponse): object {
  return {
    height: String(tx.height),
    txhash: tx.transactionHash,
    code: tx.code,
    raw_log: tx.rawLog ?? "",
    gas_wanted: tx.gasWanted,
    gas_used: tx.gasUsed,
    events: tx.events,
  };
}

function failedTx(tx: DeliverTxResponse): CliError {
  return new CliError("failed", "tx_failed", {
    cause: `transaction ${tx.transactionHash} is in block ${tx.height} and failed: code ${tx.code}`,
    fix: "read raw_log above; the fee was taken",
  });
}

function broadcastError(error: unknown, hash: string): CliError {
  if (error instanceof TimeoutError) {
    return new CliError("timedOut", "tx_timeout", {
      cause: `transaction ${hash} is not in a block yet`,
      fix: `it may still be included: gonkad query tx ${hash}`,
    });
  }
  if (!(error instanceof BroadcastTxError)) return toCliError(error);
  return new CliError("rejected", "tx_rejected", {
    cause: `${error.log ?? ""} (code ${error.code}, codespace ${error.codespace})`,
    fix: "nothing was taken; mend the transaction and send it again",
  });
}

function unsigned(messages: readonly EncodeObject[], flags: TxFlags): object {
  const coins = flags.fees === undefined ? [] : (parseCoins(flags.fees) ?? []);
  return {
    body: { messages: messages.map(anyJson), memo: flags.note, timeout_height: "0" },
    auth_info: {
      signer_infos: [],
      fee: { amount: toProtoCoins(coins), gas_limit: flags.gas === "auto" ? "200000" : flags.gas },
    },
    signatures: [],
  };
}

function anyJson({ typeUrl, value }: EncodeObject): object {
  const codec = messageCodec(typeUrl);
  const json = codec?.toJSON(value as object);
  return { "@type": typeUrl, ...((json as object) ?? { value: toBase64(new Uint8Array()) }) };
}
