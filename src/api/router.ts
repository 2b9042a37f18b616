/**
 * One table for every gRPC method of the node: the application's queries, which go through ABCI
 * query, and the node's own services. REST is a door to it; gRPC is another.
 */
import type { Codec, HttpRule } from "../modules/module.ts";
import type { ApiBackend } from "./expected.ts";
import { fromAbci } from "./grpc-error.ts";
import { nodeService } from "./services/node-service.ts";
import type { CallOptions } from "./services/service.ts";
import { tendermintService } from "./services/tendermint-service.ts";
import { txService } from "./services/tx-service.ts";

/** A method with its types forgotten: what a door needs. */
export interface Route {
  readonly path: string;
  readonly request: Codec<object>;
  readonly response: Codec<object>;
  readonly http: readonly HttpRule[];
  /** Throws GrpcError or ModuleError. */
  call(request: object, options: CallOptions): Promise<Answer>;
}

/** The response and the height of the state it describes. */
export interface Answer {
  readonly response: object;
  readonly height: bigint;
}

/** Every method of the node, each once. */
export function routesOf(backend: ApiBackend): readonly Route[] {
  const services = [...txService, ...tendermintService, ...nodeService].map(
    ({ path, request, response, http, handle }): Route => ({
      path,
      request,
      response,
      http,
      call: async (message, options) => ({
        response: await handle(backend, message, options),
        height: backend.latestHeight(),
      }),
    }),
  );
  const queries = backend.queries.map(({ path, request, response, http }): Route => {
    const codecs = { request: request as Codec<object>, response: response as Codec<object> };
    return {
      path,
      ...codecs,
      http,
      call: async (message, { height }) => {
        const data = codecs.request.encode(message).finish();
        const answer = backend.query({ path, data, height, prove: false });
        if (answer.code !== 0) throw fromAbci(answer.codespace, answer.code, answer.log);
        return { response: codecs.response.decode(answer.value), height: answer.height };
      },
    };
  });
  return [...services, ...queries];
}
