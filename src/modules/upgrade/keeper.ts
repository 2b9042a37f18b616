/**
 * Planned changes of the program: the plan, what was carried out, and the halt at its height. The
 * only code that writes the upgrade store. spec/modules/upgrade.md.
 */
import { Plan } from "cosmjs-types/cosmos/upgrade/v1beta1/upgrade";
import { fromU64be, fromUtf8, u64be } from "../../encoding/bytes.ts";
import { zeroTime } from "../../encoding/time.ts";
import { type KvStore, prefixRange, type StoreKey } from "../../store/kv.ts";
import type { Addresses } from "../addresses.ts";
import { sdkErrors } from "../errors.ts";
import type { Context } from "../module.ts";
import { UpgradeNeeded, type UpgradePlan, WrongProgram } from "./halt.ts";
import * as keys from "./keys.ts";

/** Changes the state of a chain from the rules before to those of this program. */
export type UpgradeHandler = (ctx: Context) => void;

/** Where the module says what it does. */
export interface UpgradeLog {
  info(message: string): void;
  error(message: string): void;
}

/** What upgrades are built from. */
export interface UpgradeParts {
  readonly store: StoreKey;
  readonly addresses: Addresses;
  /** The one account that may plan: gov's. */
  readonly authority: string;
  /** What this program knows to carry out, by plan name. Those of the past stay. */
  readonly handlers: ReadonlyMap<string, UpgradeHandler>;
  /** Heights whose plan the operators of the network agreed to drop. */
  readonly skipHeights: ReadonlySet<bigint>;
  readonly log: UpgradeLog;
  /** Names of the modules of this program. */
  moduleNames(): readonly string[];
}

/** Version of each module's state; rises with its first migration. */
const moduleVersion = 1n;

export class UpgradeKeeper {
  readonly parts: UpgradeParts;
  /** Whether this run has seen that the program is not older than the chain. */
  #isProgramChecked = false;
  constructor(parts: UpgradeParts) {
    this.parts = parts;
  }

  plan(ctx: Context): Plan | undefined {
    const bytes = this.kv(ctx).get(keys.planKey);
    return bytes && Plan.decode(bytes);
  }

  /** Replaces whatever was planned. Throws sdk code 18. */
  schedule(ctx: Context, plan: UpgradePlan): void {
    if (plan.height < ctx.block.height) {
      throw sdkErrors.invalidRequest("upgrade cannot be scheduled in the past");
    }
    if (this.doneHeight(ctx, plan.name) !== 0n) {
      const detail = `upgrade with name ${plan.name} has already been completed`;
      throw sdkErrors.invalidRequest(detail);
    }
    const { name, height, info } = plan;
    const bytes = Plan.encode({ name, height, info, time: { ...zeroTime } }).finish();
    this.kv(ctx).set(keys.planKey, bytes);
  }

  cancel(ctx: Context): void {
    this.kv(ctx).delete(keys.planKey);
  }

  /** The height at which a plan was carried out; 0 when it was not. */
  doneHeight(ctx: Context, name: string): bigint {
    return this.done(ctx).find((plan) => plan.name === name)?.height ?? 0n;
  }

  /** Every plan that was carried out, in the order of heights. */
  done(ctx: Context): { readonly height: bigint; readonly name: string }[] {
    const pairs = [...this.kv(ctx).iterate(prefixRange(keys.donePrefix))];
    return pairs.map(([key]) => keys.readDoneKey(key));
  }

  markDone(ctx: Context, height: bigint, name: string): void {
    this.kv(ctx).set(keys.doneKey(height, name), Uint8Array.of(1));
  }

  versions(ctx: Context): { readonly name: string; readonly version: bigint }[] {
    const pairs = [...this.kv(ctx).iterate(prefixRange(keys.versionPrefix))];
    return pairs.map(([key, value]) => ({
      name: fromUtf8(key.subarray(1)),
      version: fromU64be(value),
    }));
  }

  /** Notes the modules that this program has. */
  writeVersions(ctx: Context): void {
    for (const name of this.parts.moduleNames()) {
      this.kv(ctx).set(keys.versionKey(name), u64be(moduleVersion));
    }
  }

  /**
   * Before anything of a block: carries out the plan that is due, or stops. Throws UpgradeNeeded
   * and WrongProgram, which end the node: no block is decided here otherwise.
   */
  beforeBlock(ctx: Context): void {
    const plan = this.plan(ctx);
    const isDue = plan !== undefined && plan.height <= ctx.block.height;
    const isSkipped = this.parts.skipHeights.has(ctx.block.height);
    if (!isDue || isSkipped) this.#checkProgram(ctx);
    if (!plan) return;
    const handler = this.parts.handlers.get(plan.name);
    if (!isDue) {
      if (!handler) return;
      const text = `UPGRADE "${plan.name}" - in binary but not executed on chain`;
      throw new WrongProgram(`BINARY UPDATED BEFORE TRIGGER! ${text}. Downgrade your binary`);
    }
    if (isSkipped) {
      this.parts.log.info(`UPGRADE "${plan.name}" SKIPPED at ${plan.height}: ${plan.info}`);
      this.cancel(ctx);
      return;
    }
    if (!handler) throw this.#needed(plan);
    this.parts.log.info(`applying upgrade "${plan.name}" at height: ${plan.height}`);
    handler(ctx);
    this.writeVersions(ctx);
    this.cancel(ctx);
    this.markDone(ctx, ctx.block.height, plan.name);
    this.#isProgramChecked = true;
  }

  #needed({ name, height, info }: Plan): UpgradeNeeded {
    const needed = new UpgradeNeeded({ name, height, info });
    this.parts.log.error(needed.message);
    return needed;
  }

  /** Once per run: whoever runs an old program after an upgrade would leave the chain. */
  #checkProgram(ctx: Context): void {
    if (this.#isProgramChecked) return;
    const last = this.done(ctx).at(-1);
    if (last && !this.parts.handlers.has(last.name)) {
      const text = `upgrade handler is missing for ${last.name} upgrade plan`;
      throw new WrongProgram(`Wrong app version, ${text}`);
    }
    this.#isProgramChecked = true;
  }

  /** The store, for reading only. */
  kv(ctx: Context): KvStore {
    return ctx.kv(this.parts.store);
  }
}
