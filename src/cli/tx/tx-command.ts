/** gonkad tx: every kind of transaction. */
import { Command } from "commander";
import { bankTxCommand } from "./bank.ts";
import { govTxCommand } from "./gov.ts";
import { inferenceTxCommand } from "./inference.ts";
import { powTxCommand } from "./pow.ts";

export function txCommand(): Command {
  const tx = new Command("tx").description("sign and send transactions");
  for (const group of [bankTxCommand(), govTxCommand(), powTxCommand(), inferenceTxCommand()]) {
    tx.addCommand(group);
  }
  return tx;
}
