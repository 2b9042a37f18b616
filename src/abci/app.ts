/** The application of the gonka chain: builds the modules, gives each its store, joins them. */
import { Addresses, moduleAddress } from "../modules/addresses.ts";
import { AccountKeeper, type ModuleAccountSpec } from "../modules/auth/keeper.ts";
import { authModule } from "../modules/auth/module.ts";
import { BankKeeper } from "../modules/bank/keeper.ts";
import { bankModule } from "../modules/bank/module.ts";
import { ConsensusKeeper, consensusModule } from "../modules/consensus/module.ts";
import type { Module } from "../modules/module.ts";
import type { Db } from "../store/db.ts";
import { StoreKey } from "../store/kv.ts";
import { Multistore } from "../store/multistore.ts";
import { feeCollectorName, parseGasPrices } from "./ante/fees.ts";
import { SignatureCache } from "./ante/signature-cache.ts";
import type { Epochs, Log } from "./expected.ts";
import { Registry } from "./registry.ts";
import { Runtime } from "./runtime.ts";
import { simulateQuery } from "./simulate.ts";
import { StateMachine } from "./state-machine.ts";

/** What an application is made from. */
export interface AppOptions {
  readonly db: Db;
  readonly chainId: string;
  /** Of account addresses. Part of consensus: all nodes of a chain must agree. */
  readonly bech32Prefix: string;
  /** What this node asks for before it relays a transaction, such as "0.01ngonka"; "" for free. */
  readonly minGasPrices: string;
  /** The version of this program. */
  readonly version: string;
  readonly log: Log;
}

/** An option that cannot be used. */
export class AppOptionError extends Error {
  constructor(problem: string) {
    super(problem);
    this.name = "AppOptionError";
  }
}

const stores = ["acc", "bank", "gov", "consensus"] as const;

const moduleAccounts: readonly ModuleAccountSpec[] = [
  { name: feeCollectorName, permissions: [] },
  { name: "gov", permissions: ["burner"] },
];

/** Opens the state in the database and builds the application over it. */
export async function createApp(options: AppOptions): Promise<StateMachine> {
  const minGasPrices = parseGasPrices(options.minGasPrices);
  if (!minGasPrices) {
    throw new AppOptionError(`minimum gas prices ${options.minGasPrices}: not like 0.01ngonka`);
  }
  const addresses = new Addresses(options.bech32Prefix);
  const authority = addresses.text(moduleAddress("gov"));
  const accounts = new AccountKeeper(new StoreKey("acc"), { addresses, moduleAccounts });
  const bank = new BankKeeper(new StoreKey("bank"), {
    addresses,
    accounts,
    blocked: moduleAccounts.map(({ name }) => moduleAddress(name)),
  });
  const consensus = new ConsensusKeeper(new StoreKey("consensus"), addresses);
  const modules: Module[] = [
    authModule(accounts, authority),
    bankModule(bank, authority),
    consensusModule(consensus, authority),
  ];
  const registry = new Registry();
  for (const module of modules) registry.add(module);
  const runtime: Runtime = new Runtime({
    chainId: options.chainId,
    version: options.version,
    modules,
    registry,
    store: await Multistore.open(options.db, [...stores]),
    ante: { accounts, fees: bank, cache: new SignatureCache(), minGasPrices },
    consensus,
    epochs: everyBlock,
    log: options.log,
  });
  registry.add({ name: "tx", msgs: [], queries: [simulateQuery(() => runtime)] });
  return new StateMachine(runtime);
}

/** Without pow every block begins an epoch: what is scheduled becomes active in the next one. */
const everyBlock: Epochs = { beginsEpoch: () => true };
