/** Builds the modules of the gonka chain and gives each its store and what it may ask of others. */
import { type Addresses, moduleAddress } from "../modules/addresses.ts";
import { AccountKeeper, type ModuleAccountSpec } from "../modules/auth/keeper.ts";
import { authModule } from "../modules/auth/module.ts";
import type { Router } from "../modules/authz/expected.ts";
import { AuthzKeeper } from "../modules/authz/keeper.ts";
import { authzModule } from "../modules/authz/module.ts";
import { BankKeeper } from "../modules/bank/keeper.ts";
import { bankModule } from "../modules/bank/module.ts";
import { chainModule } from "../modules/chain/module.ts";
import { ConsensusKeeper, consensusModule } from "../modules/consensus/module.ts";
import { evidenceModule } from "../modules/evidence/module.ts";
import { FeegrantKeeper } from "../modules/feegrant/keeper.ts";
import { feegrantModule } from "../modules/feegrant/module.ts";
import type { MessageRouter, ParamGuards } from "../modules/gov/expected.ts";
import { GovKeeper } from "../modules/gov/keeper.ts";
import { govModule } from "../modules/gov/module.ts";
import { InferenceKeeper } from "../modules/inference/keeper.ts";
import { inferenceModule } from "../modules/inference/module.ts";
import type { Module } from "../modules/module.ts";
import type { SprintOracle } from "../modules/pow/expected.ts";
import { PowKeeper } from "../modules/pow/keeper.ts";
import { powModule } from "../modules/pow/module.ts";
import { CheckedOracle } from "../modules/pow/sprint/checked-oracle.ts";
import { PowView } from "../modules/pow/validator-view.ts";
import { SlashingKeeper } from "../modules/slashing/keeper.ts";
import { slashingModule } from "../modules/slashing/module.ts";
import { upgradeHandlers } from "../modules/upgrade/handlers.ts";
import { UpgradeKeeper, type UpgradeParts } from "../modules/upgrade/keeper.ts";
import { upgradeModule } from "../modules/upgrade/module.ts";
import { vestingModule } from "../modules/vesting/module.ts";
import { viewsModule } from "../modules/views/module.ts";
import { StoreKey } from "../store/kv.ts";
import { feeCollectorName } from "./ante/fees.ts";
import type { Epochs } from "./expected.ts";

/** The accounts of modules. Where every coin is accounted for, no message may send to it. */
const moduleAccounts: readonly (ModuleAccountSpec & { readonly isOpen: boolean })[] = [
  { name: feeCollectorName, permissions: [], isOpen: false },
  { name: "gov", permissions: ["burner"], isOpen: false },
  { name: "pow", permissions: ["minter"], isOpen: false },
  { name: "community_pool", permissions: [], isOpen: true },
];

/** The modules, in the order of their hooks, and the keepers that the application itself needs. */
export interface Wired {
  readonly modules: readonly Module[];
  readonly accounts: AccountKeeper;
  readonly bank: BankKeeper;
  readonly consensus: ConsensusKeeper;
  /** Decides when scheduled parameters take effect. */
  readonly epochs: Epochs;
  readonly feegrant: FeegrantKeeper;
}

/** What makes addresses and coins those of this chain. */
export interface Identity {
  readonly addresses: Addresses;
  readonly baseDenom: string;
}

/** What this program, its operator and its log bring to planned upgrades. */
export type UpgradeOptions = Pick<UpgradeParts, "handlers" | "skipHeights" | "log">;

const noUpgrades: UpgradeOptions = {
  handlers: upgradeHandlers,
  skipHeights: new Set(),
  log: { info: () => undefined, error: () => undefined },
};

/** Without an oracle the TypeScript twin judges disputes: the same answers, more slowly. */
export function wireModules(
  { addresses, baseDenom }: Identity,
  router: MessageRouter & Router,
  oracle: SprintOracle = CheckedOracle.twinAlone(),
  upgradeOptions: UpgradeOptions = noUpgrades,
): Wired {
  const authority = addresses.text(moduleAddress("gov"));
  const { accounts, bank, feegrant, authz } = accountKeepers(addresses, router);
  const consensus = new ConsensusKeeper(new StoreKey("consensus"), addresses);
  const slashing = new SlashingKeeper({
    store: new StoreKey("slashing"),
    addresses,
    authority,
    validators: () => pow,
  });
  const pow: PowKeeper = new PowKeeper({
    store: new StoreKey("pow"),
    addresses,
    authority,
    bank,
    jail: slashing,
    oracle,
    denom: baseDenom,
  });
  const market = new InferenceKeeper({
    store: new StoreKey("inference"),
    addresses,
    authority,
    hosts: pow,
  });
  const gov = new GovKeeper({
    store: new StoreKey("gov"),
    addresses,
    bank,
    power: pow,
    router,
    guards: guardsOf(() => modules),
  });
  const moduleNames = () => modules.map(({ name }) => name);
  const planning = { addresses, authority, moduleNames, ...upgradeOptions };
  const upgrades = new UpgradeKeeper({ store: new StoreKey("upgrade"), ...planning });
  const views = { addresses, denom: baseDenom, validators: new PowView(pow) };
  const modules: readonly Module[] = [
    upgradeModule(upgrades),
    authModule(accounts, authority),
    bankModule(bank, authority),
    feegrantModule(feegrant),
    authzModule(authz),
    vestingModule({ addresses, accounts, bank }),
    powModule(pow),
    slashingModule(slashing),
    evidenceModule(new StoreKey("evidence"), { addresses, jail: slashing, age: consensus }),
    inferenceModule(market),
    govModule(gov),
    consensusModule(consensus, authority),
    viewsModule({ ...views, supply: bank, consensus }),
    chainModule(addresses, baseDenom),
  ];
  return { modules, accounts, bank, consensus, epochs: pow, feegrant };
}

/** Accounts, what they own, and what they let others do. */
function accountKeepers(addresses: Addresses, router: MessageRouter & Router) {
  const accounts = new AccountKeeper(new StoreKey("acc"), {
    addresses,
    moduleAccounts: moduleAccounts.map(({ name, permissions }) => ({ name, permissions })),
  });
  const blocked = moduleAccounts.filter(({ isOpen }) => !isOpen);
  const bank = new BankKeeper(new StoreKey("bank"), {
    addresses,
    accounts,
    blocked: blocked.map(({ name }) => moduleAddress(name)),
  });
  const grants = { addresses, accounts, bank, router, anyTypes: router };
  const feegrant = new FeegrantKeeper({ store: new StoreKey("feegrant"), ...grants });
  const authz = new AuthzKeeper({ store: new StoreKey("authz"), ...grants });
  return { accounts, bank, feegrant, authz };
}

/** Finds the parameters that a MsgUpdateParams replaces, whatever module they are of. */
export function guardsOf(modules: () => readonly Module[]): ParamGuards {
  return {
    hash: (ctx, typeUrl) =>
      modules()
        .find((module) => module.params?.updateTypeUrl === typeUrl)
        ?.params?.hash(ctx),
  };
}
