/** tendermint.blocksync.Message: what channel 0x40 carries (cometbft blocksync/msgs.go). */
import { decodeTotal } from "../encoding/wire.ts";
import { Message } from "../gen/tendermint/blocksync/types.ts";
import { maxExtendedCommitBytes } from "../types/votes/extended-commit.ts";

/** CometBFT's BlocksyncChannel. */
export const blocksyncChannel = 0x40;
/** The largest block, its commit with vote extensions, and the tags around them. */
export const maxMessageBytes = 104_857_600 + maxExtendedCommitBytes + 64;

/** A message, taken apart. */
export type BlocksyncMessage =
  | { readonly type: "blockRequest"; readonly height: bigint }
  | { readonly type: "noBlock"; readonly height: bigint }
  | {
      readonly type: "block";
      readonly block: Uint8Array;
      /** tendermint.types.ExtendedCommit of its height; empty where vote extensions are off. */
      readonly extendedCommit: Uint8Array;
    }
  | { readonly type: "statusRequest" }
  | { readonly type: "status"; readonly base: bigint; readonly height: bigint };

/** The encoding of a message. */
export function encodeMessage(message: BlocksyncMessage): Uint8Array {
  return Message.encode(toProto(message)).finish();
}

function toProto(message: BlocksyncMessage): Message {
  switch (message.type) {
    case "blockRequest":
      return { blockRequest: { height: message.height } };
    case "noBlock":
      return { noBlockResponse: { height: message.height } };
    case "block":
      return { blockResponse: { block: message.block, extCommit: message.extendedCommit } };
    case "statusRequest":
      return { statusRequest: {} };
    case "status":
      return { statusResponse: { base: message.base, height: message.height } };
  }
}

/** The message of foreign bytes; undefined when they are malformed or contradict themselves. */
export function decodeMessage(bytes: Uint8Array): BlocksyncMessage | undefined {
  const message = decodeTotal(Message, bytes, { maxBytes: maxMessageBytes });
  if (!message) return undefined;
  const sums = Object.values(message).filter((value) => value !== undefined);
  return sums.length === 1 ? fromProto(message) : undefined;
}

function fromProto(message: Message): BlocksyncMessage | undefined {
  const { blockRequest, noBlockResponse, blockResponse, statusRequest, statusResponse } = message;
  if (blockRequest) return atHeight("blockRequest", blockRequest.height);
  if (noBlockResponse) return atHeight("noBlock", noBlockResponse.height);
  if (blockResponse) {
    const { block, extCommit: extendedCommit } = blockResponse;
    return { type: "block", block, extendedCommit };
  }
  if (statusRequest) return { type: "statusRequest" };
  if (!statusResponse) return undefined;
  const { base, height } = statusResponse;
  return base < 0n || base > height ? undefined : { type: "status", base, height };
}

const atHeight = (
  type: "blockRequest" | "noBlock",
  height: bigint,
): BlocksyncMessage | undefined => (height < 0n ? undefined : { type, height });
