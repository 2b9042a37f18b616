/** How an upgrade stops a node: on purpose, with a text that supervisors of SDK chains look for. */

/** What the next program must bring. */
export interface UpgradePlan {
  readonly name: string;
  readonly height: bigint;
  /** For people and supervisors; often JSON that names binaries. */
  readonly info: string;
}

/** This program cannot go on: the block needs rules that it does not have. */
export class UpgradeNeeded extends Error {
  readonly plan: UpgradePlan;
  constructor(plan: UpgradePlan) {
    super(`UPGRADE "${plan.name}" NEEDED at height: ${plan.height}: ${plan.info}`);
    this.name = "UpgradeNeeded";
    this.plan = plan;
  }
}

/** This program must not run this chain yet, or not any more. */
export class WrongProgram extends Error {
  constructor(problem: string) {
    super(problem);
    this.name = "WrongProgram";
  }
}
