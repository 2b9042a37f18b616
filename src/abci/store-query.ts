/**
 * ABCI Query of raw store values: /store/NAME/key, with a proof if asked for, and
 * /store/NAME/subspace. Codes and texts are those of cosmossdk.io/store. spec/abci.md, "Query".
 */
import { Pairs } from "cosmjs-types/cosmos/store/internal/kv/v1beta1/kv";
import type { RequestQuery, ResponseQuery } from "cosmjs-types/tendermint/abci/types";
import type { ProofOps } from "cosmjs-types/tendermint/crypto/proof";
import { utf8 } from "../encoding/bytes.ts";
import { moduleErrors, sdkErrors } from "../modules/errors.ts";
import { prefixRange } from "../store/kv.ts";
import type { CommittedState } from "./expected.ts";
import type { Runtime } from "./state/runtime.ts";

/** The codespace of the SDK's store module (store/types/errors.go). */
const storeErrors = moduleErrors(
  "store",
  { txDecode: 3, unknownRequest: 4, invalidRequest: 7 },
  {
    txDecode: "tx parse error",
    unknownRequest: "unknown request",
    invalidRequest: "invalid request",
  },
);
/** A subspace is answered whole, so it must end somewhere. */
const maxSubspaceBytes = 16 << 20;

/** Answers a request whose path begins with /store. Throws ModuleError. */
export function storeQuery(runtime: Runtime, request: RequestQuery): Partial<ResponseQuery> {
  const { name, kind } = splitPath(request.path);
  const latest = runtime.lastBlock.height;
  if (latest === 0n) throw sdkErrors.invalidHeight("app is not ready; please wait for first block");
  const height = request.height === 0n ? latest : request.height;
  if (request.prove && height <= 1n) {
    const advice = "please provide a valid height";
    throw sdkErrors.invalidRequest(`cannot query with proof when height <= 1; ${advice}`);
  }
  if (!runtime.parts.modules.some((module) => module.stores.includes(name))) {
    throw storeErrors.unknownRequest(`no such store: ${name.slice(0, 100)}`);
  }
  if (request.data.length === 0) throw storeErrors.txDecode("query cannot be zero length");
  if (kind !== "/key" && kind !== "/subspace") {
    throw storeErrors.unknownRequest(`unexpected query path: ${kind.slice(0, 200)}`);
  }
  const state = runtime.parts.store.at(height);
  if (!state) {
    throw storeErrors.invalidRequest(
      request.prove
        ? "proof is unexpectedly empty; ensure height has not been pruned"
        : "version does not exist",
    );
  }
  const key = request.data;
  if (kind === "/subspace") return { key, value: subspace(state, name, key), height };
  const value = state.store(name).get(key) ?? new Uint8Array();
  if (!request.prove) return { key, value, height };
  return { key, value, height, proofOps: proofOps(state, name, key) };
}

/** From the key to the root of its store, and from there to the application hash. */
function proofOps(state: CommittedState, name: string, key: Uint8Array): ProofOps {
  const proof = state.prove(name, key);
  return {
    ops: [
      { type: "ics23:iavl", key, data: proof.key },
      { type: "ics23:simple", key: utf8(name), data: proof.store },
    ],
  };
}

/** All pairs under a prefix, as the SDK's kv.Pairs. */
function subspace(state: CommittedState, name: string, prefix: Uint8Array): Uint8Array {
  const pairs = [];
  let bytes = 0;
  for (const [key, value] of state.store(name).iterate(prefixRange(prefix))) {
    bytes += key.length + value.length;
    if (bytes > maxSubspaceBytes) {
      throw storeErrors.invalidRequest(`more than ${maxSubspaceBytes} bytes; ask for less`);
    }
    pairs.push({ key, value });
  }
  return Pairs.encode({ pairs }).finish();
}

/** /store/NAME/REST into NAME and /REST. */
function splitPath(path: string): { readonly name: string; readonly kind: string } {
  const [, , name = "", ...rest] = path.split("/");
  return { name, kind: rest.length === 0 ? "" : `/${rest.join("/")}` };
}
