/** The register of hosts: spec/modules/pow.md, "Hosts". Owns their keys in the pow store. */
import { ed25519Address } from "../../../crypto/ed25519.ts";
import { secp256k1Address } from "../../../crypto/secp256k1.ts";
import { equalBytes } from "../../../encoding/bytes.ts";
import { Host, Liveness, Standing } from "../../../gen/gonka/pow/v1/types.ts";
import type { StoreKey } from "../../../store/kv.ts";
import type { Addresses } from "../../addresses.ts";
import { sdkErrors } from "../../errors.ts";
import type { Context } from "../../module.ts";
import { powErrors } from "../errors.ts";
import * as keys from "../keys.ts";
import { Table } from "../table.ts";
import type { Description } from "./checks.ts";

/** What a new host says. */
export interface Registration extends Description {
  readonly operator: string;
  readonly workerPubKey: Uint8Array;
  readonly consensusPubKey: Uint8Array;
  readonly workerGrants: readonly string[];
}

/** Who signs for which host, and with which message. */
export interface Act {
  readonly signer: string;
  /** Operator of the host. */
  readonly host: string;
  readonly typeUrl: string;
}

export class HostKeeper {
  readonly addresses: Addresses;
  readonly hosts: Table<Host>;
  readonly standings: Table<Standing>;
  readonly liveness: Table<Liveness>;
  readonly #store: StoreKey;
  constructor(store: StoreKey, addresses: Addresses) {
    this.#store = store;
    this.addresses = addresses;
    this.hosts = new Table({ store, prefix: keys.hostPrefix, codec: Host });
    this.standings = new Table({ store, prefix: keys.standingPrefix, codec: Standing });
    this.liveness = new Table({ store, prefix: keys.livenessPrefix, codec: Liveness });
  }

  find(ctx: Context, operator: string): Host | undefined {
    return this.hosts.get(ctx, this.key(operator));
  }

  /** As find. Throws pow code 4 when there is none. */
  get(ctx: Context, operator: string): Host {
    const host = this.find(ctx, operator);
    if (!host) throw powErrors.hostUnknown(`${operator} is not registered as a host`);
    return host;
  }

  /** All hosts in the order of their operators' bytes. */
  all(ctx: Context): Host[] {
    return this.hosts.list(ctx);
  }

  /** The operator whose consensus key has this address, or undefined. */
  byConsensusAddress(ctx: Context, address: Uint8Array): Uint8Array | undefined {
    return this.#indexed(ctx, keys.consensusPrefix, address);
  }

  register(ctx: Context, registration: Registration): Host {
    const { operator, workerPubKey, consensusPubKey } = registration;
    if (this.find(ctx, operator)) throw powErrors.hostExists(`${operator} is a host already`);
    const host: Host = {
      operator,
      workerPubKey,
      consensusPubKey,
      moniker: registration.moniker,
      website: registration.website,
      endpoint: registration.endpoint,
      workerGrants: [...registration.workerGrants],
      leaving: false,
      registeredHeight: ctx.block.height,
    };
    this.insert(ctx, host);
    this.setStanding(ctx, { operator, referenceWeight: 0n, power: 0n });
    return host;
  }

  /** Writes a host that does not exist yet, with its indexes. */
  insert(ctx: Context, host: Host): void {
    this.#claimKey(ctx, "worker", host.workerPubKey, host.operator);
    this.#claimKey(ctx, "consensus", host.consensusPubKey, host.operator);
    this.#write(ctx, host);
  }

  update(ctx: Context, host: Host, change: Description & { consensusPubKey: Uint8Array }): void {
    const consensusPubKey =
      change.consensusPubKey.length === 0 ? host.consensusPubKey : change.consensusPubKey;
    this.#moveKey(ctx, "consensus", { host, from: host.consensusPubKey, to: consensusPubKey });
    const { moniker, website, endpoint } = change;
    this.#write(ctx, { ...host, moniker, website, endpoint, consensusPubKey });
  }

  setWorker(ctx: Context, host: Host, worker: { key: Uint8Array; grants: string[] }): void {
    const workerPubKey = worker.key.length === 0 ? host.workerPubKey : worker.key;
    this.#moveKey(ctx, "worker", { host, from: host.workerPubKey, to: workerPubKey });
    this.#write(ctx, { ...host, workerPubKey, workerGrants: worker.grants });
  }

  /** The host proves nothing from the next window on, and its power runs out. */
  leave(ctx: Context, host: Host): void {
    this.#write(ctx, { ...host, leaving: true });
  }

  /** Removes a host, its standing and its indexes. */
  remove(ctx: Context, host: Host): void {
    const key = this.key(host.operator);
    ctx.kv(this.#store).delete(indexKey("worker", host.workerPubKey));
    ctx.kv(this.#store).delete(indexKey("consensus", host.consensusPubKey));
    this.hosts.delete(ctx, key);
    this.standings.delete(ctx, key);
    this.liveness.delete(ctx, key);
  }

  standing(ctx: Context, operator: string): Standing {
    const known = this.standings.get(ctx, this.key(operator));
    return known ?? { operator, referenceWeight: 0n, power: 0n };
  }

  hasStanding(ctx: Context, operator: string): boolean {
    return this.standings.has(ctx, this.key(operator));
  }

  setStanding(ctx: Context, standing: Standing): void {
    this.standings.set(ctx, this.key(standing.operator), standing);
  }

  /** Throws sdk code 4 or pow code 6 unless the signer is the operator or its granted worker. */
  assertMayAct(ctx: Context, { signer, host: operator, typeUrl }: Act): Host {
    const host = this.get(ctx, operator);
    if (signer === operator) return host;
    if (signer !== this.workerAddress(host)) {
      throw sdkErrors.unauthorized(`${signer} is neither operator nor worker of ${operator}`);
    }
    if (!host.workerGrants.includes(typeUrl)) {
      throw powErrors.notGranted(`${operator} did not grant ${typeUrl} to its worker`);
    }
    return host;
  }

  workerAddress(host: Host): string {
    return this.addresses.text(secp256k1Address(host.workerPubKey));
  }

  /** The key of an operator in the tables of hosts. */
  key(operator: string): Uint8Array {
    return keys.addressKey(this.addresses.parse(operator, "operator"));
  }

  /** Counts a block that a host did not sign. */
  miss(ctx: Context, operator: Uint8Array): void {
    const key = keys.addressKey(operator);
    const text = this.addresses.text(operator);
    const missedBlocks = (this.liveness.get(ctx, key)?.missedBlocks ?? 0n) + 1n;
    const lastMissedHeight = ctx.block.height - 1n;
    this.liveness.set(ctx, key, { operator: text, missedBlocks, lastMissedHeight });
  }

  /** Blocks of the running epoch that a host did not sign. */
  missedBlocks(ctx: Context, operator: string): bigint {
    return this.liveness.get(ctx, this.key(operator))?.missedBlocks ?? 0n;
  }

  #write(ctx: Context, host: Host): void {
    this.hosts.set(ctx, this.key(host.operator), host);
  }

  #moveKey(
    ctx: Context,
    kind: "worker" | "consensus",
    { host, from, to }: { host: Host; from: Uint8Array; to: Uint8Array },
  ): void {
    if (equalBytes(from, to)) return;
    ctx.kv(this.#store).delete(indexKey(kind, from));
    this.#claimKey(ctx, kind, to, host.operator);
  }

  #claimKey(
    ctx: Context,
    kind: "worker" | "consensus",
    publicKey: Uint8Array,
    operator: string,
  ): void {
    const kv = ctx.kv(this.#store);
    const key = indexKey(kind, publicKey);
    if (kv.has(key)) throw powErrors.keyInUse(`another host has this ${kind} key`);
    kv.set(key, this.addresses.parse(operator, "operator"));
  }

  #indexed(ctx: Context, prefix: Uint8Array, address: Uint8Array): Uint8Array | undefined {
    return ctx.kv(this.#store).get(keys.indexKey(prefix, address));
  }
}

function indexKey(kind: "worker" | "consensus", publicKey: Uint8Array): Uint8Array {
  return kind === "worker"
    ? keys.indexKey(keys.workerPrefix, secp256k1Address(publicKey))
    : keys.indexKey(keys.consensusPrefix, ed25519Address(publicKey));
}
