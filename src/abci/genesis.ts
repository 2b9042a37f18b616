/** InitChain, and its inverse: the whole state as JSON. */
import type {
  RequestInitChain,
  ResponseInitChain,
  ValidatorUpdate,
} from "cosmjs-types/tendermint/abci/types";
import { sha256 } from "../crypto/hash.ts";
import { fromUtf8 } from "../encoding/bytes.ts";
import { GenesisError } from "../modules/module.ts";
import { blockAt, type Runtime } from "./state/runtime.ts";

/** The state of a chain as a genesis document has it. */
export interface ExportedState {
  readonly height: bigint;
  /** app_state: one member per module. */
  readonly appState: Readonly<Record<string, unknown>>;
}

/** Reads the genesis state. Throws GenesisError, which names the place and the problem. */
export function initChain(runtime: Runtime, request: RequestInitChain): ResponseInitChain {
  const { chainId, modules, store, consensus } = runtime.parts;
  if (request.chainId !== chainId) {
    const names = `expected ${JSON.stringify(chainId)}, got ${JSON.stringify(request.chainId)}`;
    throw new GenesisError("chain_id", names);
  }
  const state = readAppState(request.appStateBytes);
  const unknown = Object.keys(state).find((name) => !modules.some((m) => m.name === name));
  if (unknown !== undefined) {
    throw new GenesisError(`app_state.${unknown}`, "no module of this chain has this name");
  }
  if (request.initialHeight > 1n) store.setInitialVersion(request.initialHeight);
  const ctx = runtime.openGenesis({ ...blockAt(request.initialHeight), time: request.time });
  if (!request.consensusParams) throw new GenesisError("consensus_params", "are missing");
  consensus.init(ctx, request.consensusParams);
  const validators: ValidatorUpdate[] = [];
  for (const module of modules) {
    if (!(module.name in state) && module.stores.length > 0) {
      throw new GenesisError(`app_state.${module.name}`, "is missing");
    }
    const updates = module.initGenesis(ctx, state[module.name]);
    for (const update of updates) validators.push(update);
  }
  // An empty list keeps the validators of the genesis document.
  return {
    consensusParams: request.consensusParams,
    validators,
    appHash: sha256(new Uint8Array()),
  };
}

/** The last committed state. */
export function exportState(runtime: Runtime): ExportedState {
  const { height } = runtime.lastBlock;
  const ctx = runtime.contextAt(height);
  if (!ctx) throw new Error("there is no committed state to export");
  const appState: Record<string, unknown> = {};
  for (const module of runtime.parts.modules) {
    const state = module.exportGenesis(ctx);
    if (state !== undefined) appState[module.name] = state;
  }
  return { height, appState };
}

function readAppState(bytes: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    const state: unknown = JSON.parse(fromUtf8(bytes));
    if (typeof state === "object" && state !== null && !Array.isArray(state)) {
      return state as Readonly<Record<string, unknown>>; // JSON objects have string keys.
    }
  } catch (error) {
    throw new GenesisError("app_state", error instanceof Error ? error.message : String(error));
  }
  throw new GenesisError("app_state", "must be an object");
}
