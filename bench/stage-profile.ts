/**
 * Where processor time goes, by stage: V8's sampling profiler, with every sample counted for the
 * innermost function of the stack that a stage names.
 */
import { type Profiler, Session } from "node:inspector/promises";

/**
 * Function name to stage; "name@part/of/the/path" where the name alone is not enough, "@part" where
 * the path alone is.
 */
export type Stages = Readonly<Record<string, string>>;

/** A stage whose samples do not count, nor those of whatever it calls. */
export const notCounted = "not counted";

/** Runs and returns the share of each stage, largest first; what no stage names is "other". */
export async function shares(
  stages: Stages,
  run: () => Promise<void>,
): Promise<readonly (readonly [stage: string, share: number])[]> {
  const session = new Session();
  session.connect();
  await session.post("Profiler.enable");
  await session.post("Profiler.setSamplingInterval", { interval: 250 });
  await session.post("Profiler.start");
  await run();
  const { profile } = await session.post("Profiler.stop");
  session.disconnect();
  return rank(stages, profile);
}

/** The share of each stage in a profile, largest first; what no stage names is "other". */
export function rank(stages: Stages, { nodes, samples = [], timeDeltas = [] }: Profiler.Profile) {
  const stageOf = new Map<number, string>();
  const parentOf = new Map<number, Profiler.ProfileNode>();
  const nodeOf = new Map(nodes.map((node) => [node.id, node]));
  for (const node of nodes) for (const child of node.children ?? []) parentOf.set(child, node);
  const resolve = (id: number): string => {
    const known = stageOf.get(id);
    if (known !== undefined) return known;
    const { functionName = "", url = "" } = nodeOf.get(id)?.callFrame ?? {};
    const parent = parentOf.get(id);
    const own = Object.entries(stages).find(([key]) => {
      const [name = "", ...parts] = key.split("@");
      const path = parts.join("@"); // A path may have one of its own.
      return (name === "" || name === functionName) && url.includes(path);
    });
    const outer = parent ? resolve(parent.id) : "other";
    const stage = outer === notCounted ? outer : (own?.[1] ?? outer);
    stageOf.set(id, stage);
    return stage;
  };
  const spent = new Map<string, number>();
  samples.forEach((id, index) => {
    if (nodeOf.get(id)?.callFrame.functionName === "(idle)") return;
    const stage = resolve(id);
    if (stage === notCounted) return;
    spent.set(stage, (spent.get(stage) ?? 0) + (timeDeltas[index] ?? 0));
  });
  const total = [...spent.values()].reduce((sum, part) => sum + part, 0);
  return [...spent]
    .map(([stage, part]) => [stage, part / total] as const)
    .sort((a, b) => b[1] - a[1]);
}
