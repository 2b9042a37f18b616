/** gonkad tx bank. */
import { Command } from "commander";
import { parseBech32 } from "../../encoding/bech32.ts";
import { toProtoCoins } from "../../encoding/coins.ts";
import { openKeyring } from "../keys/keys-command.ts";
import { readSettings, usage } from "../settings.ts";
import { readCoins } from "./amounts.ts";
import { addTxFlags, sendTx } from "./send-tx.ts";

export function bankTxCommand(): Command {
  const bank = new Command("bank").description("send coins");
  bank.addCommand(
    addTxFlags(new Command("send"))
      .argument("<from>", "key that sends and signs")
      .argument("<to>", "address or key that receives")
      .argument("<amount>", "such as 1.5gnk or 10ngonka")
      .description("send coins from one account to another")
      .addHelpText("after", "\nExample:\n  gonkad tx bank send alice bob 1.5gnk\n")
      .action(async (from: string, to: string, amount: string, _: object, command: Command) => {
        const toAddress = resolveAddress(command, to);
        const value = { toAddress, amount: toProtoCoins(readCoins(amount)) };
        const make = (fromAddress: string) => [
          { typeUrl: "/cosmos.bank.v1beta1.MsgSend", value: { fromAddress, ...value } },
        ];
        await sendTx(command, make, from);
      }),
  );
  bank.addCommand(
    addTxFlags(new Command("multi-send"))
      .argument("<from>", "key that sends and signs")
      .argument("<to...>", "addresses or keys, then the amount that each receives")
      .description("send the same amount to several accounts")
      .addHelpText("after", "\nExample:\n  gonkad tx bank multi-send alice bob carol 1gnk\n")
      .action(async (from: string, rest: string[], _: object, command: Command) => {
        const amount = rest.at(-1) ?? "";
        const receivers = rest.slice(0, -1).map((to) => resolveAddress(command, to));
        if (receivers.length === 0) throw usage("no receiver given", "name at least one");
        const coins = readCoins(amount);
        const total = coins.map(({ denom, amount: each }) => ({
          denom,
          amount: each * BigInt(receivers.length),
        }));
        const outputs = receivers.map((to) => ({ address: to, coins: toProtoCoins(coins) }));
        const make = (address: string) => [
          {
            typeUrl: "/cosmos.bank.v1beta1.MsgMultiSend",
            value: { inputs: [{ address, coins: toProtoCoins(total) }], outputs },
          },
        ];
        await sendTx(command, make, from);
      }),
  );
  return bank;
}

/** An address as it is, or the address of the key of that name. */
export function resolveAddress(command: Command, text: string): string {
  if (parseBech32(text)) return text;
  return openKeyring(readSettings(command, "json")).find(text).address;
}
