/**
 * The consensus parameters: block limits, evidence age, validator key types, vote extensions. The
 * application returns a change to the engine from the FinalizeBlock in which it becomes active.
 * spec/modules/consensus.md.
 */
import { QueryParamsRequest, QueryParamsResponse } from "cosmjs-types/cosmos/consensus/v1/query";
import { MsgUpdateParams, MsgUpdateParamsResponse } from "cosmjs-types/cosmos/consensus/v1/tx";
import { Timestamp } from "cosmjs-types/google/protobuf/timestamp";
import { ConsensusParams } from "cosmjs-types/tendermint/types/params";
import { parseBase64, toBase64 } from "../../encoding/bytes.ts";
import type { Time } from "../../encoding/time.ts";
import { decodeTotal } from "../../encoding/wire.ts";
import type { StoreKey } from "../../store/kv.ts";
import { validateConsensusParams } from "../../types/consensus-params.ts";
import type { Addresses } from "../addresses.ts";
import { sdkErrors } from "../errors.ts";
import { GenesisValue } from "../genesis-json.ts";
import { type Context, type Module, type MsgHandler, msgHandler, queryHandler } from "../module.ts";
import { ParamStore } from "../params.ts";
import { updateParamsAmino } from "./amino.ts";
import { blockTimeKey, paramsKey, scheduledParamsKey } from "./keys.ts";

const maxParamsBytes = 65_536;
/** Less room than this, in bytes and in gas, and no vote could ever widen it again. */
const blockMinBytes = 131_072n;
const blockMinGas = 1_000_000n;

/** The parameters, and the only code that writes the consensus store. */
export class ConsensusKeeper {
  readonly addresses: Addresses;
  readonly params: ParamStore<ConsensusParams>;
  readonly #store: StoreKey;
  constructor(store: StoreKey, addresses: Addresses) {
    this.#store = store;
    this.addresses = addresses;
    this.params = new ParamStore({
      store,
      codec: ConsensusParams,
      activeKey: paramsKey,
      scheduledKey: scheduledParamsKey,
    });
  }

  get(ctx: Context): ConsensusParams {
    return this.params.get(ctx);
  }

  init(ctx: Context, params: ConsensusParams): void {
    this.params.init(ctx, params);
  }

  /** The time of the block that made this state; undefined before the first. */
  blockTime(ctx: Context): Time | undefined {
    const bytes = ctx.kv(this.#store).get(blockTimeKey);
    return bytes && Timestamp.decode(bytes);
  }

  noteBlockTime(ctx: Context): void {
    ctx.kv(this.#store).set(blockTimeKey, Timestamp.encode({ ...ctx.block.time }).finish());
  }
}

export function consensusModule(keeper: ConsensusKeeper, authority: string): Module {
  return {
    name: "consensus",
    stores: ["consensus"],
    msgs: [updateParams(keeper, authority)],
    queries: [
      queryHandler<QueryParamsRequest, QueryParamsResponse>({
        path: "/cosmos.consensus.v1.Query/Params",
        request: QueryParamsRequest,
        response: QueryParamsResponse,
        http: [{ method: "GET", path: "/cosmos/consensus/v1/params" }],
        handle: (ctx) => ({ params: keeper.get(ctx) }),
      }),
    ],
    params: { updateTypeUrl: MsgUpdateParams.typeUrl, hash: (ctx) => keeper.params.hash(ctx) },
    beginEpoch: (ctx) => {
      keeper.params.activate(ctx);
    },
    beginBlock: (ctx) => keeper.noteBlockTime(ctx),
    // The active ones stand outside app_state, as consensus_params of the genesis document.
    initGenesis: (ctx, state) => {
      const scheduled = new GenesisValue(state, "app_state.consensus").at("scheduled_params");
      if (scheduled.isPresent) keeper.params.schedule(ctx, readScheduled(scheduled));
      return [];
    },
    exportGenesis: (ctx) => {
      const scheduled = keeper.params.scheduled(ctx);
      if (!scheduled) return {};
      return { scheduled_params: toBase64(ConsensusParams.encode(scheduled).finish()) };
    },
    invariants: {
      "the consensus parameters are valid": (ctx) => validateConsensusParams(keeper.get(ctx)),
    },
  };
}

/** Parameters that were scheduled when the state was exported: the message in base64. */
function readScheduled(json: GenesisValue): ConsensusParams {
  const bytes = parseBase64(json.text());
  const params = bytes && decodeTotal(ConsensusParams, bytes, { maxBytes: maxParamsBytes });
  if (!params) throw json.error("must be a ConsensusParams message in base64");
  const bad = validateConsensusParams(params);
  if (bad !== undefined) throw json.error(bad);
  return params;
}

function updateParams(keeper: ConsensusKeeper, authority: string): MsgHandler {
  return msgHandler<MsgUpdateParams>({
    typeUrl: MsgUpdateParams.typeUrl,
    responseTypeUrl: MsgUpdateParamsResponse.typeUrl,
    codec: MsgUpdateParams,
    amino: { name: "cosmos-sdk/x/consensus/MsgUpdateParams", toJson: updateParamsAmino },
    signers: (msg) => [msg.authority],
    validate: (msg) => {
      keeper.addresses.parse(msg.authority, "invalid authority address");
      const params = paramsOf(msg);
      const bad = validateConsensusParams(params) ?? deadlockOf(params);
      if (bad !== undefined) throw sdkErrors.invalidRequest(bad);
    },
    execute: (ctx, msg) => {
      if (msg.authority !== authority) {
        const detail = `invalid authority; expected ${authority}, got ${msg.authority}`;
        throw sdkErrors.unauthorized(detail);
      }
      const { version, abci } = keeper.get(ctx);
      const [before, after] = [abci, msg.abci].map((p) => p?.voteExtensionsEnableHeight ?? 0n);
      if (before !== after) {
        // The engine stops on a height that has passed when the change becomes active.
        throw sdkErrors.invalidRequest("this application has no use for vote extensions");
      }
      keeper.params.schedule(ctx, { ...paramsOf(msg), ...(version && { version }) });
      return MsgUpdateParamsResponse.encode({}).finish();
    },
  });
}

/** Why the chain could not go on, or not change its parameters again; undefined when it can. */
function deadlockOf({ block, validator }: ConsensusParams): string | undefined {
  const { maxBytes = -1n, maxGas = -1n } = block ?? {};
  if (maxBytes !== -1n && maxBytes < blockMinBytes) {
    return `block.max_bytes must be -1 or at least ${blockMinBytes}, got ${maxBytes}`;
  }
  if (maxGas !== -1n && maxGas < blockMinGas) {
    return `block.max_gas must be -1 or at least ${blockMinGas}, got ${maxGas}`;
  }
  if (validator?.pubKeyTypes.includes("ed25519")) return undefined;
  return "validator.pub_key_types must name ed25519: all hosts have such keys";
}

/** All four groups must be given; the version is not among them. */
function paramsOf({ block, evidence, validator, abci }: MsgUpdateParams): ConsensusParams {
  if (!block || !evidence || !validator)
    throw sdkErrors.invalidRequest("all parameters must be set");
  return { block, evidence, validator, ...(abci && { abci }) };
}
