/** MsgExec: messages in the name of others (cosmos-sdk x/authz/keeper DispatchActions). */
import type { MsgExec } from "cosmjs-types/cosmos/authz/v1beta1/tx";
import type { Any } from "cosmjs-types/google/protobuf/any";
import type { KvStore, StoreKey } from "../../store/kv.ts";
import { ModuleError, sdkErrors } from "../errors.ts";
import type { BlockInfo, Context, EventAttributes, GasMeter, MsgHandler } from "../module.ts";
import { authzErrors } from "./errors.ts";
import type { AuthzKeeper } from "./keeper.ts";

/** Gas for routing a message, as for those that stand in the transaction itself. */
const messageCost = 5_000n;
/** MsgExec within MsgExec. A number, because the way in is recursive. */
const maxNesting = 4;

/** What a MsgExec contains. */
type Inner = { readonly handler: MsgHandler; readonly message: unknown };

export class Executor {
  readonly #authz: AuthzKeeper;
  #depth = 0;
  constructor(authz: AuthzKeeper) {
    this.#authz = authz;
  }

  /** Each message inside is one that this chain knows, and would not be refused early. */
  precheck({ msgs }: MsgExec): void {
    this.nested(() => {
      for (const [index, any] of msgs.entries()) {
        const { handler, message } = this.#decode(any);
        named(`msg ${index}`, () => handler.precheck?.(message));
      }
    });
  }

  /** Throws ModuleError; the messages inside are looked at when it is their turn. */
  validate({ grantee, msgs }: MsgExec): void {
    this.#authz.addresses.parse(grantee, "invalid grantee address");
    if (msgs.length === 0) throw sdkErrors.invalidRequest("messages cannot be empty");
  }

  /** Runs the messages in order; all take effect, or none does. Returns what each answers. */
  run(ctx: Context, { grantee: text, msgs }: MsgExec): Uint8Array[] {
    const grantee = this.#authz.addresses.parse(text);
    return this.nested(() =>
      msgs.map((any, index) => {
        ctx.gas.consume(messageCost, "Message");
        const inner = this.#decode(any);
        this.#authorize(ctx, grantee, inner);
        const { handler, message } = inner;
        const listed = new IndexedContext(ctx, index);
        return named("failed to execute message", () => {
          handler.validate(message);
          return handler.execute(listed, message);
        });
      }),
    );
  }

  /** Counts how deep MsgExec stands in MsgExec, whatever stands between them. */
  nested<T>(run: () => T): T {
    if (this.#depth >= maxNesting) {
      throw sdkErrors.invalidRequest(`MsgExec nests deeper than ${maxNesting} levels`);
    }
    this.#depth++;
    try {
      return run();
    } finally {
      this.#depth--;
    }
  }

  #decode(any: Any): Inner {
    return this.#authz.router.decode(any);
  }

  #authorize(ctx: Context, grantee: Uint8Array, { handler, message }: Inner): void {
    const [signer, second] = handler.signers(message);
    if (signer === undefined || second !== undefined) throw authzErrors.numberOfSigners("");
    const granter = this.#authz.addresses.parse(signer);
    if (Buffer.compare(granter, grantee) === 0) return; // Whoever signs for himself needs no grant.
    this.#authz.use(ctx, { granter, grantee }, { msgType: handler.typeUrl, message });
  }
}

/** Says in a refusal where it happened. */
function named<T>(where: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (!(error instanceof ModuleError)) throw error;
    const { codespace, code, message, detail } = error;
    throw new ModuleError(codespace, code, `${where}: ${message}`, `${where}: ${detail}`);
  }
}

/** Events of an inner message say which one it was. */
class IndexedContext implements Context {
  readonly #outer: Context;
  readonly #index: number;
  constructor(outer: Context, index: number) {
    this.#outer = outer;
    this.#index = index;
  }

  get chainId(): string {
    return this.#outer.chainId;
  }

  get block(): BlockInfo {
    return this.#outer.block;
  }

  get gas(): GasMeter {
    return this.#outer.gas;
  }

  get isSimulation(): boolean {
    return this.#outer.isSimulation;
  }

  kv(key: StoreKey): KvStore {
    return this.#outer.kv(key);
  }

  emit(type: string, attributes: EventAttributes): void {
    this.#outer.emit(type, [...attributes, ["authz_msg_index", String(this.#index)]]);
  }

  atomically<T>(run: (ctx: Context) => T): T {
    return this.#outer.atomically((inner) => run(new IndexedContext(inner, this.#index)));
  }
}
