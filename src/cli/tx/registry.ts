/** Every message type that the command line can sign: the SDK's and this chain's. */
import { type GeneratedType, Registry } from "@cosmjs/proto-signing";
import { defaultRegistryTypes } from "@cosmjs/stargate";
import { MsgUpdateParams as AuthMsgUpdateParams } from "cosmjs-types/cosmos/auth/v1beta1/tx";
import {
  MsgUpdateParams as BankMsgUpdateParams,
  MsgSetSendEnabled,
} from "cosmjs-types/cosmos/bank/v1beta1/tx";
import { MsgUpdateParams as ConsensusMsgUpdateParams } from "cosmjs-types/cosmos/consensus/v1/tx";
import {
  MsgUpdateParams as GovMsgUpdateParams,
  MsgCancelProposal,
  MsgDeposit,
  MsgSubmitProposal,
  MsgVote,
  MsgVoteWeighted,
} from "cosmjs-types/cosmos/gov/v1/tx";
import type { JsonCodec } from "../../encoding/proto-json.ts";
import * as inference from "../../gen/gonka/inference/v1/tx.ts";
import * as pow from "../../gen/gonka/pow/v1/tx.ts";

/** What both generators provide and the command line uses. */
export interface MessageCodec extends JsonCodec<object> {
  encode(message: object): { finish(): Uint8Array };
  fromJSON(object: object): object;
}

const sdk: Readonly<Record<string, unknown>> = {
  "/cosmos.auth.v1beta1.MsgUpdateParams": AuthMsgUpdateParams,
  "/cosmos.bank.v1beta1.MsgUpdateParams": BankMsgUpdateParams,
  "/cosmos.bank.v1beta1.MsgSetSendEnabled": MsgSetSendEnabled,
  "/cosmos.consensus.v1.MsgUpdateParams": ConsensusMsgUpdateParams,
  "/cosmos.gov.v1.MsgSubmitProposal": MsgSubmitProposal,
  "/cosmos.gov.v1.MsgDeposit": MsgDeposit,
  "/cosmos.gov.v1.MsgVote": MsgVote,
  "/cosmos.gov.v1.MsgVoteWeighted": MsgVoteWeighted,
  "/cosmos.gov.v1.MsgCancelProposal": MsgCancelProposal,
  "/cosmos.gov.v1.MsgUpdateParams": GovMsgUpdateParams,
};

/** The Msg… codecs of a generated file, by type URL. */
function messagesOf(packageName: string, file: object): [string, unknown][] {
  return Object.entries(file)
    .filter(([name]) => /^Msg\w+$/.test(name) && !name.endsWith("Response"))
    .map(([name, codec]) => [`/${packageName}.${name}`, codec]);
}

const types = new Map<string, unknown>([
  ...defaultRegistryTypes,
  ...Object.entries(sdk),
  ...messagesOf("gonka.pow.v1", pow),
  ...messagesOf("gonka.inference.v1", inference),
]);

/** For CosmJS's signing client. */
export function signingRegistry(): Registry {
  return new Registry([...types].map(([url, codec]) => [url, codec as GeneratedType] as const));
}

/** The codec of a message type, or undefined. */
export function messageCodec(typeUrl: string): MessageCodec | undefined {
  return types.get(typeUrl) as MessageCodec | undefined;
}

/** Every known message type, for error texts. */
export function messageTypes(): readonly string[] {
  return [...types.keys()].sort();
}
