/** What the application can ask of staking in the simapp profile. */
import { PubKey as Ed25519PubKey } from "cosmjs-types/cosmos/crypto/ed25519/keys";
import { UnbondingDelegation } from "cosmjs-types/cosmos/staking/v1beta1/staking";
import type { ValidatorUpdate } from "cosmjs-types/tendermint/abci/types";
import { prefixRange } from "../../store/kv.ts";
import type { Context, Module } from "../module.ts";
import { exportStakingGenesis, initStakingGenesis } from "./genesis.ts";
import type { DelegationKeeper } from "./keeper.ts";
import { unbondingPrefix } from "./keys.ts";
import { stakingMsgs } from "./msgs.ts";
import { stakingQueries } from "./queries.ts";

export function stakingModule(keeper: DelegationKeeper): Module {
  return {
    name: "staking",
    stores: ["staking"],
    msgs: stakingMsgs(keeper),
    queries: stakingQueries(keeper),
    endBlock: (ctx) => {
      keeper.completeUnbondings(ctx);
      return powerChanges(keeper, ctx);
    },
    initGenesis: (ctx, state) => {
      initStakingGenesis(keeper, ctx, state);
      return powerChanges(keeper, ctx);
    },
    exportGenesis: (ctx) => exportStakingGenesis(keeper, ctx),
    invariants: {
      "the bonded pool owns every delegation": (ctx) => {
        const [total, { bonded }] = [keeper.total(ctx), keeper.pools(ctx)];
        return total === bonded ? undefined : `${total} delegated, ${bonded} in the pool`;
      },
      "the other pool owns what unbonds": (ctx) => {
        const [total, { unbonding }] = [unbondingTotal(keeper, ctx), keeper.pools(ctx)];
        return total === unbonding ? undefined : `${total} unbonds, ${unbonding} in the pool`;
      },
    },
  };
}

/** Validators whose power is another than the engine knows. */
function powerChanges(keeper: DelegationKeeper, ctx: Context): ValidatorUpdate[] {
  const updates: ValidatorUpdate[] = [];
  for (const validator of [...keeper.validators(ctx)]) {
    const operator = keeper.operators.parse(validator.operatorAddress);
    const power = keeper.powerOfValidator(validator);
    if (power === keeper.notedPower(ctx, operator)) continue;
    keeper.notePower(ctx, operator, power);
    const { key } = Ed25519PubKey.decode(validator.consensusPubkey?.value ?? new Uint8Array());
    updates.push({ pubKey: { ed25519: key }, power });
  }
  return updates;
}

function unbondingTotal(keeper: DelegationKeeper, ctx: Context): bigint {
  let total = 0n;
  for (const [, bytes] of keeper.kv(ctx).iterate(prefixRange(unbondingPrefix))) {
    const { entries } = UnbondingDelegation.decode(bytes);
    for (const { balance } of entries) total += BigInt(balance);
  }
  return total;
}
