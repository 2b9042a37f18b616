/** What a localnet consists of: accounts, nodes and hosts, all deterministic, and their ports. */
import path from "node:path";
import { sha256 } from "../crypto/hash.ts";
import { utf8 } from "../encoding/bytes.ts";

/** Everybody knows this mnemonic: for development only. */
export const devMnemonic = "test test test test test test test test test test test junk";
export const chainId = "gonka-localnet-1";

export interface LocalnetOptions {
  readonly home: string;
  readonly validators: number;
  /** Added to every port, when the usual ones are taken. */
  readonly portOffset: number;
  /** Nonces per Sprint of each host. */
  readonly nonces: number;
}

export interface PlannedNode {
  readonly name: string;
  readonly home: string;
  readonly p2pPort: number;
  readonly rpcPort: number;
  readonly restPort: number;
  /** Seeds of the two ed25519 keys. */
  readonly nodeSeed: Uint8Array;
  readonly validatorSeed: Uint8Array;
}

export interface PlannedHost {
  readonly name: string;
  /** Names of the keys in the localnet's keyring. */
  readonly operator: string;
  readonly worker: string;
  readonly node: PlannedNode;
  readonly nonces: number;
}

/** A key of the dev mnemonic. */
export interface PlannedKey {
  readonly name: string;
  /** Address index of m/44'/118'/0'/0/i. */
  readonly index: number;
  readonly gnk: bigint;
}

export interface Plan {
  readonly chainId: string;
  readonly home: string;
  readonly nodes: readonly PlannedNode[];
  readonly hosts: readonly PlannedHost[];
  readonly keys: readonly PlannedKey[];
}

const userNames = ["alice", "bob", "carol", "dave", "erin", "frank"];
const userGnk = 1_000_000n;
const operatorGnk = 10_000n;
const workerGnk = 100n;
/** Address indexes of operators and workers begin here. */
const [operatorIndex, workerIndex] = [100, 200];
/** Distance between two nodes' ports of one kind. */
const portStep = 10;

/** The plan of a localnet; the same options give the same plan. */
export function planLocalnet(options: LocalnetOptions): Plan {
  const numbers = Array.from({ length: options.validators }, (_, index) => index);
  const nodes = numbers.map((index) => planNode(options, index));
  const hosts = nodes.map(
    (node, index): PlannedHost => ({
      name: `host${index + 1}`,
      operator: `host${index + 1}`,
      worker: `worker${index + 1}`,
      node,
      nonces: options.nonces,
    }),
  );
  return { chainId, home: options.home, nodes, hosts, keys: planKeys(numbers) };
}

function planNode({ home, portOffset }: LocalnetOptions, index: number): PlannedNode {
  const shift = portOffset + index * portStep;
  return {
    name: `node${index + 1}`,
    home: path.join(home, `node${index + 1}`),
    p2pPort: 26_656 + shift,
    rpcPort: 26_657 + shift,
    restPort: 1317 + portOffset + index,
    nodeSeed: sha256(utf8(`gonka localnet node key ${index + 1}`)),
    validatorSeed: sha256(utf8(`gonka localnet validator key ${index + 1}`)),
  };
}

function planKeys(numbers: readonly number[]): PlannedKey[] {
  return [
    ...userNames.map((name, index) => ({ name, index, gnk: userGnk })),
    ...numbers.map((n) => ({ name: `host${n + 1}`, index: operatorIndex + n, gnk: operatorGnk })),
    ...numbers.map((n) => ({ name: `worker${n + 1}`, index: workerIndex + n, gnk: workerGnk })),
  ];
}
