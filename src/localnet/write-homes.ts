/** Writes what a localnet needs before it starts: keys, one genesis, a home per node. */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import { derivePrivateKey, describeKey, hdPath } from "../cli/keys/derive.ts";
import { type KeyInfo, Keyring } from "../cli/keys/keyring.ts";
import { ed25519PublicKey, nodeId } from "../crypto/ed25519.ts";
import { fromBase64 } from "../encoding/bytes.ts";
import { fromMillis } from "../encoding/time.ts";
import { formatConfig } from "../node/config.ts";
import { homePaths } from "../node/home.ts";
import { writeKeys } from "../node/keys.ts";
import { cometVersion } from "../node/version.ts";
import { DefinitionError } from "./definition.ts";
import {
  addAccount,
  addHost,
  addValidator,
  draftFromProfile,
  formatDraft,
  type GenesisDraft,
  prefixOf,
  sameNetwork,
  setStakingKey,
  shareEqually,
} from "./genesis-edit.ts";
import type { Plan, PlannedNode } from "./plan.ts";

const ngonkaPerGnk = 1_000_000_000n;

/** The one genesis of the localnet; every node has a copy. */
const genesisFile = (plan: Plan): string => path.join(plan.home, "genesis.json");

/** Whether this home holds a localnet already. */
export const isWritten = (plan: Plan): boolean => existsSync(genesisFile(plan));

/**
 * Writes everything that is missing, and the configurations, whose ports may differ at every start.
 * Throws DefinitionError when the home holds another localnet than the planned one.
 */
export async function writeHomes(plan: Plan): Promise<ReadonlyMap<string, KeyInfo>> {
  mkdirSync(plan.home, { recursive: true });
  const keys = await writeKeyring(plan);
  const genesis = writeGenesis(plan, keys);
  for (const node of plan.nodes) writeNodeHome(plan, node, genesis);
  const client = [
    `chain-id = ${JSON.stringify(plan.chainId)}`,
    'keyring-backend = "test"',
    `node = "tcp://127.0.0.1:${plan.nodes[0]?.rpcPort}"`,
  ];
  mkdirSync(path.join(plan.home, "config"), { recursive: true });
  writeFileSync(homePaths(plan.home).clientToml, `${client.join("\n")}\n`);
  return keys;
}

/** The keys of the plan, by name, made where they are not there. */
async function writeKeyring(plan: Plan): Promise<ReadonlyMap<string, KeyInfo>> {
  const keyring = new Keyring({ home: plan.home, backend: "test", passphrase: async () => "" });
  const keys = new Map<string, KeyInfo>();
  const prefix = prefixOf(emptyDraft(plan));
  for (const { name, index } of plan.keys) {
    const derivation = hdPath({ coinType: 118, account: 0, index });
    const secret = derivePrivateKey(plan.definition.mnemonic, derivation);
    const info = describeKey(name, secret, { prefix, hdPath: derivation });
    if (!keyring.has(name)) await keyring.add(info, secret);
    keys.set(name, info);
  }
  return keys;
}

/** The text of genesis.json: what was written at the first start, or a fresh one. */
function writeGenesis(plan: Plan, keys: ReadonlyMap<string, KeyInfo>): string {
  const file = genesisFile(plan);
  const fresh = draftOf(plan, keys);
  if (existsSync(file)) {
    const text = readFileSync(file, "utf8");
    if (sameNetwork(JSON.parse(text) as GenesisDraft, fresh)) return text;
    throw new DefinitionError([
      `${plan.home}: holds another localnet than the one asked for ` +
        "(chain id, mnemonic, accounts, validators or weight differ); " +
        "go on with what it was made with, use another --home, or --reset to begin anew",
    ]);
  }
  replaceFile(file, formatDraft(fresh));
  return formatDraft(fresh);
}

function emptyDraft({ definition, chainId }: Plan): GenesisDraft {
  return draftFromProfile(definition.genesisProfile, { chainId, time: fromMillis(Date.now()) });
}

/** The power that "cometbft init" gives its validator. */
const kvstorePower = 10n;

function draftOf(plan: Plan, keys: ReadonlyMap<string, KeyInfo>): GenesisDraft {
  const draft = emptyDraft(plan);
  const consensusKeys = plan.nodes.map(({ validatorSeed }) => ed25519PublicKey(validatorSeed));
  const { application } = plan.definition;
  if (application === "kvstore") {
    const { block } = draft.consensus_params as { block: object };
    const bare = { ...draft, app_state: {} };
    bare.consensus_params = { ...draft.consensus_params, block: { ...block, max_gas: "-1" } };
    for (const key of consensusKeys) addValidator(bare, key, kvstorePower);
    return bare;
  }
  if (application === "simapp") {
    for (const key of consensusKeys.slice(0, 1)) setStakingKey(draft, key);
    return draft; // Its accounts stand in the profile.
  }
  return withHosts(draft, plan, keys);
}

function withHosts(
  draft: GenesisDraft,
  plan: Plan,
  keys: ReadonlyMap<string, KeyInfo>,
): GenesisDraft {
  const { definition } = plan;
  for (const { name, gnk } of plan.keys) {
    const amount = gnk * ngonkaPerGnk;
    addAccount(
      draft,
      keyOf(keys, name).address,
      amount === 0n ? [] : [{ denom: "ngonka", amount }],
    );
  }
  for (const host of plan.hosts) {
    addHost(draft, {
      operator: keyOf(keys, host.operator).address,
      workerPubKey: fromBase64(keyOf(keys, host.worker).pubKey),
      consensusPubKey: ed25519PublicKey(host.node.validatorSeed),
      moniker: host.name,
      weight: definition.hosts.weight,
    });
  }
  shareEqually(draft);
  return draft;
}

function keyOf(keys: ReadonlyMap<string, KeyInfo>, name: string): KeyInfo {
  const key = keys.get(name);
  if (key === undefined) throw new Error(`the plan has no key ${name}`);
  return key;
}

function writeNodeHome(plan: Plan, node: PlannedNode, genesis: string): void {
  const paths = homePaths(node.home);
  mkdirSync(path.dirname(paths.genesis), { recursive: true });
  writeKeys(node.home, node);
  writeConfig(plan, node);
  if (!existsSync(paths.genesis)) replaceFile(paths.genesis, genesis);
}

function writeConfig(plan: Plan, node: PlannedNode): void {
  const paths = homePaths(node.home);
  const peers = plan.nodes
    .filter((other) => other !== node)
    .map((other) => `${nodeId(ed25519PublicKey(other.nodeSeed))}@127.0.0.1:${other.p2pPort}`);
  const timeouts = Object.entries(plan.definition.timeouts);
  const config = formatConfig("config", {
    moniker: node.name,
    "rpc.laddr": `tcp://127.0.0.1:${node.rpcPort}`,
    "p2p.laddr": `tcp://127.0.0.1:${node.p2pPort}`,
    "p2p.persistent_peers": peers.join(","),
    "rpc.reported_version": plan.definition.reportedVersion ?? cometVersion,
    ...Object.fromEntries(timeouts.map(([name, value]) => [`consensus.${name}`, value])),
  });
  writeFileSync(paths.configToml, config);
  const { application } = plan.definition;
  const app = formatConfig("app", {
    "api.address": `tcp://127.0.0.1:${node.restPort}`,
    application,
    "minimum-gas-prices": application === "simapp" ? "0ucosm" : "0ngonka",
    "grpc.address": `tcp://127.0.0.1:${node.grpcPort}`,
  });
  writeFileSync(paths.appToml, app);
}

/** Whole or not at all: a start that was cut off must not leave half a file behind. */
export function replaceFile(file: string, text: string): void {
  writeFileSync(`${file}.new`, text, { flush: true });
  renameSync(`${file}.new`, file);
}
