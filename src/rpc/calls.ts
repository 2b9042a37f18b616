/** Finds the method of a request, reads its parameters, runs it. Shared by HTTP and websocket. */
import type { Request } from "./jsonrpc.ts";
import { RpcError } from "./jsonrpc.ts";
import { blockMethods } from "./methods/blocks.ts";
import { consensusMethods } from "./methods/consensus.ts";
import { infoMethods } from "./methods/info.ts";
import type { Method, Methods, RpcContext } from "./methods/method.ts";
import { txMethods } from "./methods/txs.ts";
import { type Params, readJsonParams } from "./params.ts";

/** Every method that plain HTTP offers; the websocket adds the subscriptions. */
export const methods: Methods = {
  ...infoMethods,
  ...blockMethods,
  ...txMethods,
  ...consensusMethods,
};

/** The method of this name, or -32601. */
export function findMethod(name: string): Method {
  const method = Object.hasOwn(methods, name) ? methods[name] : undefined;
  if (!method) throw new RpcError(-32601, "");
  return method;
}

/** Runs a JSON request; throws what the handler throws. */
export async function call(context: RpcContext, request: Request): Promise<unknown> {
  const method = findMethod(request.method);
  return await method.handle(context, readJsonParams(method.params, request.params));
}

/** Whether the answer to this call can never change. */
export function isCacheable(method: Method, params: Params): boolean {
  if (method.cacheable === "always") return true;
  return method.cacheable === "height" && params.height !== undefined;
}
