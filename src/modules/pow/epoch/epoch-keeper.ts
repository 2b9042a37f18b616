/** The running epoch and its beacons: spec/modules/pow.md, "Epoch". */
import { fromU64be, u64be } from "../../../encoding/bytes.ts";
import type { Params } from "../../../gen/gonka/pow/v1/params.ts";
import { Epoch, Phase } from "../../../gen/gonka/pow/v1/types.ts";
import type { StoreKey } from "../../../store/kv.ts";
import { sdkErrors } from "../../errors.ts";
import type { Context } from "../../module.ts";
import { powErrors } from "../errors.ts";
import type { Beacon } from "../expected.ts";
import { currentEpochKey, epochKey, epochPrefix } from "../keys.ts";
import { Table } from "../table.ts";
import { phaseAt, planEpoch } from "./schedule.ts";

export class EpochKeeper {
  readonly epochs: Table<Epoch>;
  readonly #store: StoreKey;
  readonly #beacon: Beacon;
  constructor(store: StoreKey, beacon: Beacon) {
    this.#store = store;
    this.#beacon = beacon;
    this.epochs = new Table({ store, prefix: epochPrefix, codec: Epoch });
  }

  /** The running epoch; undefined before the first block. */
  current(ctx: Context): Epoch | undefined {
    const index = ctx.kv(this.#store).get(currentEpochKey);
    return index && this.epochs.get(ctx, epochKey(fromU64be(index)));
  }

  /** As current. A message or a hook cannot run before the first block. */
  running(ctx: Context): Epoch {
    const epoch = this.current(ctx);
    if (!epoch) throw sdkErrors.notFound("no epoch has begun");
    return epoch;
  }

  /** Whether the block under execution is the first one of an epoch that has not begun yet. */
  begins(ctx: Context): boolean {
    const epoch = this.current(ctx);
    return epoch === undefined || ctx.block.height > epoch.settleHeight;
  }

  /** Starts the next epoch at this block. */
  begin(ctx: Context, params: Params): Epoch {
    const index = (this.current(ctx)?.index ?? 0n) + 1n;
    const epoch = planEpoch(index, ctx.block.height, params);
    this.set(ctx, epoch);
    ctx.emit("epoch_begin", [
      ["epoch", String(index)],
      ["generate_height", String(epoch.generateHeight)],
      ["settle_height", String(epoch.settleHeight)],
    ]);
    return epoch;
  }

  /** Writes the epoch and makes it the running one. */
  set(ctx: Context, epoch: Epoch): void {
    this.epochs.set(ctx, epochKey(epoch.index), epoch);
    ctx.kv(this.#store).set(currentEpochKey, u64be(epoch.index));
  }

  /** Advances the beacon, and draws the one that is due at this height. */
  drawBeacons(ctx: Context): void {
    this.#beacon.advance(ctx);
    const epoch = this.running(ctx);
    const due = {
      beacon1: epoch.beacon1Height,
      beacon2: epoch.generateHeight,
      beacon3: epoch.beacon3Height,
    };
    for (const name of ["beacon1", "beacon2", "beacon3"] as const) {
      if (due[name] !== ctx.block.height) continue;
      const value = this.#beacon.draw(ctx, `${name} of epoch ${epoch.index}`);
      this.set(ctx, { ...epoch, [name]: value });
    }
  }

  /** The running epoch, if a message may name it in this phase. Throws pow code 7 or 8. */
  assertPhase(ctx: Context, index: bigint, phase: Phase): Epoch {
    const epoch = this.running(ctx);
    if (index !== epoch.index) {
      throw powErrors.wrongEpoch(`epoch ${index} is not the running epoch ${epoch.index}`);
    }
    const now = phaseAt(epoch, ctx.block.height);
    if (now !== phase) {
      const detail = `height ${ctx.block.height} is in ${phaseName(now)}`;
      throw powErrors.wrongPhase(`${detail}, not in ${phaseName(phase)}`);
    }
    return epoch;
  }
}

function phaseName(phase: Phase): string {
  const entry = Object.entries(Phase).find(([, value]) => value === phase);
  return (entry?.[0] ?? "PHASE_UNSPECIFIED").slice("PHASE_".length).toLowerCase();
}
