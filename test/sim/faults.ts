/** What befalls a world by chance: bad weather, partitions, power cuts, slow machines. */
import type { SimNetwork, Weather } from "./network.ts";
import { fairWeather } from "./network.ts";
import type { SimNode } from "./node.ts";
import type { Draws } from "./plan.ts";
import type { VirtualTime } from "./virtual-time.ts";

/** When the last fault ends, at the latest. */
export const faultsEndMs = 2_500;

interface FaultyWorld {
  readonly time: VirtualTime;
  readonly network: SimNetwork;
  readonly nodes: readonly SimNode[];
  readonly draws: Draws;
  /** Delay of messages when all is over. */
  readonly calmDelayMs: number;
  readonly boot: (node: SimNode) => void;
}

/** Plans and causes the faults of one world. */
export class Faults {
  /** In words. */
  readonly plan: string[] = [];
  crashes = 0;
  readonly #world: FaultyWorld;

  constructor(world: FaultyWorld) {
    this.#world = world;
  }

  /** A mild world leaves an attack to its own devices. */
  planAll(kind: "mild" | "rough"): void {
    const { network, time, draws, calmDelayMs } = this.#world;
    const weather = kind === "mild" ? mildWeather : this.#badWeather();
    const isAllowed = draws.allows("weather");
    network.weather = isAllowed ? weather : fairWeather;
    const { loss, lateMs, duplication } = weather;
    const words = [`loss ${loss.toFixed(2)}`, `late ${lateMs} ms`, `twice ${duplication}`];
    if (isAllowed) this.plan.push(...words);
    if (kind === "rough") {
      for (let count = this.#below(3); count > 0; count--) this.#planPartition();
      for (let count = this.#below(4); count > 0; count--) this.#planCrash();
      for (let count = this.#below(4); count > 0; count--) this.#planPowerCut();
      if (draws.random() < 0.3) this.#planSlowNode();
    }
    time.after(faultsEndMs, () => {
      network.weather = { ...fairWeather, delayMs: calmDelayMs };
      network.partition(new Map());
    });
  }

  /** A machine that loses power again and again, each time within one round of the others. */
  planBlackouts(node: SimNode): void {
    for (let count = 4; count > 0; count--) {
      this.#world.time.after(this.#below(faultsEndMs - 100), () => {
        if (node.life) this.crash(node, 1 + this.#below(50));
      });
    }
    this.plan.push(`${node.name} forgets`);
  }

  /** Cuts the power of a machine, for a while. */
  crash(node: SimNode, downMs: number): void {
    const { network, draws, time, boot } = this.#world;
    this.crashes += 1;
    network.disconnect(node.name);
    node.crash(draws.random);
    const life = node.lives;
    time.after(downMs, () => {
      if (node.lives === life) boot(node);
    });
  }

  #badWeather(): Weather {
    const { random } = this.#world.draws;
    return {
      loss: random() < 0.5 ? random() * 0.3 : 0,
      duplication: random() < 0.5 ? 0.1 : 0,
      delayMs: 5 + this.#below(100),
      lateProbability: random() * 0.2,
      lateMs: this.#below(1500),
    };
  }

  #planPartition(): void {
    const { network, nodes, time } = this.#world;
    const [fromMs, untilMs] = this.#interval();
    const parts = new Map(nodes.map(({ name }) => [name, this.#below(2)]));
    if (!this.#world.draws.allows("partitions")) return;
    this.plan.push(`${fromMs}-${untilMs} parts ${[...parts.values()].join("")}`);
    time.after(fromMs, () => network.partition(parts));
    time.after(untilMs, () => network.partition(new Map()));
  }

  #planCrash(): void {
    const [fromMs, untilMs] = this.#interval();
    const node = this.#anyNode();
    if (!node || !this.#world.draws.allows("crashes")) return;
    this.plan.push(`${fromMs}-${untilMs} ${node.name} down`);
    this.#world.time.after(fromMs, () => this.crash(node, untilMs - fromMs));
  }

  /** The power goes at one of the next things that a machine writes: before it, or after it. */
  #planPowerCut(): void {
    const [fromMs] = this.#interval();
    const node = this.#anyNode();
    const [boundaries, downMs] = [1 + this.#below(40), 1 + this.#below(300)];
    if (!node || !this.#world.draws.allows("power cuts")) return;
    this.plan.push(`${fromMs} ${node.name} cut at write ${boundaries}`);
    this.#world.time.after(fromMs, () =>
      node.cutPowerAfter(boundaries, () => this.crash(node, downMs)),
    );
  }

  #planSlowNode(): void {
    const { network, time } = this.#world;
    const node = this.#anyNode();
    const [fromMs, untilMs] = this.#interval();
    if (!node || !this.#world.draws.allows("slow machines")) return;
    this.plan.push(`${fromMs}-${untilMs} ${node.name} slow`);
    time.after(fromMs, () => network.slowDown(node.name, 50 + this.#below(400)));
    time.after(untilMs, () => network.slowDown(node.name, 0));
  }

  #interval(): readonly [number, number] {
    const fromMs = this.#below(faultsEndMs - 500);
    return [fromMs, fromMs + 50 + this.#below(faultsEndMs - 100 - fromMs)];
  }

  #anyNode(): SimNode | undefined {
    const { nodes } = this.#world;
    return nodes[this.#below(nodes.length)];
  }

  #below(limit: number): number {
    return this.#world.draws.below(limit);
  }
}

const mildWeather: Weather = { ...fairWeather, delayMs: 20 };
