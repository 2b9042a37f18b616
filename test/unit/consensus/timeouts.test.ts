/** What listeners hear of waits that end (CometBFT consensus/state.go, handleTimeout). */
import t from "tap";
import { OneValidator } from "../../support/one-validator.ts";

t.test("a timeout is told before the step that it leads to", async (t) => {
  const node = new OneValidator();
  node.self = (node.proposer(0) + 1) % 4; // Somebody else proposes, and is silent.
  node.start();
  const heard: string[] = [];
  node.engine.listen((event) => {
    if (event.type === "timeout") heard.push(`${event.step} @${event.round}`);
    if (event.type === "step") heard.push(node.engine.view?.core.step ?? "none");
  });
  await node.pass(1_001); // Genesis is a second away.
  await node.pass(1_000);
  t.same(heard, ["newHeight @0", "propose", "propose @0", "prevote"]);
  heard.length = 0;
  node.votes("prevote", undefined, node.others);
  node.votes("precommit", undefined, node.others);
  await node.pass(1_000);
  t.ok(heard.includes("precommit @0"), heard.join());
  t.equal(heard.indexOf("precommit @0") < heard.lastIndexOf("propose"), true, "then round 1");
});
