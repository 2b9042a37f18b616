/** Proof of work: the parts that share its store, and what other modules may ask of it. */
import { ed25519Address } from "../../crypto/ed25519.ts";
import { Params } from "../../gen/gonka/pow/v1/params.ts";
import { SeatedKey, Settlement } from "../../gen/gonka/pow/v1/types.ts";
import type { StoreKey } from "../../store/kv.ts";
import type { Addresses } from "../addresses.ts";
import type { Context } from "../module.ts";
import { ParamStore } from "../params.ts";
import { BlockHashBeacon } from "./epoch/beacon.ts";
import { EpochKeeper } from "./epoch/epoch-keeper.ts";
import type { Bank, Jail, SprintOracle } from "./expected.ts";
import { type Act, HostKeeper } from "./hosts/host-keeper.ts";
import * as keys from "./keys.ts";
import { RewardKeeper } from "./rewards/reward-keeper.ts";
import { SprintTables } from "./sprint/sprint-tables.ts";
import { Table } from "./table.ts";
import { totalPower } from "./weight/power.ts";

/** What proof of work is built from. */
export interface PowParts {
  readonly store: StoreKey;
  readonly addresses: Addresses;
  /** The one account that may change parameters and spend the pool: gov's. */
  readonly authority: string;
  readonly bank: Bank;
  readonly jail: Jail;
  readonly oracle: SprintOracle;
  /** The coin that is emitted. */
  readonly denom: string;
}

export class PowKeeper {
  readonly addresses: Addresses;
  readonly authority: string;
  readonly jail: Jail;
  readonly oracle: SprintOracle;
  readonly params: ParamStore<Params>;
  readonly beacon: BlockHashBeacon;
  readonly epochs: EpochKeeper;
  readonly hosts: HostKeeper;
  readonly sprints: SprintTables;
  readonly rewards: RewardKeeper;
  readonly settlements: Table<Settlement>;
  readonly seats: Table<SeatedKey>;
  /** The right to the store: for the pages of queries. */
  readonly store: StoreKey;
  constructor({ store, addresses, authority, bank, jail, oracle, denom }: PowParts) {
    this.store = store;
    this.addresses = addresses;
    this.authority = authority;
    this.jail = jail;
    this.oracle = oracle;
    this.params = new ParamStore({
      store,
      codec: Params,
      activeKey: keys.activeParamsKey,
      scheduledKey: keys.scheduledParamsKey,
    });
    this.beacon = new BlockHashBeacon(store);
    this.epochs = new EpochKeeper(store, this.beacon);
    this.hosts = new HostKeeper(store, addresses);
    this.sprints = new SprintTables(store, addresses);
    this.rewards = new RewardKeeper(store, { addresses, bank, denom });
    this.settlements = new Table({ store, prefix: keys.settlementPrefix, codec: Settlement });
    this.seats = new Table({ store, prefix: keys.seatedPrefix, codec: SeatedKey });
  }

  /** Whether the block under execution is the first of an epoch. Reads only. */
  beginsEpoch(ctx: Context): boolean {
    return this.epochs.begins(ctx);
  }

  /** Power of an account in consensus and in votes: of one million, zero for strangers. */
  powerOf(ctx: Context, operator: Uint8Array): bigint {
    return this.hosts.standings.get(ctx, keys.addressKey(operator))?.power ?? 0n;
  }

  /** The operator whose consensus key has this address now. */
  operatorOf(ctx: Context, consensusAddress: Uint8Array): Uint8Array | undefined {
    return this.hosts.byConsensusAddress(ctx, consensusAddress);
  }

  /** The consensus address of an operator's host; undefined for strangers. */
  consensusAddressOf(ctx: Context, operator: Uint8Array): Uint8Array | undefined {
    const host = this.hosts.hosts.get(ctx, keys.addressKey(operator));
    return host && ed25519Address(host.consensusPubKey);
  }

  /** The sum of all power. */
  total(ctx: Context): bigint {
    return this.hosts.standings.list(ctx).length === 0 ? 0n : totalPower;
  }

  /** Whether this operator has a registered host, also one that is leaving. */
  isHost(ctx: Context, operator: string): boolean {
    return this.hosts.find(ctx, operator) !== undefined;
  }

  /** Whether an operator's weight makes no power for now. */
  isJailed(ctx: Context, operator: string): boolean {
    return this.jail.isJailed(ctx, this.addresses.parse(operator));
  }

  /** Throws a ModuleError unless the signer may send this message for this host. */
  assertMayAct(ctx: Context, act: Act): void {
    this.hosts.assertMayAct(ctx, act);
  }
}
