/**
 * Golden nonces of profile T by every engine of this machine, through the same calls that a host
 * uses. The compiled backends have tests of their own besides (spec/sprint-native.md, clause 3).
 */
import { fromHex, toHex } from "../encoding/bytes.ts";
import type { JobOptions } from "./engine.ts";
import { backendNames, openEngine, selfTestBackends } from "./open-engine.ts";

/** A test of a backend, and how it ended. */
export interface BackendTest {
  readonly backend: string;
  readonly test: string;
  readonly passed: boolean;
}

/** The published vectors' network, and digests of its nonces 0, 58 and 2^32 + 1. */
const golden = {
  chainId: "isp1-public-1",
  beacon1: "7c698040e180930c5d539f68317682ca7c65fd6d4c76f91a189b8e8b969024e9",
  beacon2: "7daeec2080b161a081eafe61dbd8fb6d880ba93d8254834bd2259c8c5322cb70",
  hostKey: "02ed755feb061332d36a52357491a0a19b4e1f452a96c68a5b1cabba32ae61d170",
  digests: new Map([
    [0n, "92bfd6378495fc065bc85060ae02a59d099f4fd0222af8e0407ddca701d57e3d"],
    [58n, "8ab64a045375c8d3e2f1c84d89b0be86ef268d86574d3eb0bb5e406f8de5879c"],
    [4_294_967_297n, "fbe9a814dde570845431837a4b346c6d8a5ad554002a377a8e2749d6bde170c4"],
  ]),
};
const goldenTest = "golden digests of profile T as a host asks for them";

/** Every test of every backend, the twin's last. */
export async function selfTest(
  profile: Parameters<typeof selfTestBackends>[0],
  options: JobOptions = {},
): Promise<readonly BackendTest[]> {
  const results = await selfTestBackends(profile, options);
  const compiled = results.flatMap(({ backend, tests }) =>
    tests.map(({ name, passed }) => ({ backend, test: name, passed })),
  );
  const asked: BackendTest[] = [];
  const names = await backendNames();
  for (const backend of names) {
    asked.push({ backend, test: goldenTest, passed: await passesGolden(backend, options) });
  }
  return names.flatMap((name) => [...compiled, ...asked].filter(({ backend }) => backend === name));
}

/** A backend that cannot be opened has failed; what stops the caller is thrown. */
async function passesGolden(backend: string, options: JobOptions): Promise<boolean> {
  const { chainId, digests } = golden;
  const [beacon1, beacon2] = [fromHex(golden.beacon1), fromHex(golden.beacon2)];
  const hostKey = fromHex(golden.hostKey);
  try {
    const engine = await openEngine({ chainId, profile: "T", beacon1, backend, ...options });
    const items = [...digests.keys()].map((nonce) => ({ hostKey, nonce }));
    const computed = await engine.compute({ beacon2, items }, options);
    await engine.close();
    return items.every(({ nonce }, at) => toHex(computed[at]!.digest) === digests.get(nonce));
  } catch (error) {
    if (options.signal?.aborted) throw error;
    return false;
  }
}
