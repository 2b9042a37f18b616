/** A gRPC method that the node answers itself, not the application's state. */
import type { Codec, HttpRule } from "../../modules/module.ts";
import type { ApiBackend } from "../expected.ts";

export interface ServiceMethod<Request extends object = object, Response extends object = object> {
  /** Such as "/cosmos.tx.v1beta1.Service/GetTx". */
  readonly path: string;
  readonly request: Codec<Request>;
  readonly response: Codec<Response>;
  readonly http: readonly HttpRule[];
  /** Throws GrpcError or ModuleError. */
  handle(backend: ApiBackend, request: Request, call: CallOptions): Response | Promise<Response>;
}

/** What a caller asks for beside the request. */
export interface CallOptions {
  /** State height (x-cosmos-block-height); 0 is the latest. */
  readonly height: bigint;
}

/** Gives a method its types where it is written and forgets them where it is listed. */
export function serviceMethod<Request extends object, Response extends object>(
  method: ServiceMethod<Request, Response>,
): ServiceMethod {
  return method as unknown as ServiceMethod;
}
