/** The application of the gonka chain: opens its state, joins the modules of wiring.ts. */
import { Addresses } from "../modules/addresses.ts";
import { CheckedOracle } from "../modules/pow/sprint/checked-oracle.ts";
import { upgradeHandlers } from "../modules/upgrade/handlers.ts";
import type { UpgradeHandler } from "../modules/upgrade/keeper.ts";
import { nonceComputers } from "../native/compute-now.ts";
import type { Db } from "../store/db.ts";
import { Multistore } from "../store/multistore.ts";
import { parseGasPrices } from "./ante/fees.ts";
import { SignatureVerifier, type VerifyBatch } from "./ante/verifier.ts";
import type { Log, Turn } from "./expected.ts";
import { wireSimapp } from "./simapp.ts";
import { type SnapshotOptions, Snapshots } from "./snapshots/snapshots.ts";
import { Runtime } from "./state/runtime.ts";
import { StateMachine } from "./state-machine.ts";
import { Registry } from "./tx/registry.ts";
import { simulateQuery } from "./tx/simulate.ts";
import { TxCache } from "./tx/tx-cache.ts";
import { wireModules } from "./wiring.ts";

/** What an application is made from. */
export interface AppOptions {
  readonly db: Db;
  readonly chainId: string;
  /** Of account addresses. Part of consensus: all nodes of a chain must agree. */
  readonly bech32Prefix: string;
  /** The coin that the network emits. Part of consensus. */
  readonly baseDenom: string;
  /** What this node asks for before it relays a transaction, such as "0.01ngonka"; "" for free. */
  readonly minGasPrices: string;
  /** The version of this program. */
  readonly version: string;
  /** Versions of the state that queries may ask for; the store's default when absent. */
  readonly keepVersions?: number | undefined;
  /** Blocks that the engine is asked to keep at least; all of them when 0 or absent. */
  readonly keepBlocks?: bigint | undefined;
  /** Heights whose planned upgrade is dropped instead of carried out; none when absent. */
  readonly skipUpgrades?: readonly bigint[] | undefined;
  /** What this program knows to carry out; a test names its own. */
  readonly upgradeHandlers?: ReadonlyMap<string, UpgradeHandler> | undefined;
  /** simapp is the chain that tests of Cosmos clients expect; gonka when absent. */
  readonly profile?: "gonka" | "simapp" | undefined;
  /** When snapshots are made, and how many are kept; none are made when absent. */
  readonly snapshots?: SnapshotOptions | undefined;
  /** Verifies signatures ahead on other threads; all are verified in place when absent. */
  readonly verifyBatch?: VerifyBatch | undefined;
  /** Lets others have the thread while a block runs; without it, a block holds the thread. */
  readonly turn?: Turn | undefined;
  readonly log: Log;
}

/** An option that cannot be used. */
export class AppOptionError extends Error {
  constructor(problem: string) {
    super(problem);
    this.name = "AppOptionError";
  }
}

/** Opens the state in the database and builds the application over it. */
export async function createApp(options: AppOptions): Promise<StateMachine> {
  const { chainId, version, log } = options;
  const minGasPrices = parseGasPrices(options.minGasPrices);
  if (!minGasPrices) {
    throw new AppOptionError(`minimum gas prices ${options.minGasPrices}: not like 0.01ngonka`);
  }
  const registry = new Registry();
  const verifier = new SignatureVerifier(options.verifyBatch);
  const { bech32Prefix, baseDenom } = options;
  const identity = { addresses: new Addresses(bech32Prefix), baseDenom };
  const wired =
    options.profile === "simapp"
      ? wireSimapp(identity, registry)
      : wireModules(identity, registry, sprintOracle(log), {
          handlers: options.upgradeHandlers ?? upgradeHandlers,
          skipHeights: new Set(options.skipUpgrades),
          log,
        });
  const { modules, accounts, bank, consensus, epochs, feegrant } = wired;
  for (const module of modules) registry.add(module);
  const stores = modules.flatMap((module) => module.stores);
  const store = await Multistore.open(options.db, stores, { keepVersions: options.keepVersions });
  const runtime: Runtime = new Runtime({
    chainId,
    version,
    modules,
    registry,
    txs: new TxCache(registry),
    store,
    ante: { accounts, fees: bank, grants: feegrant, minGasPrices, verifier },
    consensus,
    epochs,
    log,
  });
  registry.add({ name: "tx", msgs: [], queries: [simulateQuery(() => runtime)] });
  const snapshots = await Snapshots.open({
    db: options.db,
    store,
    names: stores,
    options: options.snapshots ?? { interval: 0n, keepRecent: 2 },
    log,
  });
  const { keepBlocks = 0n, turn } = options;
  return new StateMachine(runtime, { keepBlocks, snapshots, turn });
}

/** Who judges disputes here. The twin gives the same answers five times as slowly. */
function sprintOracle(log: Log): CheckedOracle {
  const computers = nonceComputers();
  if ("missing" in computers) {
    log.info("the TypeScript twin judges Sprint disputes", { reason: computers.missing });
    return CheckedOracle.twinAlone();
  }
  const backends = computers.map(({ backend }) => backend).join(", ");
  log.info("compiled backends judge Sprint disputes", { backends });
  return new CheckedOracle(computers, log);
}
