/** What a localnet shows people: at most 40 lines, every value ready to copy. */
import type { Localnet } from "./localnet.ts";
import { devMnemonic } from "./plan.ts";
import type { Look } from "./watch.ts";

/** The lines after the first block. */
export function banner(localnet: Localnet, firstBlockSeconds: string): string {
  const { plan, keys } = localnet;
  const [first] = plan.nodes;
  const users = plan.keys.filter(({ index }) => index < 100);
  const address = (name: string) => keys.get(name)?.address ?? "";
  const lines = [
    `  gonka localnet   chain ${plan.chainId}   ${plan.nodes.length} validators · ` +
      `${plan.hosts.length} hosts   ${localnet.isContinued ? "going on" : "new"}`,
    `  ✔ keys  ✔ genesis  ✔ consensus (first block ${firstBlockSeconds} s)  ✔ hosts registered`,
    "",
    `  Accounts (mnemonic: ${devMnemonic}`,
    "            path m/44'/118'/0'/0/i, known to everybody: DEVELOPMENT ONLY)",
    ...users.map(({ name, index, gnk }) => {
      return `   (${index}) ${name.padEnd(6)} ${address(name)}  ${gnk.toLocaleString("en-US")} GNK`;
    }),
    "",
    "  Endpoints                          Try it",
    `   RPC   http://127.0.0.1:${first?.rpcPort}       gonkad q bank balances alice --home ${plan.home}`,
    `   REST  http://127.0.0.1:${first?.restPort}        gonkad tx bank send alice bob 1gnk --from alice -y --home ${plan.home}`,
    `   files ${plan.home}/localnet.json, and a log beside every node and host`,
    "",
  ];
  return `${lines.join("\n")}\n`;
}

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
