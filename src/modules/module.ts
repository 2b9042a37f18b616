/**
 * What a module is to the application: messages, queries, hooks, genesis, invariants. abci/app.ts
 * joins the modules; no module knows another except through its own expected.ts.
 */
import type { Misbehavior, ValidatorUpdate, VoteInfo } from "cosmjs-types/tendermint/abci/types";
import type { Time } from "../encoding/time.ts";
import type { KvStore, StoreKey } from "../store/kv.ts";

/** Encoder and decoder of one protobuf message: what cosmjs-types and src/gen both provide. */
export interface Codec<T> {
  encode(message: T): { finish(): Uint8Array };
  decode(bytes: Uint8Array): T;
  // Method syntax on purpose: generated fromJSON takes any.
  fromJSON(object: object): T;
  toJSON(message: T): unknown;
  /** Fields that are decimals: whole numbers on the wire, with a point in REST. */
  readonly decimals?: readonly string[];
}

/** What the block under execution is; for CheckTx and queries, the last committed one. */
export interface BlockInfo {
  readonly height: bigint;
  readonly time: Time;
  /** Hash of the header of this block (empty in CheckTx and InitChain). */
  readonly hash: Uint8Array;
  readonly proposerAddress: Uint8Array;
  /** Who signed the previous block, in validator-set order. */
  readonly lastVotes: readonly VoteInfo[];
  readonly misbehavior: readonly Misbehavior[];
}

/** Counts gas; consume throws sdk code 11 when the limit is passed. Amounts are in gas units. */
export interface GasMeter {
  readonly limit: bigint;
  readonly consumed: bigint;
  consume(amount: bigint, descriptor: string): void;
}

/** One branch of the state with everything a rule may depend on. */
export interface Context {
  readonly chainId: string;
  readonly block: BlockInfo;
  readonly gas: GasMeter;
  /** True while a transaction is only estimated: signatures may be empty, nothing is kept. */
  readonly isSimulation: boolean;
  /** The sub-store of this key, metered for gas. */
  kv(key: StoreKey): KvStore;
  /** Adds an event; the attributes keep their order. */
  emit(type: string, attributes: EventAttributes): void;
  /** Runs on a branch: its writes and events are kept if it returns, dropped if it throws. */
  atomically<T>(run: (ctx: Context) => T): T;
}

/** Attributes of an event, in order. All of them are indexed. */
export type EventAttributes = readonly (readonly [key: string, value: string])[];

/** How one message type is decoded, signed, checked and executed. */
export interface MsgHandler<T = unknown> {
  /** Such as "/cosmos.bank.v1beta1.MsgSend". */
  readonly typeUrl: string;
  readonly codec: Codec<T>;
  /** Legacy amino JSON: the name in {"type": name, "value": ...} and the value. */
  readonly amino: { readonly name: string; toJson(message: T): unknown };
  /**
   * The bech32 addresses that must sign, in order, without repetition. Throws ModuleError where
   * one follows from a field that is malformed.
   */
  signers(message: T): readonly string[];
  /**
   * Reads the message alone, before any state and any signature: what the SDK refuses while it
   * decodes, and whatever else CheckTx shall keep out of the mempool. Throws ModuleError.
   */
  precheck?(message: T): void;
  /** Reads the message alone, right before it is executed: after the fee. Throws ModuleError. */
  validate(message: T): void;
  /** Takes full effect or throws ModuleError. Returns the encoded Msg...Response. */
  execute(ctx: Context, message: T): Uint8Array;
  /** The Msg...Response, for JSON output. */
  readonly responseTypeUrl: string;
}

/** A REST door to a query: GET with {field} in the path; further fields from the query string. */
export interface HttpRule {
  readonly method: "GET" | "POST";
  /** Such as "/cosmos/bank/v1beta1/balances/{address}"; names are snake_case proto fields. */
  readonly path: string;
}

/** One gRPC method of a module's Query service; ABCI query, REST (and gRPC) are doors to it. */
export interface QueryHandler<Request = unknown, Response = unknown> {
  /** Such as "/cosmos.bank.v1beta1.Query/Balance". */
  readonly path: string;
  readonly request: Codec<Request>;
  readonly response: Codec<Response>;
  readonly http: readonly HttpRule[];
  /** Throws ModuleError; errors.ts grpcStatus says which gRPC status each one becomes. */
  handle(ctx: Context, request: Request): Response;
}

/** The parameters of a module as governance sees them. */
export interface GuardedParams {
  /** Type URL of the module's MsgUpdateParams. */
  readonly updateTypeUrl: string;
  /** Hash of the parameters that are scheduled, or else active. */
  hash(ctx: Context): Uint8Array;
}

/** A module. Hooks run in the order in which app.ts lists the modules. */
export interface Module {
  readonly name: string;
  /** Names of the sub-stores it owns (usually one, named after the module). */
  readonly stores: readonly string[];
  readonly msgs: readonly MsgHandler[];
  readonly queries: readonly QueryHandler[];
  /** Further messages that stand in its google.protobuf.Any fields, by type URL: accounts, keys. */
  readonly anyTypes?: Readonly<Record<string, Codec<unknown>>>;
  /** What a proposal to change its parameters is guarded by; none when it has no parameters. */
  readonly params?: GuardedParams;
  /** Before anything else of a block, also before beginEpoch: planned upgrades. */
  beforeBlock?(ctx: Context): void;
  beginBlock?(ctx: Context): void;
  endBlock?(ctx: Context): readonly ValidatorUpdate[];
  /** First block of an epoch, before beginBlock of any module: scheduled parameters take effect. */
  beginEpoch?(ctx: Context): void;
  /**
   * Reads app_state[name], undefined where a module without stores has none; throws GenesisError
   * that names the JSON path and the fix.
   */
  initGenesis(ctx: Context, state: unknown): readonly ValidatorUpdate[];
  /** The inverse of initGenesis: plain JSON; undefined for nothing. */
  exportGenesis(ctx: Context): unknown;
  /** Name to check: undefined when it holds, else what is broken. */
  readonly invariants: Readonly<Record<string, (ctx: Context) => string | undefined>>;
}

/** A genesis value that cannot be used. path such as "app_state.bank.balances[3].coins". */
export class GenesisError extends Error {
  readonly path: string;
  constructor(path: string, problem: string) {
    super(`${path}: ${problem}`);
    this.name = "GenesisError";
    this.path = path;
  }
}

/** Gives a handler its types where it is written and forgets them where it is listed. */
export function msgHandler<T>(handler: MsgHandler<T>): MsgHandler {
  return handler as unknown as MsgHandler;
}

/** All that can be said against a message that stands in another one. Throws ModuleError. */
export function checkMessage({ handler, message }: Nested): void {
  handler.precheck?.(message);
  handler.validate(message);
}

interface Nested {
  readonly handler: MsgHandler;
  readonly message: unknown;
}

/** As msgHandler, for queries. */
export function queryHandler<Request, Response>(
  handler: QueryHandler<Request, Response>,
): QueryHandler {
  return handler as unknown as QueryHandler;
}
