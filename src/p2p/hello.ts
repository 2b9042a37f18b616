/**
 * What two nodes tell each other before anything else: CometBFT's DefaultNodeInfo in a Hello
 * (spec/p2p.md, clause N). Nodes of another chain or block protocol part here.
 */
import { DefaultNodeInfo } from "cosmjs-types/tendermint/p2p/types";
import { equalBytes } from "../encoding/bytes.ts";
import { decodeTotal } from "../encoding/wire.ts";
import { Control } from "../gen/gonka/p2p/v1/control.ts";

/** CometBFT 0.38's protocol numbers. */
const [p2pProtocol, blockProtocol] = [8n, 11n];
const sessionIdBytes = 16;
const maxTextLength = 256;
/** The longest frame of the control stream. */
export const maxControlFrameBytes = 8_192;

/** What a node says of itself. */
export interface NodeIdentity {
  readonly id: string;
  readonly chainId: string;
  readonly moniker: string;
  /** Software version. */
  readonly version: string;
  readonly appVersion: bigint;
  /** host:port it accepts connections on; for people and net_info. */
  readonly listenAddress: string;
  readonly rpcAddress: string;
  /** Channel ids, ascending. */
  readonly channels: Uint8Array;
}

/** The other side's Hello. */
export interface RemoteHello {
  readonly nodeInfo: DefaultNodeInfo;
  /** Differs after every start of the process. */
  readonly sessionId: Uint8Array;
}

export function nodeInfoOf(identity: NodeIdentity): DefaultNodeInfo {
  return {
    protocolVersion: { p2p: p2pProtocol, block: blockProtocol, app: identity.appVersion },
    defaultNodeId: identity.id,
    listenAddr: identity.listenAddress,
    network: identity.chainId,
    version: identity.version,
    channels: identity.channels,
    moniker: identity.moniker,
    other: { txIndex: "on", rpcAddress: identity.rpcAddress },
  };
}

export const encodeHello = (nodeInfo: DefaultNodeInfo, sessionId: Uint8Array): Uint8Array =>
  Control.encode({
    hello: { nodeInfo: DefaultNodeInfo.encode(nodeInfo).finish(), sessionId },
  }).finish();

export const encodeHeartbeat = (): Uint8Array => Control.encode({ heartbeat: {} }).finish();

/** A control frame, or why it is none. */
export function decodeControl(
  frame: Uint8Array,
): { hello: RemoteHello } | "heartbeat" | { refused: string } {
  const limits = { maxBytes: maxControlFrameBytes };
  const control = decodeTotal(Control, frame, limits);
  if (control?.heartbeat) return "heartbeat";
  if (!control?.hello) return { refused: "malformed control frame" };
  const { sessionId, nodeInfo: bytes } = control.hello;
  const nodeInfo = decodeTotal(DefaultNodeInfo, bytes, limits);
  if (!nodeInfo || sessionId.length !== sessionIdBytes) return { refused: "malformed hello" };
  return { hello: { nodeInfo, sessionId: sessionId.slice() } };
}

/**
 * Why we cannot talk to that node, or undefined: CometBFT's NodeInfo.Validate and CompatibleWith.
 * remoteId is the node id of the key that the connection proved.
 */
export function refuseNode(
  own: NodeIdentity,
  { nodeInfo }: RemoteHello,
  remoteId: string,
): string | undefined {
  const texts = [nodeInfo.listenAddr, nodeInfo.version, nodeInfo.moniker, nodeInfo.network];
  if (nodeInfo.defaultNodeId !== remoteId) return `says it is ${nodeInfo.defaultNodeId}`;
  if (remoteId === own.id) return "is this node itself";
  if (texts.some((text) => text.length > maxTextLength)) return "has an overlong node info";
  if (nodeInfo.network !== own.chainId) return `is on chain ${nodeInfo.network}`;
  const block = nodeInfo.protocolVersion?.block ?? 0n;
  if (block !== blockProtocol) return `speaks block protocol ${block}`;
  const { channels } = nodeInfo;
  if (channels.length > 64 || !equalBytes(channels, channels.toSorted())) {
    return "lists its channels out of order";
  }
  const isShared = own.channels.some((channel) => channels.includes(channel));
  return isShared || own.channels.length === 0 ? undefined : "shares no channel";
}
