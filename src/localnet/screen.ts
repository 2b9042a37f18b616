/** What a localnet shows people: at most 40 lines, every value ready to copy. */
import type { Application } from "./definition.ts";
import type { Localnet } from "./localnet.ts";
import { operatorIndex } from "./plan.ts";
import type { Look } from "./watch.ts";

/** Accounts on the first screen; localnet.json has all of them. */
const maxAccountLines = 12;

export interface BannerOptions {
  readonly firstBlockSeconds: string;
  readonly version: string;
  /** Whether the mnemonic may be shown. */
  readonly showSecrets: boolean;
}

/** The lines after the first block. */
export function banner(localnet: Localnet, options: BannerOptions): string {
  const { plan } = localnet;
  const count = plan.nodes.length;
  const lines = [
    `  gonka localnet  v${options.version}   chain ${plan.chainId}   ` +
      `${count} validator${count === 1 ? "" : "s"}${whatElse(plan.definition.application)}`,
    `  ${localnet.isContinued ? "going on where it stopped" : "new"}, first block after ` +
      `${options.firstBlockSeconds} s`,
    ...portLine(localnet),
    "",
    ...accountLines(localnet, options.showSecrets),
    "",
    ...endpointLines(localnet),
    "",
  ];
  return `${lines.join("\n")}\n`;
}

const whatElse = (application: Application): string =>
  application === "gonka" ? ", each with a host" : ` of ${application}`;

function portLine({ plan }: Localnet): string[] {
  if (plan.portOffset === 0) return [];
  return [`  The usual ports are taken: all of them are ${plan.portOffset} higher.`];
}

function accountLines({ plan, keys }: Localnet, showSecrets: boolean): string[] {
  if (plan.definition.application === "kvstore") return ["  Transactions are key=value."];
  const users = plan.keys.filter(({ index }) => index < operatorIndex).slice(0, maxAccountLines);
  const width = Math.max(...users.map(({ name }) => name.length), 0);
  const mnemonic = showSecrets
    ? plan.definition.mnemonic
    : "not shown here; --show-secrets prints it";
  return [
    "  Accounts (path m/44'/118'/0'/0/i, for DEVELOPMENT ONLY)",
    `  mnemonic: ${mnemonic}`,
    ...users.map(({ name, index, gnk }) => {
      const address = keys.get(name)?.address ?? "";
      return `   (${index}) ${name.padEnd(width)}  ${address}${owned(gnk)}`;
    }),
  ];
}

/** Nothing where the genesis profile says it. */
const owned = (gnk: bigint): string => (gnk > 0n ? `  ${gnk.toLocaleString("en-US")} GNK` : "");

function endpointLines({ plan }: Localnet): string[] {
  const [first] = plan.nodes;
  const { application } = plan.definition;
  const gonkad = `npx gonkad --home ${plan.home}`;
  return [
    "  Endpoints (the first node's; localnet.json has all of them)",
    `   RPC    http://127.0.0.1:${first?.rpcPort}`,
    `   REST   http://127.0.0.1:${first?.restPort}   (/swagger/ in a browser)`,
    `   gRPC   127.0.0.1:${first?.grpcPort}   (reflection on)`,
    `   files  ${plan.home}/localnet.json; a log beside every node and host`,
    ...(application === "gonka" ? tryIt(gonkad) : []),
  ];
}

const tryIt = (gonkad: string): string[] => [
  "  Try it",
  `   ${gonkad} query bank balances alice`,
  `   ${gonkad} tx bank send alice bob 1gnk -y`,
];

/** The hosts as a table. */
export function hostTable({ hosts }: Look): string {
  const total = hosts.reduce((sum, { power }) => sum + power, 0) || 1;
  const rows = hosts.map(({ name, weight, power }) => {
    const share = ((100 * power) / total).toFixed(1);
    const bar = "█".repeat(Math.round((40 * power) / total));
    return `   ${name.padEnd(8)} weight ${weight.padStart(6)}   power ${share.padStart(5)} %  ${bar}`;
  });
  return `${rows.join("\n")}\n`;
}

/** One line that is written over and over. */
export function statusLine({ height, epoch, phase }: Look): string {
  return `  height ${height}   epoch ${epoch ?? "-"}   phase ${phase ?? "-"}`;
}

export const controls =
  "  Controls: [1-9] kill or restart that node  [h] hosts  [q] quit (state is kept; --reset wipes)\n";
