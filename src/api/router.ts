/**
 * One table for every gRPC method of the node: the application's queries, which go through ABCI
 * query, and the node's own services. gRPC, grpc-web, REST and ABCI query are doors to it.
 */
import { decodeTotal } from "../encoding/wire.ts";
import type { Codec, HttpRule } from "../modules/module.ts";
import { annotate } from "./descriptors/annotations.ts";
import { DescriptorPool } from "./descriptors/pool.ts";
import type { ApiBackend } from "./expected.ts";
import { fromAbci, GrpcError, grpcCode } from "./grpc-error.ts";
import { nodeService } from "./services/node-service.ts";
import { reflectionService } from "./services/reflection-service.ts";
import type { CallOptions, ServiceMethod } from "./services/service.ts";
import { tendermintService } from "./services/tendermint-service.ts";
import { txService } from "./services/tx-service.ts";

/** A method with its types forgotten: what a door needs. */
export interface Route {
  /** Such as "/cosmos.bank.v1beta1.Query/Balance". */
  readonly path: string;
  readonly request: Codec<object>;
  readonly response: Codec<object>;
  readonly http: readonly HttpRule[];
  /** Throws GrpcError or ModuleError. */
  call(request: object, options: CallOptions): Promise<Answer>;
  /** The same, from and to protobuf bytes. */
  callBytes(request: Uint8Array, options: CallOptions): Promise<EncodedAnswer>;
}

/** The response and the height of the state it describes. */
export interface Answer {
  readonly response: object;
  readonly height: bigint;
}
export interface EncodedAnswer {
  readonly response: Uint8Array;
  readonly height: bigint;
}

/** The methods that the node answers itself. */
const services: readonly ServiceMethod[] = [
  ...txService,
  ...tendermintService,
  ...nodeService,
  ...reflectionService,
];
const requestLimits = { maxBytes: 16 * 1024 * 1024, maxDepth: 100 };

export class Router {
  readonly backend: ApiBackend;
  /** Every method of the node, each once. */
  readonly routes: readonly Route[];
  readonly #services: ReadonlyMap<string, Route>;
  #descriptors: DescriptorPool | undefined;

  constructor(backend: ApiBackend) {
    this.backend = backend;
    const own = services.map((method) => serviceRoute(this, method));
    this.#services = new Map(own.map((route) => [route.path, route]));
    const queries = backend.queries.filter(({ path }) => !this.#services.has(path));
    this.routes = [...own, ...queries.map((query) => queryRoute(backend, query))];
  }

  /** A method that is the node's own: the application does not know it. */
  service(path: string): Route | undefined {
    return this.#services.get(path);
  }

  /** Names of the services, sorted: "cosmos.bank.v1beta1.Query". */
  get serviceNames(): readonly string[] {
    return [...new Set(this.routes.map(({ path }) => path.split("/")[1] ?? ""))].sort();
  }

  /** Descriptors with this table's annotations; read when the first client asks. */
  get descriptors(): DescriptorPool {
    this.#descriptors ??= DescriptorPool.open((set) =>
      annotate(set, this.routes, this.backend.messages),
    );
    return this.#descriptors;
  }
}

function serviceRoute(router: Router, method: ServiceMethod): Route {
  const { path, request, response, http, handle } = method;
  const call = async (message: object, options: CallOptions): Promise<Answer> => ({
    response: await handle(router.backend, message, options),
    height: router.backend.latestHeight(),
  });
  return {
    ...{ path, request, response, http, call },
    callBytes: async (bytes, options) => {
      const message = decodeTotal(request, bytes, requestLimits);
      if (!message) throw new GrpcError(grpcCode.internal, `grpc: error unmarshalling request`);
      const answer = await call(message, options);
      return { response: response.encode(answer.response).finish(), height: answer.height };
    },
  };
}

function queryRoute(backend: ApiBackend, query: ApiBackend["queries"][number]): Route {
  const { path, http } = query;
  const request = query.request as Codec<object>;
  const response = query.response as Codec<object>;
  const ask = (data: Uint8Array, { height }: CallOptions): EncodedAnswer => {
    const answer = backend.query({ path, data, height, prove: false });
    if (answer.code !== 0) throw fromAbci(answer.codespace, answer.code, answer.log);
    return { response: answer.value, height: answer.height };
  };
  return {
    ...{ path, request, response, http },
    callBytes: async (bytes, options) => ask(bytes, options),
    call: async (message, options) => {
      const answer = ask(request.encode(message).finish(), options);
      return { response: response.decode(answer.response), height: answer.height };
    },
  };
}
