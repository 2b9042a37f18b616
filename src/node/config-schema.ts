/**
 * Every key of config.toml and app.toml: section, name, kind, default, and the comment above it.
 * Names are CometBFT's and the SDK's, so that what operators know and their tools write works.
 */

import { cometVersion } from "./version.ts";

/**
 * choice: one of `choices`; duration: Go's notation, such as 500ms; address: tcp://host:port;
 * coins: 0.025ngonka; list: texts in brackets, or one text with commas.
 */
export type ConfigKind =
  | "string"
  | "choice"
  | "bool"
  | "integer"
  | "duration"
  | "address"
  | "coins"
  | "list";

export interface ConfigKey {
  readonly file: "config" | "app";
  /** "" is the top of the file. */
  readonly section: string;
  readonly name: string;
  readonly kind: ConfigKind;
  readonly fallback: string | boolean | number;
  readonly about: string;
  /** Bounds of integers, and of durations in milliseconds. */
  readonly min?: number;
  readonly max?: number;
  /** Of kind "choice": what may be written. */
  readonly choices?: readonly string[];
}

type Row = readonly [
  section: string,
  name: string,
  kind: ConfigKind,
  fallback: string | boolean | number,
  about: string,
  bounds?: readonly [min: number, max: number] | readonly string[],
];

const minuteMs = 60_000;
const applications = ["gonka", "kvstore", "simapp"];
const engines = ["embedded", "external"];
const logLevels = ["debug", "info", "warn", "error"];
const logFormats = ["plain", "json"];

const config: readonly Row[] = [
  ["", "moniker", "string", "node", "Name of this node, for people."],
  ["", "log_level", "choice", "info", "debug, info, warn or error.", logLevels],
  ["", "log_format", "choice", "plain", "plain for people, json for collectors.", logFormats],
  ["rpc", "laddr", "address", "tcp://127.0.0.1:26657", "Where JSON-RPC and websocket listen."],
  [
    "rpc",
    "reported_version",
    "string",
    cometVersion,
    "CometBFT version that clients are told: they choose their dialect by it.",
  ],
  ["rpc", "cors_allowed_origins", "list", "*", "Origins whose pages may ask; * is any."],
  ["rpc", "unsafe", "bool", false, "Whether dial_seeds and the like are offered."],
  ["rpc", "max_open_connections", "integer", 900, "Connections at once; 0 is any.", [0, 65_536]],
  ["rpc", "max_subscription_clients", "integer", 100, "Clients with subscriptions.", [0, 10_000]],
  ["rpc", "max_subscriptions_per_client", "integer", 5, "Subscriptions of one client.", [0, 1000]],
  [
    "rpc",
    "timeout_broadcast_tx_commit",
    "duration",
    "10s",
    "How long broadcast_tx_commit waits for the block.",
    [1, 10 * minuteMs],
  ],
  ["rpc", "max_request_batch_size", "integer", 10, "Requests in a batch; 0 is any.", [0, 1000]],
  [
    "rpc",
    "max_body_bytes",
    "integer",
    1_000_000,
    "Bytes of a request body.",
    [1024, 64 * 1_048_576],
  ],
  [
    "rpc",
    "max_header_bytes",
    "integer",
    1_048_576,
    "Bytes of a request header.",
    [1024, 16 * 1_048_576],
  ],
  [
    "rpc",
    "experimental_close_on_slow_client",
    "bool",
    false,
    "Close the connection of a client that does not read, not only its subscription.",
  ],
  ["p2p", "laddr", "address", "tcp://0.0.0.0:26656", "Where peers connect."],
  [
    "p2p",
    "persistent_peers",
    "string",
    "",
    "Peers to stay connected to: id@host:port, comma-separated.",
  ],
  [
    "p2p",
    "comet_laddr",
    "string",
    "",
    "Where CometBFT nodes in libp2p mode connect, over QUIC: tcp://host:port; empty is nowhere.",
  ],
  [
    "p2p",
    "comet_peers",
    "string",
    "",
    "CometBFT nodes in libp2p mode to stay connected to: peerid@host:port, comma-separated.",
  ],
  ["p2p", "max_num_inbound_peers", "integer", 40, "Peers that may connect to us.", [0, 1000]],
  ["p2p", "max_num_outbound_peers", "integer", 10, "Peers to look for by exchange.", [0, 50]],
  ["p2p", "max_num_inbound_peers_per_ip", "integer", 4, "Of one address; 0 is any.", [0, 200]],
  ["p2p", "pex", "bool", true, "Exchange addresses of peers with peers. Off behind a sentry."],
  ["p2p", "seeds", "string", "", "Peers to ask for others when none are known: id@host:port."],
  ["p2p", "seed_mode", "bool", false, "Be a seed: collect addresses, answer once, and part."],
  ["p2p", "private_peer_ids", "string", "", "Ids of peers that others must not hear of."],
  ["p2p", "addr_book_strict", "bool", true, "Take up addresses of the public internet only."],
  ["statesync", "enable", "bool", false, "Begin with a snapshot of peers instead of block 1."],
  [
    "statesync",
    "rpc_servers",
    "string",
    "",
    "RPC of two or more nodes that the light client asks, comma-separated.",
  ],
  [
    "statesync",
    "trust_height",
    "integer",
    0,
    "Height of a block that you trust, from a source of your own.",
    [0, 2 ** 48],
  ],
  ["statesync", "trust_hash", "string", "", "Its hash, in hex."],
  [
    "statesync",
    "trust_period",
    "duration",
    "168h",
    "How long its validators can be trusted: less than the unbonding time.",
    [minuteMs, 366 * 24 * 60 * minuteMs],
  ],
  [
    "statesync",
    "discovery_time",
    "duration",
    "15s",
    "How long to collect snapshots before one is chosen.",
    [100, 60 * minuteMs],
  ],
  [
    "statesync",
    "serve_rate",
    "integer",
    16_777_216,
    "Bytes of snapshots per second that this node gives to all its peers together.",
    [65_536, 2 ** 32],
  ],
  ["mempool", "size", "integer", 5000, "Transactions that may wait.", [1, 1_000_000]],
  [
    "mempool",
    "max_txs_bytes",
    "integer",
    67_108_864,
    "Bytes of all waiting transactions.",
    [1024, 2 ** 32],
  ],
  ["mempool", "max_tx_bytes", "integer", 1_048_576, "Bytes of one transaction.", [256, 16_777_216]],
  ["mempool", "cache_size", "integer", 10_000, "Hashes remembered as seen.", [0, 10_000_000]],
  ["mempool", "broadcast", "bool", true, "Pass transactions on to peers."],
  [
    "mempool",
    "ttl_num_blocks",
    "integer",
    0,
    "Blocks that a transaction may wait; 0 is any number.",
    [0, 1_000_000],
  ],
  [
    "mempool",
    "max_txs_per_peer",
    "integer",
    0,
    "Waiting transactions that one peer may have brought; 0 is any number.",
    [0, 1_000_000],
  ],
  [
    "consensus",
    "timeout_propose",
    "duration",
    "3s",
    "How long to wait for a proposal in round 0.",
    [1, minuteMs],
  ],
  [
    "consensus",
    "timeout_propose_delta",
    "duration",
    "500ms",
    "How much longer with every round.",
    [0, minuteMs],
  ],
  [
    "consensus",
    "timeout_prevote",
    "duration",
    "1s",
    "How long to wait for more prevotes after two thirds of any.",
    [1, minuteMs],
  ],
  [
    "consensus",
    "timeout_prevote_delta",
    "duration",
    "500ms",
    "How much longer with every round.",
    [0, minuteMs],
  ],
  [
    "consensus",
    "timeout_precommit",
    "duration",
    "1s",
    "How long to wait for more precommits after two thirds of any.",
    [1, minuteMs],
  ],
  [
    "consensus",
    "timeout_precommit_delta",
    "duration",
    "500ms",
    "How much longer with every round.",
    [0, minuteMs],
  ],
  [
    "consensus",
    "timeout_commit",
    "duration",
    "5s",
    "How long to wait after a block before the next height begins.",
    [0, 10 * minuteMs],
  ],
  [
    "consensus",
    "skip_timeout_commit",
    "bool",
    false,
    "Begin the next height as soon as every precommit is there.",
  ],
  [
    "consensus",
    "create_empty_blocks",
    "bool",
    true,
    "Make a block at every interval; else only for transactions, or after the state changed.",
  ],
  [
    "consensus",
    "create_empty_blocks_interval",
    "duration",
    "0s",
    "With create_empty_blocks off: an empty block after so long; 0s is none.",
    [0, 60 * minuteMs],
  ],
];

const app: readonly Row[] = [
  ["", "application", "choice", "gonka", "gonka; kvstore or simapp for tests.", applications],
  ["", "engine", "choice", "embedded", "embedded, or external: a CometBFT node.", engines],
  [
    "",
    "minimum-gas-prices",
    "coins",
    "0ngonka",
    "Lowest gas prices that CheckTx takes, comma-separated; 0ngonka takes all.",
  ],
  [
    "",
    "pruning-keep-recent",
    "integer",
    100,
    "Versions of the state kept for historic queries.",
    [2, 1_000_000],
  ],
  [
    "",
    "min-retain-blocks",
    "integer",
    0,
    "Blocks kept at least; 0 keeps all of them.",
    [0, 1_000_000_000],
  ],
  [
    "",
    "unsafe-skip-upgrades",
    "list",
    "",
    "Heights whose planned upgrade is dropped; all validators must agree on them.",
  ],
  [
    "abci",
    "address",
    "string",
    "tcp://127.0.0.1:26658",
    "With an external engine: where it finds the application, tcp://host:port or unix://path.",
  ],
  [
    "state-sync",
    "snapshot-interval",
    "integer",
    0,
    "A snapshot for nodes that catch up is made every so many blocks; 0 makes none.",
    [0, 1_000_000_000],
  ],
  [
    "state-sync",
    "snapshot-keep-recent",
    "integer",
    2,
    "Snapshots kept, the newest ones; 0 keeps all.",
    [0, 1000],
  ],
  ["api", "enable", "bool", true, "Whether the REST gateway runs."],
  ["api", "address", "address", "tcp://127.0.0.1:1317", "Where REST listens."],
  ["api", "swagger", "bool", true, "Whether the page at /swagger/ is served."],
  ["api", "enabled-unsafe-cors", "bool", true, "Whether pages of any origin may ask."],
  ["api", "max-open-connections", "integer", 1000, "Connections at once.", [1, 65_536]],
  [
    "api",
    "rpc-max-body-bytes",
    "integer",
    4_194_304,
    "Bytes of a request body.",
    [1024, 64 * 1_048_576],
  ],
  ["grpc", "enable", "bool", true, "Whether the gRPC server runs."],
  ["grpc", "address", "address", "tcp://127.0.0.1:9090", "Where gRPC listens."],
  [
    "grpc",
    "max-recv-msg-size",
    "integer",
    10_485_760,
    "Bytes of a message that comes in.",
    [1024, 2_147_483_647],
  ],
  [
    "grpc",
    "max-send-msg-size",
    "integer",
    2_147_483_647,
    "Bytes of a message that goes out.",
    [1024, 2_147_483_647],
  ],
  ["grpc-web", "enable", "bool", true, "Whether REST's port also speaks grpc-web."],
];

const toKey =
  (file: "config" | "app") =>
  ([section, name, kind, fallback, about, bounds]: Row): ConfigKey => ({
    file,
    section,
    name,
    kind,
    fallback,
    about,
    ...limits(bounds),
  });

function limits(bounds: Row[5]): Pick<ConfigKey, "min" | "max" | "choices"> {
  const [min, max] = bounds ?? [];
  if (typeof min === "number" && typeof max === "number") return { min, max };
  return bounds ? { choices: bounds.map(String) } : {};
}

export const configKeys: readonly ConfigKey[] = [
  ...config.map(toKey("config")),
  ...app.map(toKey("app")),
];
