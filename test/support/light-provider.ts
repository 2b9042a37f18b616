/** A provider of light blocks that the test holds in its hand. */
import type { LightClientAttackEvidence } from "cosmjs-types/tendermint/types/evidence";
import { ProviderError } from "../../src/light/errors.ts";
import type { Provider } from "../../src/light/expected.ts";
import type { LightBlock } from "../../src/types/light/light-block.ts";

export class TestProvider implements Provider {
  readonly name: string;
  /** Heights in the order in which they were asked for. */
  readonly asked: (bigint | "latest")[] = [];
  readonly reported: LightClientAttackEvidence[] = [];
  readonly blocks: Map<bigint, LightBlock>;
  isDown = false;

  constructor(name: string, blocks: Iterable<LightBlock>) {
    this.name = name;
    this.blocks = new Map([...blocks].map((block) => [block.header.height, block]));
  }

  get height(): bigint {
    return [...this.blocks.keys()].reduce((a, b) => (a > b ? a : b), 0n);
  }

  async lightBlock(height: bigint | "latest"): Promise<LightBlock> {
    this.asked.push(height);
    if (this.isDown) throw new ProviderError("no response", `${this.name} is down`);
    const of = height === "latest" ? this.height : height;
    const block = this.blocks.get(of);
    if (block) return block;
    const fault = of > this.height ? "too high" : "not found";
    throw new ProviderError(fault, `${this.name} has no block ${of}`);
  }

  async reportAttack(evidence: LightClientAttackEvidence): Promise<void> {
    this.reported.push(evidence);
  }
}
