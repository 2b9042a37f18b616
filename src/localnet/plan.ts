/** What a localnet consists of: accounts, nodes and hosts, all deterministic, and their ports. */
import path from "node:path";
import { sha256 } from "../crypto/hash.ts";
import { utf8 } from "../encoding/bytes.ts";
import {
  type Definition,
  defaultDefinitionFile,
  type Overrides,
  type Ports,
  readDefinition,
} from "./definition.ts";

export interface LocalnetOptions extends Overrides {
  readonly home: string;
  /** Added to every port, when the usual ones are taken. */
  readonly portOffset: number;
  /** The definition; localnet/default.toml when absent. */
  readonly file?: string | undefined;
}

export interface PlannedNode {
  readonly name: string;
  readonly home: string;
  readonly p2pPort: number;
  readonly rpcPort: number;
  readonly restPort: number;
  readonly grpcPort: number;
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
  /** Nonces that it searches in one Sprint. */
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
  readonly definition: Definition;
  /** How far the ports are from those of the definition. */
  readonly portOffset: number;
  readonly nodes: readonly PlannedNode[];
  readonly hosts: readonly PlannedHost[];
  readonly keys: readonly PlannedKey[];
}

/** Address indexes of operators and workers begin here; those before are the accounts'. */
export const operatorIndex = 100;
const workerIndex = 200;

/** The plan of a localnet; the same options give the same plan. Throws DefinitionError. */
export function planLocalnet(options: LocalnetOptions): Plan {
  const definition = readDefinition(options.file ?? defaultDefinitionFile, options);
  return planDefinition(definition, options);
}

/** The plan of a definition that is read already. */
export function planDefinition(
  definition: Definition,
  { home, portOffset }: { readonly home: string; readonly portOffset: number },
): Plan {
  const numbers = Array.from({ length: definition.validators }, (_, index) => index);
  const nodes = numbers.map((index) => planNode(definition.ports, { home, portOffset, index }));
  const { nonces, noncesOf } = definition.hosts;
  const withHosts = definition.application === "gonka" ? nodes : [];
  const hosts = withHosts.map((node, index): PlannedHost => {
    const name = `host${index + 1}`;
    const worker = `worker${index + 1}`;
    return { name, operator: name, worker, node, nonces: noncesOf.get(name) ?? nonces };
  });
  const keys = planKeys(definition);
  return { chainId: definition.chainId, home, definition, portOffset, nodes, hosts, keys };
}

function planNode(
  ports: Ports,
  at: { readonly home: string; readonly portOffset: number; readonly index: number },
): PlannedNode {
  const { home, portOffset, index } = at;
  const name = `node${index + 1}`;
  return {
    name,
    home: path.join(home, name),
    p2pPort: ports.p2p + index * ports.p2pStep + portOffset,
    rpcPort: ports.rpc + index * ports.rpcStep + portOffset,
    restPort: ports.rest + index * ports.restStep + portOffset,
    grpcPort: ports.grpc + index * ports.grpcStep + portOffset,
    nodeSeed: sha256(utf8(`gonka localnet node key ${index + 1}`)),
    validatorSeed: sha256(utf8(`gonka localnet validator key ${index + 1}`)),
  };
}

function planKeys({ application, accounts, hosts, validators }: Definition): PlannedKey[] {
  const withHosts = application === "gonka" ? validators : 0;
  const numbers = Array.from({ length: withHosts }, (_, index) => index);
  const { operatorGnk, workerGnk } = hosts;
  return [
    ...accounts.map(({ name, gnk }, index) => ({ name, index, gnk })),
    ...numbers.map((n) => ({ name: `host${n + 1}`, index: operatorIndex + n, gnk: operatorGnk })),
    ...numbers.map((n) => ({ name: `worker${n + 1}`, index: workerIndex + n, gnk: workerGnk })),
  ];
}
