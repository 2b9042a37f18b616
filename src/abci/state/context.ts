/** The Context that modules see: the state, its gas meter, the events so far. */
import type { Event } from "cosmjs-types/tendermint/abci/types";
import type { BlockInfo, Context, EventAttributes, GasMeter } from "../../modules/module.ts";
import type { KvStore, StoreKey } from "../../store/kv.ts";
import { freeGas, MeteredStore, type StoreMeter } from "./gas.ts";
import type { StateLayer } from "./layer.ts";

/** What stays the same in all contexts of one block, CheckTx or query. */
export interface Scope {
  readonly chainId: string;
  readonly block: BlockInfo;
  readonly isSimulation: boolean;
}

export class RunContext implements Context {
  readonly scope: Scope;
  readonly gas: GasMeter & StoreMeter;
  readonly #layer: StateLayer;
  /** The stores that were asked for, with their names: few, so a search beats a Map. */
  readonly #names: string[] = [];
  readonly #stores: KvStore[] = [];
  #events: Event[] = [];
  /** Whether somebody will read the events. */
  readonly #isHeard: boolean;
  constructor(
    scope: Scope,
    layer: StateLayer,
    gas: GasMeter & StoreMeter = freeGas,
    events: "heard" | "unheard" = "heard",
  ) {
    this.scope = scope;
    this.gas = gas;
    this.#layer = layer;
    this.#isHeard = events === "heard";
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
    const names = this.#names;
    for (let i = 0; i < names.length; i++) {
      if (names[i] === name) return this.#stores[i] as KvStore; // One for each name.
    }
    const branch = this.#layer.store(name);
    const store = this.gas === freeGas ? branch : new MeteredStore(branch, this.gas);
    names.push(name);
    this.#stores.push(store);
    return store;
  }

  emit(type: string, attributes: EventAttributes): void {
    if (!this.#isHeard) return;
    const listed = attributes.map(([key, value]) => ({ key, value, index: true }));
    this.#events.push({ type, attributes: listed });
  }

  /** Adds an event that is shared with other runs of the transaction. */
  announce(event: Event): void {
    if (this.#isHeard) this.#events.push(event);
  }

  atomically<T>(run: (ctx: Context) => T): T {
    const place = this.begin();
    const count = this.#events.length;
    try {
      const result = run(this);
      this.keep();
      return result;
    } catch (error) {
      this.undo(place);
      this.#events.length = Math.min(count, this.#events.length);
      throw error;
    }
  }

  /** A context over the same state, with its own events and its own meter: of a transaction. */
  metered(gas: GasMeter & StoreMeter, events: "heard" | "unheard" = "heard"): RunContext {
    return new RunContext(this.scope, this.#layer, gas, events);
  }

  /** From here on, writes can be taken back. Ends with keep, or with undo of the result. */
  begin(): number {
    return this.#layer.undoLog.open();
  }

  /** The writes since the last begin that is not ended stay. */
  keep(): void {
    this.#layer.undoLog.keep();
  }

  /** Takes back the writes since the begin that returned this place. */
  undo(place: number): void {
    this.#layer.undoLog.undo(place);
  }

  /** The events since the start or the last call. */
  takeEvents(): Event[] {
    const events = this.#events;
    this.#events = [];
    return events;
  }
}
