/**
 * Builds the modules of the simapp profile: what the test suites of Cosmos clients expect of the
 * SDK's example chain. Delegations decide instead of proof of work; no Sprints, no market.
 */
import { moduleAddress } from "../modules/addresses.ts";
import { AccountKeeper } from "../modules/auth/keeper.ts";
import { authModule } from "../modules/auth/module.ts";
import type { Router } from "../modules/authz/expected.ts";
import { AuthzKeeper } from "../modules/authz/keeper.ts";
import { authzModule } from "../modules/authz/module.ts";
import { BankKeeper } from "../modules/bank/keeper.ts";
import { bankModule } from "../modules/bank/module.ts";
import { chainModule } from "../modules/chain/module.ts";
import { ConsensusKeeper, consensusModule } from "../modules/consensus/module.ts";
import { economyModules } from "../modules/delegation/economy.ts";
import { DelegationKeeper } from "../modules/delegation/keeper.ts";
import { stakingModule } from "../modules/delegation/module.ts";
import { distributionModule } from "../modules/delegation/rewards.ts";
import { FeegrantKeeper } from "../modules/feegrant/keeper.ts";
import { feegrantModule } from "../modules/feegrant/module.ts";
import type { MessageRouter } from "../modules/gov/expected.ts";
import { GovKeeper } from "../modules/gov/keeper.ts";
import { govModule } from "../modules/gov/module.ts";
import type { Module } from "../modules/module.ts";
import { vestingModule } from "../modules/vesting/module.ts";
import { StoreKey } from "../store/kv.ts";
import { feeCollectorName } from "./ante/fees.ts";
import { guardsOf, type Identity, type Wired } from "./wiring.ts";

/** The accounts of modules. No message may send to one. */
const moduleAccounts = [
  { name: feeCollectorName, permissions: [] },
  { name: "gov", permissions: ["burner"] },
  { name: "bonded_tokens_pool", permissions: ["burner", "staking"] },
  { name: "not_bonded_tokens_pool", permissions: ["burner", "staking"] },
];

export function wireSimapp(
  { addresses, baseDenom }: Identity,
  router: MessageRouter & Router,
): Wired {
  const authority = addresses.text(moduleAddress("gov"));
  const accounts = new AccountKeeper(new StoreKey("acc"), { addresses, moduleAccounts });
  const blocked = moduleAccounts.map(({ name }) => moduleAddress(name));
  const bank = new BankKeeper(new StoreKey("bank"), { addresses, accounts, blocked });
  const grants = { addresses, accounts, bank, router, anyTypes: router };
  const feegrant = new FeegrantKeeper({ store: new StoreKey("feegrant"), ...grants });
  const authz = new AuthzKeeper({ store: new StoreKey("authz"), ...grants });
  const consensus = new ConsensusKeeper(new StoreKey("consensus"), addresses);
  const delegations = new DelegationKeeper(new StoreKey("staking"), { addresses, bank });
  const gov = new GovKeeper({
    store: new StoreKey("gov"),
    addresses,
    bank,
    power: delegations,
    router,
    guards: guardsOf(() => modules),
  });
  const modules: readonly Module[] = [
    authModule(accounts, authority),
    bankModule(bank, authority),
    feegrantModule(feegrant),
    authzModule(authz),
    vestingModule({ addresses, accounts, bank }),
    stakingModule(delegations),
    distributionModule(delegations),
    ...economyModules(delegations),
    govModule(gov),
    consensusModule(consensus, authority),
    chainModule(addresses, baseDenom),
  ];
  // Without epochs, parameters take effect in the block after the vote.
  const epochs = { beginsEpoch: () => true };
  return { modules, accounts, bank, consensus, epochs, feegrant };
}
