/** The Context that modules see: one branch of the state, its gas meter, the events so far. */
import type { Event } from "cosmjs-types/tendermint/abci/types";
import type { BlockInfo, Context, EventAttributes, GasMeter } from "../../modules/module.ts";
import type { KvStore, StoreKey } from "../../store/kv.ts";
import { freeGas, MeteredStore, type StoreMeter } from "./gas.ts";
import type { StateLayer } from "./layer.ts";

/** What stays the same in all branches of one block, CheckTx or query. */
export interface Scope {
  readonly chainId: string;
  readonly block: BlockInfo;
  readonly isSimulation: boolean;
}

export class RunContext implements Context {
  readonly scope: Scope;
  readonly gas: GasMeter & StoreMeter;
  readonly #layer: StateLayer;
  readonly #stores = new Map<string, KvStore>();
  #events: Event[] = [];
  constructor(scope: Scope, layer: StateLayer, gas: GasMeter & StoreMeter = freeGas) {
    this.scope = scope;
    this.gas = gas;
    this.#layer = layer;
  }

  get chainId(): string {
    return this.scope.chainId;
  }

  get block(): BlockInfo {
    return this.scope.block;
  }

  get isSimulation(): boolean {
    return this.scope.isSimulation;
  }

  kv({ name }: StoreKey): KvStore {
    let store = this.#stores.get(name);
    if (!store) {
      const branch = this.#layer.store(name);
      store = this.gas === freeGas ? branch : new MeteredStore(branch, this.gas);
      this.#stores.set(name, store);
    }
    return store;
  }

  emit(type: string, attributes: EventAttributes): void {
    const listed = attributes.map(([key, value]) => ({ key, value, index: true }));
    this.#events.push({ type, attributes: listed });
  }

  atomically<T>(run: (ctx: Context) => T): T {
    const branch = this.branch(this.gas);
    const result = run(branch);
    this.merge(branch);
    return result;
  }

  /** A context over this one, with its own events and, for a transaction, its own meter. */
  branch(gas: GasMeter & StoreMeter, scope: Scope = this.scope): RunContext {
    return new RunContext(scope, this.#layer.child(), gas);
  }

  /** Takes over the writes of a branch of this context, and returns its events. */
  absorb(branch: RunContext): Event[] {
    branch.#layer.merge();
    return branch.takeEvents();
  }

  /** Takes over the writes and the events of a branch. */
  merge(branch: RunContext): void {
    // One by one: as arguments of one call, many would overflow the stack.
    for (const event of this.absorb(branch)) this.#events.push(event);
  }

  /** The events since the start or the last call. */
  takeEvents(): Event[] {
    const events = this.#events;
    this.#events = [];
    return events;
  }
}
