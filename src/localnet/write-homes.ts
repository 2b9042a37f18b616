/** Writes what a localnet needs before its first start: keys, genesis, a home per node. */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { derivePrivateKey, describeKey, hdPath } from "../cli/keys/derive.ts";
import { type KeyInfo, Keyring } from "../cli/keys/keyring.ts";
import { ed25519PublicKey, nodeId } from "../crypto/ed25519.ts";
import { fromBase64 } from "../encoding/bytes.ts";
import { fromMillis } from "../encoding/time.ts";
import { formatConfig } from "../node/config.ts";
import { homePaths } from "../node/home.ts";
import { writeNodeKey } from "../node/keys.ts";
import { formatKeyFile, validatorKey } from "../privval/key-file.ts";
import { addAccount, addHost, draftFromProfile, formatDraft } from "./genesis-edit.ts";
import { devMnemonic, type Plan, type PlannedNode } from "./plan.ts";

/** All power, in millionths; and what each host is taken to have proven before the first Sprint. */
const totalPower = 1_000_000n;
const initialWeight = 48n;
const ngonkaPerGnk = 1_000_000_000n;

/** Whether this home holds a localnet already. */
export const isWritten = (plan: Plan): boolean =>
  plan.nodes.every((node) => existsSync(homePaths(node.home).genesis));

/** Writes everything; a home that is there keeps its data. */
export async function writeHomes(plan: Plan): Promise<void> {
  const keys = await writeKeyring(plan);
  const genesis = genesisOf(plan, keys);
  for (const node of plan.nodes) writeNodeHome(plan, node, genesis);
  const client = [
    `chain-id = "${plan.chainId}"`,
    'keyring-backend = "test"',
    `node = "tcp://127.0.0.1:${plan.nodes[0]?.rpcPort ?? 26_657}"`,
  ];
  mkdirSync(path.join(plan.home, "config"), { recursive: true });
  writeFileSync(homePaths(plan.home).clientToml, `${client.join("\n")}\n`);
}

/** The keys of the plan, by name, made if they are not there. */
export async function writeKeyring(plan: Plan): Promise<ReadonlyMap<string, KeyInfo>> {
  const keyring = new Keyring({
    home: plan.home,
    backend: "test",
    passphrase: async () => "",
  });
  const keys = new Map<string, KeyInfo>();
  for (const { name, index } of plan.keys) {
    if (!keyring.has(name)) {
      const derivation = hdPath({ coinType: 118, account: 0, index });
      const secret = await derivePrivateKey(devMnemonic, derivation);
      const info = describeKey(name, secret, { prefix: "gonka", hdPath: derivation });
      await keyring.add(info, secret);
    }
    keys.set(name, keyring.get(name));
  }
  return keys;
}

function genesisOf(plan: Plan, keys: ReadonlyMap<string, KeyInfo>): string {
  const time = fromMillis(Date.now());
  const draft = draftFromProfile("localnet", { chainId: plan.chainId, time });
  for (const { name, gnk } of plan.keys) {
    const coin = { denom: "ngonka", amount: gnk * ngonkaPerGnk };
    addAccount(draft, keys.get(name)?.address ?? "", [coin]);
  }
  const count = BigInt(plan.hosts.length);
  plan.hosts.forEach((host, index) => {
    const share = totalPower / count + (BigInt(index) < totalPower % count ? 1n : 0n);
    addHost(draft, {
      operator: keys.get(host.operator)?.address ?? "",
      workerPubKey: fromBase64(keys.get(host.worker)?.pubKey ?? ""),
      consensusPubKey: ed25519PublicKey(host.node.validatorSeed),
      moniker: host.name,
      weight: initialWeight,
      power: share,
    });
  });
  return formatDraft(draft);
}

function writeNodeHome(plan: Plan, node: PlannedNode, genesis: string): void {
  const paths = homePaths(node.home);
  if (existsSync(paths.genesis)) return;
  mkdirSync(path.dirname(paths.genesis), { recursive: true });
  writeNodeKey(paths.nodeKey, node.nodeSeed);
  const key = formatKeyFile(validatorKey(node.validatorSeed));
  writeFileSync(paths.privValidatorKey, key, { mode: 0o600 });
  writeConfig(plan, node);
  writeFileSync(paths.genesis, genesis);
}

/** Ports may differ at every start, so the configuration is written anew. */
export function writeConfig(plan: Plan, node: PlannedNode): void {
  const paths = homePaths(node.home);
  const peers = plan.nodes
    .filter((other) => other !== node)
    .map((other) => `${nodeId(ed25519PublicKey(other.nodeSeed))}@127.0.0.1:${other.p2pPort}`);
  const config = formatConfig("config", {
    moniker: node.name,
    "rpc.laddr": `tcp://127.0.0.1:${node.rpcPort}`,
    "p2p.laddr": `tcp://127.0.0.1:${node.p2pPort}`,
    "p2p.persistent_peers": peers.join(","),
    "consensus.timeout_propose": "2s",
    "consensus.timeout_commit": "900ms",
  });
  writeFileSync(paths.configToml, config);
  const address = `tcp://127.0.0.1:${node.restPort}`;
  writeFileSync(paths.appToml, formatConfig("app", { "api.address": address }));
}
