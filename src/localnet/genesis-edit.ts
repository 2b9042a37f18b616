/** Building a genesis document: a profile's parameters, then accounts and hosts one by one. */
import { readFileSync } from "node:fs";
import { toBase64 } from "../encoding/bytes.ts";
import { type Coin, toProtoCoins } from "../encoding/coins.ts";
import { formatTime, type Time } from "../encoding/time.ts";

type Json = Record<string, unknown>;

/** A genesis document under construction: plain JSON, as it will stand in genesis.json. */
export interface GenesisDraft {
  genesis_time: string;
  chain_id: string;
  initial_height: string;
  consensus_params: Json;
  /** Of an application that has no say in it. */
  validators?: Json[];
  app_hash: string;
  app_state: Record<string, Json>;
}

/** A host of the first epoch. */
export interface GenesisHost {
  readonly operator: string;
  /** 33 bytes, compressed secp256k1. */
  readonly workerPubKey: Uint8Array;
  /** 32 bytes, ed25519. */
  readonly consensusPubKey: Uint8Array;
  readonly moniker: string;
  /** What it is taken to have proven before the first Sprint. */
  readonly weight: bigint;
}

/** What a worker needs for Sprints; the chain wants grants in order. */
const sprintGrants = ["MsgAttestSprint", "MsgCommitSprint", "MsgOpenSprint"].map(
  (name) => `/gonka.pow.v1.${name}`,
);

/** A document with the parameters of genesis/<profile>.json and nobody in it. */
export function draftFromProfile(
  profile: string,
  options: { readonly chainId: string; readonly time: Time },
): GenesisDraft {
  const file = new URL(`../../genesis/${profile}.json`, import.meta.url);
  const { consensus_params, app_state } = JSON.parse(readFileSync(file, "utf8")) as GenesisDraft;
  return {
    genesis_time: formatTime(options.time),
    chain_id: options.chainId,
    initial_height: "1",
    consensus_params,
    app_hash: "",
    app_state,
  };
}

/** Adds a validator of the engine itself, of that power. */
export function addValidator(draft: GenesisDraft, key: Uint8Array, power: bigint): void {
  const pub_key = { type: "tendermint/PubKeyEd25519", value: toBase64(key) };
  draft.validators ??= [];
  draft.validators.push({ address: "", pub_key, power: String(power), name: "" });
}

/** Gives the first validator of the staking module the consensus key of a node. */
export function setStakingKey(draft: GenesisDraft, key: Uint8Array): void {
  const [first] = listIn(draft, "staking", "validators");
  if (first) first.consensus_pub_key = toBase64(key);
}

/** Account addresses of the chain begin with it. */
export function prefixOf(draft: GenesisDraft): string {
  return String(draft.app_state.chain?.bech32_prefix ?? "");
}

/** Adds an account that owns these coins. */
export function addAccount(draft: GenesisDraft, address: string, coins: readonly Coin[]): void {
  listIn(draft, "auth", "accounts").push({
    "@type": "/cosmos.auth.v1beta1.BaseAccount",
    address,
    pub_key: null,
    account_number: String(listIn(draft, "auth", "accounts").length),
    sequence: "0",
  });
  if (coins.length > 0) {
    listIn(draft, "bank", "balances").push({ address, coins: toProtoCoins(coins) });
  }
}

/** Adds a host to the first validator set; its power comes from shareEqually. */
export function addHost(draft: GenesisDraft, host: GenesisHost): void {
  listIn(draft, "pow", "hosts").push({
    operator: host.operator,
    worker_pub_key: toBase64(host.workerPubKey),
    consensus_pub_key: toBase64(host.consensusPubKey),
    moniker: host.moniker,
    website: "",
    endpoint: "",
    worker_grants: sprintGrants,
    leaving: false,
    registered_height: "0",
  });
  listIn(draft, "pow", "standings").push({
    operator: host.operator,
    reference_weight: String(host.weight),
    power: "0",
  });
}

/** Power of all genesis hosts together: proof of work counts it in millionths. */
const totalPower = 1_000_000n;

/** Gives every host an equal part of the power; the first ones take what does not divide. */
export function shareEqually(draft: GenesisDraft): void {
  const standings = listIn(draft, "pow", "standings");
  const count = BigInt(standings.length);
  standings.forEach((standing, index) => {
    const extra = BigInt(index) < totalPower % count ? 1n : 0n;
    standing.power = String(totalPower / count + extra);
  });
}

/** Whether two documents have the same chain id, accounts, balances and hosts. */
export function sameNetwork(a: GenesisDraft, b: GenesisDraft): boolean {
  const parts = ({ chain_id, app_state: { auth, bank, pow } }: GenesisDraft) =>
    JSON.stringify([chain_id, auth?.accounts, bank?.balances, pow?.hosts, pow?.standings]);
  return parts(a) === parts(b);
}

/** Whether the document has an account of this address. */
export function hasAccount(draft: GenesisDraft, address: string): boolean {
  return listIn(draft, "auth", "accounts").some((account) => account.address === address);
}

function listIn(draft: GenesisDraft, module: string, name: string): Json[] {
  const state = draft.app_state[module] ?? {};
  draft.app_state[module] = state;
  const list = (state[name] ?? []) as Json[];
  state[name] = list;
  return list;
}

/** The text of genesis.json. */
export function formatDraft(draft: GenesisDraft): string {
  return `${JSON.stringify(draft, null, 2)}\n`;
}
