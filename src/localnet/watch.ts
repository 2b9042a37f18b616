/** What a running localnet is doing, read from its REST and RPC like any explorer would. */

const lookTimeoutMs = 2000;

/** One look at the chain; undefined fields could not be read. */
export interface Look {
  readonly height: number;
  readonly epoch: number | undefined;
  readonly phase: string | undefined;
  readonly hosts: readonly HostLook[];
}

export interface HostLook {
  readonly name: string;
  readonly weight: string;
  /** Of one million. */
  readonly power: number;
}

/** The latest look, or undefined while the node does not answer, or when the signal comes first. */
export async function look(restUrl: string, signal: AbortSignal): Promise<Look | undefined> {
  const getJson = (route: string) => readJson(`${restUrl}${route}`, signal);
  const block = await getJson("/cosmos/base/tendermint/v1beta1/blocks/latest");
  const height = Number(field(block, "block", "header", "height"));
  if (!Number.isSafeInteger(height)) return undefined;
  const epoch = await getJson("/gonka/pow/v1/epochs/current");
  const index = field(epoch, "epoch", "index");
  const phase = field(epoch, "phase");
  const hosts = await getJson("/gonka/pow/v1/hosts");
  const list = field(hosts, "hosts");
  return {
    height,
    epoch: index === undefined ? undefined : Number(index),
    phase: typeof phase === "string" ? phase.replace("PHASE_", "").toLowerCase() : undefined,
    hosts: Array.isArray(list) ? list.map(hostLook) : [],
  };
}

function hostLook(view: unknown): HostLook {
  return {
    name: String(field(view, "host", "moniker") ?? "?"),
    weight: String(field(view, "standing", "reference_weight") ?? "0"),
    power: Number(field(view, "standing", "power") ?? 0),
  };
}

function field(value: unknown, ...path: readonly string[]): unknown {
  let at = value;
  for (const name of path) {
    if (typeof at !== "object" || at === null) return undefined;
    at = (at as Record<string, unknown>)[name];
  }
  return at;
}

async function readJson(url: string, signal: AbortSignal): Promise<unknown> {
  try {
    const within = AbortSignal.any([signal, AbortSignal.timeout(lookTimeoutMs)]);
    const response = await fetch(url, { signal: within });
    return response.ok ? await response.json() : undefined;
  } catch {
    return undefined; // Not up yet, or busy: the next look comes soon.
  }
}
