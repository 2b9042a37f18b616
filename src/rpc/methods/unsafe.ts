/**
 * Methods that change what this node does, for its operator (cometbft rpc/core/net.go, dev.go).
 * Offered only with rpc.unsafe: whoever reaches the port may call them.
 */
import type { Params } from "../params.ts";
import { booleanParam, type Methods, type RpcContext, refuse } from "./method.ts";

/** Addresses in one call at most. */
const maxAddresses = 100;

export const unsafeMethods: Methods = {
  dial_seeds: {
    params: [["seeds", "strings"]],
    isUnsafe: true,
    handle: (context, params) => {
      dialAll(context, addresses(params, "seeds"), "once");
      return { log: "Dialing seeds in progress. See /net_info for details" };
    },
  },
  dial_peers: {
    params: [
      ["peers", "strings"],
      ["persistent", "bool"],
      ["unconditional", "bool"],
      ["private", "bool"],
    ],
    isUnsafe: true,
    handle: (context, params) => {
      const keep = booleanParam(params, "persistent") ? "always" : "once";
      dialAll(context, addresses(params, "peers"), keep);
      return { log: "Dialing peers in progress. See /net_info for details" };
    },
  },
  unsafe_flush_mempool: {
    params: [],
    isUnsafe: true,
    handle: ({ pool }) => {
      pool.flush();
      return {};
    },
  },
};

function addresses(params: Params, name: "seeds" | "peers"): readonly string[] {
  const list = (params[name] as readonly string[] | undefined) ?? []; // Of kind "strings".
  if (list.length === 0) throw refuse(`no ${name} provided`);
  if (list.length > maxAddresses) throw refuse(`more than ${maxAddresses} ${name}`);
  return list;
}

function dialAll({ node }: RpcContext, list: readonly string[], keep: "always" | "once"): void {
  for (const address of list) {
    const problem = node.dial(address, keep);
    if (problem !== undefined) throw refuse(problem);
  }
}
