/** The flags of `gonkad light`, and the client that they describe. */
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import { parseHex } from "../../encoding/bytes.ts";
import { fromMillis } from "../../encoding/time.ts";
import { LightClient } from "../../light/client.ts";
import { LightClientError, ProviderError } from "../../light/errors.ts";
import type { Clock, Logger } from "../../light/expected.ts";
import { RpcProvider } from "../../light/rpc-provider.ts";
import { evidenceJson } from "../../types/json/block.ts";
import { CliError } from "../errors.ts";
import { note, toJson } from "../output.ts";
import { httpUrl, readSettings } from "../settings.ts";
import { FileTrustedStore } from "./file-store.ts";

export interface LightFlags {
  readonly primary?: string;
  readonly witness?: readonly string[];
  readonly trustedHeight?: bigint;
  readonly trustedHash?: Uint8Array;
  readonly trustingPeriod: bigint;
  readonly maxClockDrift: bigint;
  readonly trustLevel: { readonly numerator: bigint; readonly denominator: bigint };
  readonly sequential?: true;
}

const nanosPer = { s: 1_000_000_000n, m: 60_000_000_000n, h: 3_600_000_000_000n } as const;
const week = 168n * nanosPer.h;

export function addLightFlags(command: Command): Command {
  const several = (value: string, before: readonly string[] = []) => [...before, value];
  // Commander prints defaults as JSON, which knows no bigint: they are described instead.
  const span = (flags: string, about: string, value: bigint, text: string) =>
    new Option(flags, about).argParser(parseSpan).default(value, text);
  const share = new Option("--trust-level <n/m>", "share of a trusted set that must sign");
  return command
    .option("--primary <url>", "RPC whose blocks are verified (default: --node)")
    .option("--witness <url>", "RPC to compare with; give it again for more", several)
    .option("--trusted-height <n>", "height of a block that you trust", parseHeight)
    .option("--trusted-hash <hex>", "its hash, learnt in another way", parseHash)
    .addOption(span("--trusting-period <time>", "shorter than the unbonding time", week, "168h"))
    .addOption(
      span("--max-clock-drift <time>", "how far a block may be ahead", 10n * nanosPer.s, "10s"),
    )
    .addOption(share.argParser(parseShare).default({ numerator: 1n, denominator: 3n }, "1/3"))
    .option("--sequential", "verify every block instead of skipping");
}

export function parseHeight(text: string): bigint {
  if (/^[1-9]\d{0,17}$/.test(text)) return BigInt(text);
  throw new InvalidArgumentError("a height is a positive integer.");
}

function parseHash(text: string): Uint8Array {
  const hash = parseHex(text.toLowerCase());
  if (hash?.length === 32) return hash;
  throw new InvalidArgumentError("a hash has 64 hex digits.");
}

function parseSpan(text: string): bigint {
  const [, count, unit] = /^(\d{1,6})([smh])$/.exec(text) ?? [];
  if (count === undefined) throw new InvalidArgumentError("such as 30s, 10m or 168h.");
  return BigInt(count) * nanosPer[unit as keyof typeof nanosPer]; // The pattern knows no other.
}

function parseShare(text: string): { numerator: bigint; denominator: bigint } {
  const [, numerator, denominator] = /^(\d{1,4})\/(\d{1,4})$/.exec(text) ?? [];
  if (numerator === undefined || denominator === undefined) {
    throw new InvalidArgumentError("such as 1/3 or 2/3.");
  }
  return { numerator: BigInt(numerator), denominator: BigInt(denominator) };
}

const clock: Clock = {
  now: () => fromMillis(Date.now()),
  sleep: (nanos) => new Promise((resolve) => setTimeout(resolve, Number(nanos / 1_000_000n))),
};
const log: Logger = {
  info: () => undefined,
  warn: (message, fields = {}) => note(`${message} ${toJson(fields)}`),
};

/** The client of these flags, on the blocks below <home>/light/<chain id>. Throws CliError. */
export async function startLightClient(command: Command, flags: LightFlags): Promise<LightClient> {
  const { home, chainId, node } = readSettings(command, "json");
  if (chainId === undefined) {
    throw new CliError("usage", "no_chain_id", {
      cause: "a light client must know which chain it follows",
      fix: "give --chain-id",
    });
  }
  const { trustedHeight: height, trustedHash: hash } = flags;
  if ((height === undefined) !== (hash === undefined)) {
    throw new CliError("usage", "half_a_trusted_block", {
      cause: "--trusted-height and --trusted-hash belong together",
      fix: "give both, or neither to go on from what is stored",
    });
  }
  const provider = (url: string) =>
    new RpcProvider({
      url: httpUrl(url),
      evidenceJson: (attack) => evidenceJson({ lightClientAttackEvidence: attack }),
    });
  const store = await FileTrustedStore.open(lightFolder(home, chainId));
  return LightClient.start({
    assumptions: {
      chainId,
      trustingPeriodNanos: flags.trustingPeriod,
      maxClockDriftNanos: flags.maxClockDrift,
      trustLevel: flags.trustLevel,
    },
    primary: provider(flags.primary ?? node),
    witnesses: (flags.witness ?? []).map(provider),
    store,
    clock,
    log,
    mode: flags.sequential ? "sequential" : "skipping",
    ...(height !== undefined && hash !== undefined && { trust: { height, hash } }),
  });
}

const lightFolder = (home: string, chainId: string): string =>
  path.join(home, "light", encodeURIComponent(chainId));

/** What a light client throws, as an error of the command line; evidence goes to a file. */
export async function toLightError(command: Command, thrown: unknown): Promise<unknown> {
  if (thrown instanceof ProviderError) {
    const fix = "check --primary and --witness; they must reach nodes of this chain";
    return new CliError("unreachable", "provider_failed", { cause: thrown.message, fix });
  }
  if (!(thrown instanceof LightClientError)) return thrown;
  const cause = thrown.message;
  switch (thrown.failure) {
    case "attack":
      return new CliError("mismatch", "attack", {
        cause,
        fix: `trust neither side; the evidence is in ${await saveEvidence(command, thrown)}`,
      });
    case "expired":
    case "bad options": {
      const fix = "see --help; a fresh --trusted-height and --trusted-hash start anew";
      return new CliError("usage", thrown.failure.replace(" ", "_"), { cause, fix });
    }
    case "wrong trusted hash":
    case "invalid block":
    case "no witness confirms": {
      const fix = "compare with a source that you trust, then change the providers or the hash";
      return new CliError("mismatch", thrown.failure.replaceAll(" ", "_"), { cause, fix });
    }
  }
}

async function saveEvidence(command: Command, error: LightClientError): Promise<string> {
  const { home, chainId = "" } = readSettings(command, "json");
  const folder = lightFolder(home, chainId);
  await mkdir(folder, { recursive: true });
  const heights = error.evidence.map(({ commonHeight }) => commonHeight);
  const file = path.join(folder, `attack-after-${heights[0] ?? 0n}.json`);
  const list = error.evidence.map((each) => evidenceJson({ lightClientAttackEvidence: each }));
  await writeFile(file, `${toJson(list)}\n`);
  return file;
}
