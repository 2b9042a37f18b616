/** gonkad tx gov: proposals, deposits and votes. */
import { readFileSync } from "node:fs";
import type { EncodeObject } from "@cosmjs/proto-signing";
import { Command } from "commander";
import { toProtoCoins } from "../../encoding/coins.ts";
import { camelCase } from "../../encoding/proto-json.ts";
import { usage } from "../settings.ts";
import { readCoins } from "./amounts.ts";
import { messageCodec, messageTypes } from "./registry.ts";
import { addTxFlags, sendTx } from "./send-tx.ts";

/** Proposal files may be this long, in bytes. */
const maxProposalFileBytes = 1024 * 1024;
const options: Readonly<Record<string, number>> = { yes: 1, abstain: 2, no: 3, no_with_veto: 4 };

export function govTxCommand(): Command {
  const gov = new Command("gov").description("propose, deposit, vote");
  gov.addCommand(
    addTxFlags(new Command("submit-proposal"))
      .argument("<file>", "JSON: messages, metadata, deposit, title, summary, expedited")
      .description("submit a proposal")
      .addHelpText("after", exampleProposal)
      .action(async (file: string, _: object, command: Command) => {
        const proposal = readProposal(file);
        await sendTx(command, (proposer) => [
          message("MsgSubmitProposal", { ...proposal, proposer }),
        ]);
      }),
  );
  gov
    .command("draft-proposal")
    .description("print a proposal file to fill in")
    .addHelpText("after", "\nExample:\n  gonkad tx gov draft-proposal > proposal.json\n")
    .action(() => void process.stdout.write(`${draft}\n`));
  gov.addCommand(
    addTxFlags(new Command("deposit"))
      .argument("<proposal-id>")
      .argument("<amount>")
      .description("add to the deposit of a proposal")
      .addHelpText("after", "\nExample:\n  gonkad tx gov deposit 1 10gnk --from alice\n")
      .action(async (id: string, amount: string, _: object, command: Command) => {
        const value = { proposalId: proposalId(id), amount: toProtoCoins(readCoins(amount)) };
        await sendTx(command, (depositor) => [message("MsgDeposit", { ...value, depositor })]);
      }),
  );
  gov.addCommand(
    addTxFlags(new Command("vote"))
      .argument("<proposal-id>")
      .argument("<option>", "yes, no, abstain or no_with_veto")
      .description("vote on a proposal")
      .addHelpText("after", "\nExample:\n  gonkad tx gov vote 1 yes --from host1\n")
      .action(async (id: string, option: string, _: object, command: Command) => {
        const value = { proposalId: proposalId(id), option: voteOption(option), metadata: "" };
        await sendTx(command, (voter) => [message("MsgVote", { ...value, voter })]);
      }),
  );
  gov.addCommand(
    addTxFlags(new Command("weighted-vote"))
      .argument("<proposal-id>")
      .argument("<weights>", "such as yes=0.6,no=0.4")
      .description("split a vote over several options")
      .addHelpText(
        "after",
        "\nExample:\n  gonkad tx gov weighted-vote 1 yes=0.6,no=0.4 --from host1\n",
      )
      .action(async (id: string, weights: string, _: object, command: Command) => {
        const split = weights.split(",").map(weightedOption);
        const value = { proposalId: proposalId(id), options: split, metadata: "" };
        await sendTx(command, (voter) => [message("MsgVoteWeighted", { ...value, voter })]);
      }),
  );
  gov.addCommand(
    addTxFlags(new Command("cancel-proposal"))
      .argument("<proposal-id>")
      .description("withdraw one's own proposal")
      .addHelpText("after", "\nExample:\n  gonkad tx gov cancel-proposal 1 --from alice\n")
      .action(async (id: string, _: object, command: Command) => {
        await sendTx(command, (proposer) => [
          message("MsgCancelProposal", { proposalId: proposalId(id), proposer }),
        ]);
      }),
  );
  return gov;
}

const message = (name: string, value: object): EncodeObject => ({
  typeUrl: `/cosmos.gov.v1.${name}`,
  value,
});

function proposalId(text: string): bigint {
  if (/^\d{1,18}$/.test(text)) return BigInt(text);
  throw usage(`"${text}" is no proposal id`, "give its number");
}

function voteOption(text: string): number {
  const option = options[text.toLowerCase().replace(/^vote_option_/, "")];
  if (option !== undefined) return option;
  throw usage(`"${text}" is no vote`, "use yes, no, abstain or no_with_veto");
}

function weightedOption(text: string): { option: number; weight: string } {
  const [name = "", weight = ""] = text.split("=");
  const digits = /^(0|1)(?:\.(\d{1,18}))?$/.exec(weight);
  if (!digits) throw usage(`"${text}" is no weighted vote`, "write yes=0.6,no=0.4");
  return { option: voteOption(name), weight };
}

interface ProposalFile {
  readonly messages?: readonly unknown[];
  readonly metadata?: string;
  readonly deposit?: string;
  readonly title?: string;
  readonly summary?: string;
  readonly expedited?: boolean;
}

function readProposal(file: string): object {
  const text = readText(file);
  if (text.length > maxProposalFileBytes) throw usage(`${file} is too long`, "shorten it");
  const proposal = parseFile(file, text);
  const messages = (proposal.messages ?? []).map(anyMessage);
  const { metadata = "", title = "", summary = "", expedited = false } = proposal;
  if (messages.length === 0 && metadata === "") {
    throw usage(
      "either metadata or Msgs length must be non-nil",
      "see `gonkad tx gov draft-proposal`",
    );
  }
  const deposit = proposal.deposit ? toProtoCoins(readCoins(proposal.deposit)) : [];
  return { messages, initialDeposit: deposit, metadata, title, summary, expedited };
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw usage(reason, "give a file that can be read");
  }
}

function parseFile(file: string, text: string): ProposalFile {
  try {
    return JSON.parse(text) as ProposalFile;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw usage(`${file}: ${reason}`, "see `gonkad tx gov draft-proposal`");
  }
}

function anyMessage(json: unknown): { typeUrl: string; value: Uint8Array } {
  const fields = (typeof json === "object" && json !== null ? json : {}) as Record<string, unknown>;
  const typeUrl = fields["@type"];
  const codec = typeof typeUrl === "string" ? messageCodec(typeUrl) : undefined;
  if (typeof typeUrl !== "string" || !codec) {
    throw usage(
      `unknown message type ${JSON.stringify(typeUrl)}`,
      `use one of: ${messageTypes().join(" ")}`,
    );
  }
  try {
    return { typeUrl, value: codec.encode(codec.fromJSON(camelKeys(fields) as object)).finish() };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw usage(`${typeUrl}: ${reason}`, "write the fields as `gonkad query` shows them");
  }
}

function camelKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(camelKeys);
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).map(([name, field]) => [camelCase(name), camelKeys(field)]);
  return Object.fromEntries(entries);
}

const draft = JSON.stringify(
  {
    messages: [],
    metadata: "what the proposal is about, or where to read it",
    deposit: "10gnk",
    title: "A title",
    summary: "One paragraph",
    expedited: false,
  },
  null,
  2,
);
const exampleProposal = `\nExample:\n  gonkad tx gov draft-proposal > proposal.json\n  gonkad tx gov submit-proposal proposal.json --from alice\n`;
