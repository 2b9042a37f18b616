/** tendermint.mempool.Message, the only message of channel 0x30. */
import { uvarint } from "../encoding/varint.ts";
import { decodeTotal } from "../encoding/wire.ts";
import { Message } from "../gen/tendermint/mempool/types.ts";

/** CometBFT's MempoolChannel. */
export const mempoolChannel = 0x30;
/** Transactions one message may carry: each costs a CheckTx. */
const maxTxsPerMessage = 4_096;
/** Tags and lengths around one transaction of any size. */
const envelopeBytes = 16;

/** A message of these transactions, in order. */
export const encodeTxs = (txs: readonly Uint8Array[]): Uint8Array =>
  Message.encode({ txs: { txs: [...txs] } }).finish();

/** The transactions of a message, or undefined when it is none: malformed, empty or too many. */
export function decodeTxs(bytes: Uint8Array, maxBytes: number): Uint8Array[] | undefined {
  const txs = decodeTotal(Message, bytes, { maxBytes })?.txs?.txs;
  if (!txs || txs.length === 0 || txs.length > maxTxsPerMessage) return undefined;
  if (txs.some((tx) => tx.length === 0)) return undefined;
  return txs.map((tx) => tx.slice()); // Each may outlive the frame that it came in.
}

/** Bytes of the largest message: one transaction of the largest size, or one full batch. */
export const maxMessageBytes = (maxTxBytes: number, batchBytes: number): number =>
  Math.max(maxTxBytes, batchBytes) + envelopeBytes;

/** Bytes a transaction takes in a message or a block's Data: tag, length, content. */
export const encodedTxBytes = (tx: Uint8Array): number => 1 + uvarint(tx.length).length + tx.length;
