/** The end of a CosmJS websocket client, in a test process that wants to end as well. */
import type { Comet38Client } from "@cosmjs/tendermint-rpc";
import { until } from "./until.ts";

/**
 * Ends a websocket client for good: CosmJS 0.39 connects again after disconnect(), for ever
 * (@cosmjs/socket reconnectingsocket.ts), and would keep this process alive.
 */
export async function endWebsocket(comet: Comet38Client): Promise<void> {
  type Reconnecting = { reconnectTimeout: NodeJS.Timeout | null };
  const { socket } = (comet as unknown as { client: { socket: Reconnecting } }).client;
  comet.disconnect();
  await until(() => socket.reconnectTimeout !== null);
  clearTimeout(socket.reconnectTimeout ?? undefined);
}
