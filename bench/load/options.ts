/** What a load run is asked to do: flags, defaults, bounds. */
import { parseArgs } from "node:util";

export interface LoadOptions {
  readonly validators: number;
  /** Whether every validator has a host agent, which searches one nonce per Sprint. */
  readonly hasHosts: boolean;
  /** Of consensus: a Go duration. */
  readonly timeoutCommit: string;
  /** Of proposing and of both votes; undefined: as in localnet/default.toml. */
  readonly timeoutSteps: string | undefined;
  /** Seconds of load, after the warm-up. */
  readonly seconds: number;
  /** Seconds of load before anything is counted. */
  readonly warmUpSeconds: number;
  readonly accounts: number;
  /** Transactions per second; 0: as many as the nodes take. Negative: none, empty blocks. */
  readonly rate: number;
  readonly connections: number;
  /** Transactions in one JSON-RPC batch; the nodes take at most ten. */
  readonly batch: number;
  /** Taken transactions that may wait for a block; a node's mempool holds 5,000. */
  readonly window: number;
  /** Gas limit of one send, and of a block in the genesis. */
  readonly gas: number;
  readonly blockGas: number;
  /** Transactions that are signed beforehand; 0: from rate and seconds. */
  readonly txs: number;
  /** Where the signed transactions stay for the next run; undefined: nowhere. */
  readonly txsFile: string | undefined;
  /** Folder for a processor profile of the first node; undefined: none is made. */
  readonly profile: string | undefined;
  /** Options of node for every validator, such as --max-semi-space-size=64. */
  readonly nodeOptions: readonly string[];
  /** Milliseconds between the starts of two validators. */
  readonly staggerMs: number;
  /** How many others each validator dials, in a ring; 0: all of them. */
  readonly dials: number;
  readonly method: "broadcast_tx_sync" | "broadcast_tx_async";
  readonly output: "text" | "json";
  /** Where the localnet lives; it stays there when it is given. */
  readonly home: string | undefined;
}

const flags = {
  validators: { type: "string", default: "4" },
  hosts: { type: "boolean", default: false },
  "timeout-commit": { type: "string", default: "0s" },
  "timeout-steps": { type: "string" },
  seconds: { type: "string", default: "30" },
  "warm-up": { type: "string", default: "10" },
  accounts: { type: "string", default: "1000" },
  rate: { type: "string", default: "0" },
  connections: { type: "string", default: "16" },
  batch: { type: "string", default: "10" },
  window: { type: "string", default: "3000" },
  gas: { type: "string", default: "100000" },
  "block-gas": { type: "string", default: "200000000" },
  txs: { type: "string", default: "0" },
  "txs-file": { type: "string" },
  profile: { type: "string" },
  "node-option": { type: "string", multiple: true, default: [] as string[] },
  stagger: { type: "string", default: "0" },
  dials: { type: "string", default: "0" },
  async: { type: "boolean", default: false },
  output: { type: "string", short: "o", default: "text" },
  home: { type: "string" },
} as const;

/** Most that a saturated run is signed for, per second. */
const saturatedPerSecond = 6_000;

export function readOptions(argv: readonly string[]): LoadOptions {
  const { values } = parseArgs({ args: [...argv], options: flags });
  const number = (name: "validators" | "seconds" | "warm-up" | "accounts" | "rate" | Rest) => {
    const value = Number(values[name]);
    if (Number.isInteger(value)) return value;
    throw new RangeError(`--${name} ${values[name]} is no whole number`);
  };
  const [seconds, warmUpSeconds, rate] = [number("seconds"), number("warm-up"), number("rate")];
  const perSecond = rate === 0 ? saturatedPerSecond : Math.max(0, rate);
  return {
    validators: number("validators"),
    hasHosts: values.hosts,
    timeoutCommit: values["timeout-commit"],
    timeoutSteps: values["timeout-steps"],
    seconds,
    warmUpSeconds,
    accounts: number("accounts"),
    rate,
    connections: number("connections"),
    batch: number("batch"),
    window: number("window"),
    gas: number("gas"),
    blockGas: number("block-gas"),
    txs: number("txs") || perSecond * (seconds + warmUpSeconds),
    txsFile: values["txs-file"],
    profile: values.profile,
    nodeOptions: values["node-option"],
    staggerMs: number("stagger"),
    dials: number("dials"),
    method: values.async ? "broadcast_tx_async" : "broadcast_tx_sync",
    output: values.output === "json" ? "json" : "text",
    home: values.home,
  };
}

type Rest = "connections" | "batch" | "window" | "gas" | "block-gas" | "txs" | "stagger" | "dials";
