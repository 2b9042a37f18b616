/** gonkad tx inference: what a host offers to run. Models are registered by vote. */
import { Command } from "commander";
import { usage } from "../settings.ts";
import { resolveAddress } from "./bank.ts";
import { addTxFlags, sendTx } from "./send-tx.ts";

interface OfferFlags {
  readonly host?: string;
  readonly inputPrice: string;
  readonly outputPrice: string;
  readonly endpoint: string;
  readonly capacity: string;
}

export function inferenceTxCommand(): Command {
  const inference = new Command("inference").description("offer models");
  inference.addCommand(
    addTxFlags(new Command("offer-model"))
      .argument("<model-id>")
      .option("--host <address>", "operator, when a worker signs")
      .requiredOption("--input-price <ngonka>", "per million prompt tokens")
      .requiredOption("--output-price <ngonka>", "per million generated tokens")
      .requiredOption("--endpoint <url>", "where requests are answered")
      .requiredOption("--capacity <n>", "requests at once")
      .description("offer to run a registered model")
      .action(async (modelId: string, flags: OfferFlags, command: Command) => {
        const capacity = Number(flags.capacity);
        if (!Number.isSafeInteger(capacity) || capacity < 0) {
          throw usage(`--capacity ${flags.capacity} is no number`, "give a whole number");
        }
        await sendTx(command, (signer) => [
          {
            typeUrl: "/gonka.inference.v1.MsgOfferModel",
            value: {
              signer,
              host: flags.host === undefined ? signer : resolveAddress(command, flags.host),
              modelId,
              inputPrice: flags.inputPrice,
              outputPrice: flags.outputPrice,
              endpoint: flags.endpoint,
              capacity,
            },
          },
        ]);
      }),
  );
  inference.addCommand(
    addTxFlags(new Command("withdraw-offer"))
      .argument("<model-id>")
      .option("--host <address>", "operator, when a worker signs")
      .description("stop offering a model")
      .action(async (modelId: string, flags: { host?: string }, command: Command) => {
        await sendTx(command, (signer) => [
          {
            typeUrl: "/gonka.inference.v1.MsgWithdrawOffer",
            value: {
              signer,
              host: flags.host === undefined ? signer : resolveAddress(command, flags.host),
              modelId,
            },
          },
        ]);
      }),
  );
  return inference;
}
