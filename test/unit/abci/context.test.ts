/** The context of modules: what a branch did is taken over whole, however much it is. */
import t from "tap";
import { RunContext } from "../../../src/abci/state/context.ts";
import { emptyStore, StateLayer } from "../../../src/abci/state/layer.ts";
import { blockAt } from "../../../src/abci/state/runtime.ts";

t.test("more events than the stack could hold as arguments", async (t) => {
  const scope = { chainId: "test", block: blockAt(1n), isSimulation: false };
  const ctx = new RunContext(
    scope,
    StateLayer.over(() => emptyStore),
  );
  const many = 400_000; // A settlement of as many hosts with vesting emits them in one block.
  ctx.atomically((inner) => {
    for (let i = 0; i < many; i++) inner.emit("paid", []);
  });
  t.equal(ctx.takeEvents().length, many);
});
