/** Every message, query and Any type of the chain, by name. */
import type { Any } from "cosmjs-types/google/protobuf/any";
import { sdkErrors } from "../../modules/errors.ts";
import type { Codec, Module, MsgHandler, QueryHandler } from "../../modules/module.ts";
import { decodeStrict, type Memory } from "./strict-reader.ts";

/** A message inside a transaction or a proposal may have so many bytes. */
const maxMessageBytes = 1_048_576;

/** A decoded message with the rules of its type. */
export interface RoutedMessage {
  readonly handler: MsgHandler;
  readonly message: unknown;
}

export class Registry {
  readonly #msgs = new Map<string, MsgHandler>();
  readonly #queries = new Map<string, QueryHandler>();
  readonly #anyTypes = new Map<string, Codec<unknown>>();

  /** Adds what a module has. Throws when a name comes twice: two modules claim it. */
  add(module: Pick<Module, "name" | "msgs" | "queries" | "anyTypes">): void {
    for (const msg of module.msgs) {
      claim(this.#msgs, msg.typeUrl, msg);
      claim(this.#anyTypes, msg.typeUrl, msg.codec);
    }
    for (const query of module.queries) claim(this.#queries, query.path, query);
    for (const [typeUrl, codec] of Object.entries(module.anyTypes ?? {})) {
      claim(this.#anyTypes, typeUrl, codec);
    }
  }

  get msgs(): readonly MsgHandler[] {
    return [...this.#msgs.values()];
  }

  get queries(): readonly QueryHandler[] {
    return [...this.#queries.values()];
  }

  /** Whether a message type is known. */
  has(typeUrl: string): boolean {
    return this.#msgs.has(typeUrl);
  }

  query(path: string): QueryHandler | undefined {
    return this.#queries.get(path);
  }

  /** Types that stand in an Any, by type URL: messages, accounts, keys. */
  get anyTypes(): ReadonlyMap<string, Codec<unknown>> {
    return this.#anyTypes;
  }

  /**
   * Decodes a message of a transaction or a proposal; "owned" when nobody will ever write into its
   * bytes. Throws sdk code 2.
   */
  decode({ typeUrl, value }: Any, memory: Memory = "foreign"): RoutedMessage {
    const handler = this.#msgs.get(typeUrl);
    if (!handler) {
      throw sdkErrors.txDecode(`unable to resolve type URL ${typeUrl.slice(0, 200)}`);
    }
    const decoded = decodeStrict(handler.codec, value, {
      unknown: "refuse",
      maxBytes: maxMessageBytes,
      memory,
    });
    if (typeof decoded === "string") throw sdkErrors.txDecode(`${typeUrl}: ${decoded}`);
    return { handler, message: decoded.message };
  }

  /** Decodes what stands in any other Any: an allowance, an authorization. Throws sdk code 2. */
  unpack({ typeUrl, value }: Any): { readonly codec: Codec<unknown>; readonly message: unknown } {
    const codec = this.#anyTypes.get(typeUrl);
    if (!codec) throw sdkErrors.txDecode(`unable to resolve type URL ${typeUrl.slice(0, 200)}`);
    const decoded = decodeStrict(codec, value, { unknown: "refuse", maxBytes: maxMessageBytes });
    if (typeof decoded === "string") throw sdkErrors.txDecode(`${typeUrl}: ${decoded}`);
    return { codec, message: decoded.message };
  }
}

function claim<T>(names: Map<string, T>, name: string, value: T): void {
  if (names.has(name)) throw new Error(`${name} is registered twice`);
  names.set(name, value);
}
