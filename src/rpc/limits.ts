/** What one client or all of them may cost: [rpc] of config.toml, CometBFT's names and defaults. */

export interface RpcLimits {
  /** Body of a POST, and a websocket frame, in bytes (max_body_bytes). */
  readonly maxBodyBytes: number;
  readonly maxHeaderBytes: number;
  /** Connections at once; 0 is any number (max_open_connections). */
  readonly maxOpenConnections: number;
  /** Requests in one batch; 0 is any number (max_request_batch_size). */
  readonly maxBatchRequests: number;
  readonly maxSubscriptionClients: number;
  readonly maxSubscriptionsPerClient: number;
  /** How long broadcast_tx_commit waits for the block, in ms (timeout_broadcast_tx_commit). */
  readonly commitTimeoutMs: number;
  /** Origins whose pages may ask; "*" is any (cors_allowed_origins). */
  readonly allowedOrigins: readonly string[];
  /** Whether dial_seeds, dial_peers and unsafe_flush_mempool are offered (unsafe). */
  readonly isUnsafe: boolean;
  /** What a client that does not read loses (experimental_close_on_slow_client). */
  readonly slowClient: "loses its subscription" | "loses its connection";
}

export const defaultLimits: RpcLimits = {
  maxBodyBytes: 1_000_000,
  maxHeaderBytes: 1024 * 1024,
  maxOpenConnections: 900,
  maxBatchRequests: 10,
  maxSubscriptionClients: 100,
  maxSubscriptionsPerClient: 5,
  commitTimeoutMs: 10_000,
  allowedOrigins: ["*"],
  isUnsafe: false,
  slowClient: "loses its subscription",
};
