/**
 * Homes of validators for tests of whole nodes: a localnet without hosts, on ports of this process,
 * with the genesis and the configurations that the test wants.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { derivePrivateKey, hdPath } from "../../src/cli/keys/derive.ts";
import { ed25519PublicKey, nodeId } from "../../src/crypto/ed25519.ts";
import { secp256k1Address, secp256k1PublicKey } from "../../src/crypto/secp256k1.ts";
import { toBech32 } from "../../src/encoding/bech32.ts";
import { defaultDefinitionFile } from "../../src/localnet/definition.ts";
import { Localnet } from "../../src/localnet/localnet.ts";
import type { Plan } from "../../src/localnet/plan.ts";
import type { Dev } from "./app-chain.ts";
import { RealNode, type RealNodeOptions } from "./real-node.ts";

interface GenesisJson {
  consensus_params: {
    evidence: { max_age_num_blocks: string; max_age_duration: string };
    block: { max_bytes: string; max_gas: string };
  };
  app_state: {
    auth: { accounts: { address: string; account_number: string }[] };
    pow: { hosts: { operator: string }[]; standings: { operator: string; power: string }[] };
  };
}

/** Sections of a TOML file, and in each the values of keys, as they stand in the file. */
export type TomlEdits = Readonly<Record<string, Readonly<Record<string, string>>>>;

export interface RealNetOptions {
  readonly validators: number;
  /** Values of the section [consensus], such as timeout_commit. */
  readonly timeouts?: Readonly<Record<string, string>>;
  /** Parameters of the chain: "localnet" has short epochs, "gonka" long ones. */
  readonly profile?: "localnet" | "gonka";
  readonly config?: TomlEdits;
  readonly app?: TomlEdits;
  readonly editGenesis?: (genesis: GenesisJson) => void;
}

export class RealNet {
  readonly plan: Plan;
  /** Below the system's folder for temporary files. */
  readonly folder: string;

  private constructor(plan: Plan, folder: string) {
    this.plan = plan;
    this.folder = folder;
  }

  static async prepare(options: RealNetOptions): Promise<RealNet> {
    const folder = mkdtempSync(path.join(tmpdir(), "gonka-net-"));
    const file = path.join(folder, "definition.toml");
    writeFileSync(file, definition(options));
    const { validators } = options;
    const onCrash = (): void => undefined;
    const home = path.join(folder, "net");
    const { plan } = await Localnet.prepare({ home, file, validators, isReset: false, onCrash });
    const net = new RealNet(plan, folder);
    net.configure({ app: { api: { enable: "false" }, grpc: { enable: "false" } } });
    net.configure(options);
    const genesis = JSON.parse(readFileSync(path.join(home, "genesis.json"), "utf8"));
    options.editGenesis?.(genesis);
    for (const node of plan.nodes) {
      writeFileSync(path.join(node.home, "config/genesis.json"), JSON.stringify(genesis));
    }
    return net;
  }

  /** Edits the configurations of all nodes. */
  configure({ config = {}, app = {} }: { config?: TomlEdits; app?: TomlEdits }): void {
    for (const { home } of this.plan.nodes) {
      for (const section of Object.keys(config)) {
        editToml(path.join(home, "config/config.toml"), section, config[section] ?? {});
      }
      for (const section of Object.keys(app)) {
        editToml(path.join(home, "config/app.toml"), section, app[section] ?? {});
      }
    }
  }

  /** Where the nodes find each other: id@host:port. */
  peers(): string[] {
    return this.plan.nodes.map(({ nodeSeed, p2pPort }) => {
      return `${nodeId(ed25519PublicKey(nodeSeed))}@127.0.0.1:${p2pPort}`;
    });
  }

  /** A process for each node, not started. */
  nodes(options: (index: number) => Partial<RealNodeOptions> = () => ({})): RealNode[] {
    return this.plan.nodes.map(({ name, home, rpcPort }, index) => {
      return new RealNode({ name, home, rpc: `http://127.0.0.1:${rpcPort}`, ...options(index) });
    });
  }

  /** A dev account that the definition names, such as "alice". */
  account(name: string): Dev {
    const { definition, keys, nodes } = this.plan;
    const index = keys.find((key) => key.name === name)?.index ?? -1;
    const path118 = hdPath({ coinType: 118, account: 0, index });
    const privateKey = derivePrivateKey(definition.mnemonic, path118);
    const publicKey = secp256k1PublicKey(privateKey);
    const address = toBech32("gonka", secp256k1Address(publicKey));
    const file = path.join(nodes[0]?.home ?? "", "config/genesis.json");
    const { app_state: state } = JSON.parse(readFileSync(file, "utf8")) as GenesisJson;
    const found = state.auth.accounts.find((account) => account.address === address);
    const number = BigInt(found?.account_number ?? -1);
    return { name, privateKey, publicKey, address, number };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** An edit of genesis: the first node has all power, the others only follow. */
export function onlyFirstValidates({ app_state: { pow } }: GenesisJson): void {
  pow.hosts = pow.hosts.slice(0, 1);
  const [host] = pow.hosts;
  pow.standings = pow.standings
    .filter(({ operator }) => operator === host?.operator)
    .map((standing) => ({ ...standing, power: "1000000" }));
}

/** Sets keys of a section of a TOML file; all of them must be there. */
export function editToml(
  file: string,
  section: string,
  values: Readonly<Record<string, string>>,
): void {
  const text = readFileSync(file, "utf8");
  const start = section === "" ? 0 : text.indexOf(`[${section}]`);
  if (start === -1) throw new Error(`${file} has no [${section}]`);
  const next = text.indexOf("\n[", start);
  let body = next === -1 ? text.slice(start) : text.slice(start, next);
  for (const [key, value] of Object.entries(values)) {
    const line = new RegExp(`^${key} = .*$`, "m");
    if (!line.test(body)) throw new Error(`${file}: [${section}] has no ${key}`);
    body = body.replace(line, () => `${key} = ${value}`);
  }
  writeFileSync(file, text.slice(0, start) + body + (next === -1 ? "" : text.slice(next)));
}

/** The usual localnet on ports of this process: another one may run on the machine. */
function definition({ profile = "localnet", timeouts = {} }: RealNetOptions): string {
  const base = 28_000 + (process.pid % 300) * 100;
  let text = readFileSync(defaultDefinitionFile, "utf8");
  const ports = { p2p: base, rpc: base + 1, rest: base + 2, grpc: base + 3 };
  const steps = { rest_step: 10, grpc_step: 10 };
  for (const [key, value] of Object.entries({ ...ports, ...steps })) {
    text = text.replace(new RegExp(`^${key} = .*$`, "m"), `${key} = ${value}`);
  }
  for (const [key, value] of Object.entries(timeouts)) {
    text = text.replace(new RegExp(`^${key} = .*$`, "m"), `${key} = "${value}"`);
  }
  return text.replace(/^genesis_profile = .*$/m, `genesis_profile = "${profile}"`);
}
