/** gonkad tx inference: what a host offers to run. Models are registered by vote. */
import { Command } from "commander";
import { usage } from "../settings.ts";
import { resolveAddress } from "./bank.ts";
import { addTxFlags, sendTx } from "./send-tx.ts";

const exampleOffer =
  "\nExample:\n  gonkad tx inference offer-model qwen3-8b --from host1 --input-price 1000 " +
  "--output-price 4000 --endpoint https://host1.example --capacity 8\n";

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
      .addHelpText("after", exampleOffer)
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
      .addHelpText(
        "after",
        "\nExample:\n  gonkad tx inference withdraw-offer qwen3-8b --from host1\n",
      )
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
