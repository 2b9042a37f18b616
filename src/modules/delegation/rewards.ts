/**
 * distribution, for clients of the simapp profile: fees stay where they were paid to, so that
 * every reward is nothing. Addresses to withdraw to are kept. spec/modules/delegation.md.
 */
import * as q from "cosmjs-types/cosmos/distribution/v1beta1/query";
import * as tx from "cosmjs-types/cosmos/distribution/v1beta1/tx";
import { prefixRange } from "../../store/kv.ts";
import {
  type Context,
  type Module,
  type MsgHandler,
  msgHandler,
  type QueryHandler,
  queryHandler,
} from "../module.ts";
import { stakingErrors } from "./errors.ts";
import type { DelegationKeeper } from "./keeper.ts";
import * as keys from "./keys.ts";

const service = "/cosmos.distribution.v1beta1.Query";
const get = (path: string) => [
  { method: "GET", path: `/cosmos/distribution/v1beta1${path}` } as const,
];

export function distributionModule(keeper: DelegationKeeper): Module {
  return {
    name: "distribution",
    stores: [],
    msgs: [withdraw(keeper), setWithdrawAddress(keeper)],
    queries: [...delegatorQueries(keeper), ...validatorQueries(keeper)],
    initGenesis: () => [],
    exportGenesis: () => undefined,
    invariants: {},
  };
}

function withdraw(keeper: DelegationKeeper): MsgHandler {
  return msgHandler<tx.MsgWithdrawDelegatorReward>({
    typeUrl: tx.MsgWithdrawDelegatorReward.typeUrl,
    responseTypeUrl: tx.MsgWithdrawDelegatorRewardResponse.typeUrl,
    codec: tx.MsgWithdrawDelegatorReward,
    amino: {
      name: "cosmos-sdk/MsgWithdrawDelegationReward",
      toJson: (msg) => ({
        delegator_address: msg.delegatorAddress,
        validator_address: msg.validatorAddress,
      }),
    },
    signers: (msg) => [msg.delegatorAddress],
    validate: (msg) => {
      keeper.addresses.parse(msg.delegatorAddress, "invalid delegator address");
      keeper.operators.parse(msg.validatorAddress, "invalid validator address");
    },
    execute: (ctx, msg) => {
      const delegator = keeper.addresses.parse(msg.delegatorAddress);
      const validator = keeper.operators.parse(msg.validatorAddress);
      if (keeper.delegated(ctx, { delegator, validator }) === 0n) {
        throw stakingErrors.noDelegation("");
      }
      ctx.emit("withdraw_rewards", [
        ["amount", ""],
        ["validator", msg.validatorAddress],
        ["delegator", msg.delegatorAddress],
      ]);
      return tx.MsgWithdrawDelegatorRewardResponse.encode({ amount: [] }).finish();
    },
  });
}

function setWithdrawAddress(keeper: DelegationKeeper): MsgHandler {
  return msgHandler<tx.MsgSetWithdrawAddress>({
    typeUrl: tx.MsgSetWithdrawAddress.typeUrl,
    responseTypeUrl: tx.MsgSetWithdrawAddressResponse.typeUrl,
    codec: tx.MsgSetWithdrawAddress,
    amino: {
      name: "cosmos-sdk/MsgModifyWithdrawAddress",
      toJson: (msg) => ({
        delegator_address: msg.delegatorAddress,
        withdraw_address: msg.withdrawAddress,
      }),
    },
    signers: (msg) => [msg.delegatorAddress],
    validate: (msg) => {
      keeper.addresses.parse(msg.delegatorAddress, "invalid delegator address");
      keeper.addresses.parse(msg.withdrawAddress, "invalid withdraw address");
    },
    execute: (ctx, msg) => {
      const delegator = keeper.addresses.parse(msg.delegatorAddress);
      keeper.setWithdrawAddress(ctx, delegator, keeper.addresses.parse(msg.withdrawAddress));
      ctx.emit("set_withdraw_address", [["withdraw_address", msg.withdrawAddress]]);
      return tx.MsgSetWithdrawAddressResponse.encode({}).finish();
    },
  });
}

/** Operators of the validators that an account has delegated to. */
function validatorsOf(keeper: DelegationKeeper, ctx: Context, delegator: Uint8Array): string[] {
  const prefix = keys.delegationsOfDelegator(delegator);
  return [...keeper.kv(ctx).iterate(prefixRange(prefix))].map(([key]) =>
    keeper.operators.text(keys.readOne(key.subarray(prefix.length))),
  );
}

function delegatorQueries(keeper: DelegationKeeper): readonly QueryHandler[] {
  return [
    queryHandler<q.QueryDelegationRewardsRequest, q.QueryDelegationRewardsResponse>({
      path: `${service}/DelegationRewards`,
      request: q.QueryDelegationRewardsRequest,
      response: q.QueryDelegationRewardsResponse,
      http: get("/delegators/{delegator_address}/rewards/{validator_address}"),
      handle: (ctx, { delegatorAddress, validatorAddress }) => {
        const delegator = keeper.addresses.parse(delegatorAddress);
        const validator = keeper.operators.parse(validatorAddress);
        keeper.knownValidator(ctx, validator);
        if (keeper.delegated(ctx, { delegator, validator }) > 0n) return { rewards: [] };
        throw stakingErrors.noDelegation("");
      },
    }),
    queryHandler<q.QueryDelegationTotalRewardsRequest, q.QueryDelegationTotalRewardsResponse>({
      path: `${service}/DelegationTotalRewards`,
      request: q.QueryDelegationTotalRewardsRequest,
      response: q.QueryDelegationTotalRewardsResponse,
      http: get("/delegators/{delegator_address}/rewards"),
      handle: (ctx, { delegatorAddress }) => {
        const validators = validatorsOf(keeper, ctx, keeper.addresses.parse(delegatorAddress));
        const rewards = validators.map((validatorAddress) => ({ validatorAddress, reward: [] }));
        return { rewards, total: [] };
      },
    }),
    queryHandler<q.QueryDelegatorValidatorsRequest, q.QueryDelegatorValidatorsResponse>({
      path: `${service}/DelegatorValidators`,
      request: q.QueryDelegatorValidatorsRequest,
      response: q.QueryDelegatorValidatorsResponse,
      http: get("/delegators/{delegator_address}/validators"),
      handle: (ctx, { delegatorAddress }) => ({
        validators: validatorsOf(keeper, ctx, keeper.addresses.parse(delegatorAddress)),
      }),
    }),
    queryHandler<q.QueryDelegatorWithdrawAddressRequest, q.QueryDelegatorWithdrawAddressResponse>({
      path: `${service}/DelegatorWithdrawAddress`,
      request: q.QueryDelegatorWithdrawAddressRequest,
      response: q.QueryDelegatorWithdrawAddressResponse,
      http: get("/delegators/{delegator_address}/withdraw_address"),
      handle: (ctx, { delegatorAddress }) => {
        const to = keeper.withdrawAddress(ctx, keeper.addresses.parse(delegatorAddress));
        return { withdrawAddress: keeper.addresses.text(to) };
      },
    }),
  ];
}

function validatorQueries(keeper: DelegationKeeper): readonly QueryHandler[] {
  const check = (ctx: Context, address: string) =>
    void keeper.knownValidator(ctx, keeper.operators.parse(address));
  return [
    queryHandler<q.QueryValidatorCommissionRequest, q.QueryValidatorCommissionResponse>({
      path: `${service}/ValidatorCommission`,
      request: q.QueryValidatorCommissionRequest,
      response: q.QueryValidatorCommissionResponse,
      http: get("/validators/{validator_address}/commission"),
      handle: (ctx, { validatorAddress }) => {
        check(ctx, validatorAddress);
        return { commission: { commission: [] } };
      },
    }),
    queryHandler<
      q.QueryValidatorOutstandingRewardsRequest,
      q.QueryValidatorOutstandingRewardsResponse
    >({
      path: `${service}/ValidatorOutstandingRewards`,
      request: q.QueryValidatorOutstandingRewardsRequest,
      response: q.QueryValidatorOutstandingRewardsResponse,
      http: get("/validators/{validator_address}/outstanding_rewards"),
      handle: (ctx, { validatorAddress }) => {
        check(ctx, validatorAddress);
        return { rewards: { rewards: [] } };
      },
    }),
    queryHandler<q.QueryValidatorSlashesRequest, q.QueryValidatorSlashesResponse>({
      path: `${service}/ValidatorSlashes`,
      request: q.QueryValidatorSlashesRequest,
      response: q.QueryValidatorSlashesResponse,
      http: get("/validators/{validator_address}/slashes"),
      handle: (ctx, { validatorAddress }) => {
        check(ctx, validatorAddress);
        return { slashes: [] };
      },
    }),
    queryHandler<q.QueryCommunityPoolRequest, q.QueryCommunityPoolResponse>({
      path: `${service}/CommunityPool`,
      request: q.QueryCommunityPoolRequest,
      response: q.QueryCommunityPoolResponse,
      http: get("/community_pool"),
      handle: () => ({ pool: [] }),
    }),
    queryHandler<q.QueryParamsRequest, q.QueryParamsResponse>({
      path: `${service}/Params`,
      request: q.QueryParamsRequest,
      response: q.QueryParamsResponse,
      http: get("/params"),
      handle: () => ({
        params: {
          communityTax: "0",
          baseProposerReward: "0",
          bonusProposerReward: "0",
          withdrawAddrEnabled: true,
        },
      }),
    }),
  ];
}
