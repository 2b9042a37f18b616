/** Finds the method of a request, reads its parameters, runs it. Shared by HTTP and websocket. */
import type { Request } from "./jsonrpc.ts";
import { RpcError } from "./jsonrpc.ts";
import { blockMethods } from "./methods/blocks.ts";
import { consensusMethods } from "./methods/consensus.ts";
import { infoMethods } from "./methods/info.ts";
import type { Method, Methods, RpcContext } from "./methods/method.ts";
import { txMethods } from "./methods/txs.ts";
import { unsafeMethods } from "./methods/unsafe.ts";
import { type Params, readJsonParams } from "./params.ts";

/** Every method that plain HTTP may offer; the websocket adds the subscriptions. */
const methods: Methods = {
  ...infoMethods,
  ...blockMethods,
  ...txMethods,
  ...consensusMethods,
  ...unsafeMethods,
};

/** The methods that this node offers, by name. */
export function offeredMethods({ limits }: RpcContext): Methods {
  const offered = Object.entries(methods).filter(
    ([, { isUnsafe }]) => !isUnsafe || limits.isUnsafe,
  );
  return Object.fromEntries(offered);
}

/** The method of this name; undefined when this node does not offer it. */
export function offeredMethod({ limits }: RpcContext, name: string): Method | undefined {
  const method = Object.hasOwn(methods, name) ? methods[name] : undefined;
  return method?.isUnsafe && !limits.isUnsafe ? undefined : method;
}

/** The method of this name, or -32601. */
export function findMethod(context: RpcContext, name: string): Method {
  const method = offeredMethod(context, name);
  if (!method) throw new RpcError(-32601, "");
  return method;
}

/** Runs a JSON request; throws what the handler throws. */
export async function call(context: RpcContext, request: Request): Promise<unknown> {
  const method = findMethod(context, request.method);
  return await method.handle(context, readJsonParams(method.params, request.params));
}

/** Whether the answer to this call can never change. */
export function isCacheable(method: Method, params: Params): boolean {
  if (method.cacheable === "always") return true;
  return method.cacheable === "height" && params.height !== undefined;
}
