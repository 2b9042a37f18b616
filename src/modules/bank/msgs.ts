/** The messages of bank. spec/modules/bank.md. */
import * as tx from "cosmjs-types/cosmos/bank/v1beta1/tx";
import { sdkErrors } from "../errors.ts";
import { type MsgHandler, msgHandler } from "../module.ts";
import { checkBankParams, checkDenoms, checkMultiSend, readCoins } from "./checks.ts";
import { bankErrors } from "./errors.ts";
import type { BankKeeper } from "./keeper.ts";

const parse = (bank: BankKeeper, text: string): Uint8Array => bank.addresses.parse(text);

/** Handlers; authority is the one address that may change parameters: gov's account. */
export function bankMsgs(bank: BankKeeper, authority: string): readonly MsgHandler[] {
  return [send(bank), multiSend(bank), updateParams(bank, authority), sendEnabled(bank, authority)];
}

function send(bank: BankKeeper): MsgHandler {
  return msgHandler<tx.MsgSend>({
    typeUrl: tx.MsgSend.typeUrl,
    responseTypeUrl: tx.MsgSendResponse.typeUrl,
    codec: tx.MsgSend,
    amino: {
      name: "cosmos-sdk/MsgSend",
      toJson: (msg) => ({
        from_address: msg.fromAddress,
        to_address: msg.toAddress,
        amount: msg.amount,
      }),
    },
    signers: (msg) => [msg.fromAddress],
    validate: (msg) => {
      bank.addresses.parse(msg.fromAddress, "invalid from address");
      bank.addresses.parse(msg.toAddress, "invalid to address");
      readCoins(msg.amount);
    },
    execute: (ctx, msg) => {
      const [from, to] = [parse(bank, msg.fromAddress), parse(bank, msg.toAddress)];
      const coins = readCoins(msg.amount);
      bank.assertSendable(ctx, coins);
      if (bank.isBlocked(to)) {
        throw sdkErrors.unauthorized(`${msg.toAddress} is not allowed to receive funds`);
      }
      bank.send(ctx, from, to, coins);
      return tx.MsgSendResponse.encode({}).finish();
    },
  });
}

function multiSend(bank: BankKeeper): MsgHandler {
  return msgHandler<tx.MsgMultiSend>({
    typeUrl: tx.MsgMultiSend.typeUrl,
    responseTypeUrl: tx.MsgMultiSendResponse.typeUrl,
    codec: tx.MsgMultiSend,
    amino: {
      name: "cosmos-sdk/MsgMultiSend",
      toJson: ({ inputs, outputs }) => ({ inputs, outputs }),
    },
    signers: (msg) => [...new Set(msg.inputs.map((input) => input.address))],
    validate: (msg) => checkMultiSend(bank.addresses, msg),
    execute: (ctx, { inputs, outputs }) => {
      const [input] = inputs;
      if (!input) throw bankErrors.noInputs("");
      const [from, coins] = [parse(bank, input.address), readCoins(input.coins)];
      bank.assertSendable(ctx, coins);
      const moves = outputs.map((output) => {
        const to = parse(bank, output.address);
        if (bank.isBlocked(to)) {
          throw sdkErrors.unauthorized(`${output.address} is not allowed to receive funds`);
        }
        return { to, coins: readCoins(output.coins) };
      });
      bank.sendToMany(ctx, { from, coins }, moves);
      return tx.MsgMultiSendResponse.encode({}).finish();
    },
  });
}

function updateParams(bank: BankKeeper, authority: string): MsgHandler {
  return msgHandler<tx.MsgUpdateParams>({
    typeUrl: tx.MsgUpdateParams.typeUrl,
    responseTypeUrl: tx.MsgUpdateParamsResponse.typeUrl,
    codec: tx.MsgUpdateParams,
    amino: {
      name: "cosmos-sdk/x/bank/MsgUpdateParams",
      toJson: ({ authority, params }) => ({
        authority,
        params: params.defaultSendEnabled ? { default_send_enabled: true } : {},
      }),
    },
    signers: (msg) => [msg.authority],
    validate: (msg) => {
      bank.addresses.parse(msg.authority, "invalid authority address");
      const bad = checkBankParams(msg.params);
      if (bad !== undefined) throw sdkErrors.invalidRequest(bad);
    },
    execute: (ctx, msg) => {
      assertAuthority(authority, msg.authority);
      bank.params.schedule(ctx, msg.params);
      return tx.MsgUpdateParamsResponse.encode({}).finish();
    },
  });
}

function sendEnabled(bank: BankKeeper, authority: string): MsgHandler {
  return msgHandler<tx.MsgSetSendEnabled>({
    typeUrl: tx.MsgSetSendEnabled.typeUrl,
    responseTypeUrl: tx.MsgSetSendEnabledResponse.typeUrl,
    codec: tx.MsgSetSendEnabled,
    amino: {
      name: "cosmos-sdk/MsgSetSendEnabled",
      toJson: (msg) => ({
        authority: msg.authority,
        // Amino leaves empty lists and false out.
        send_enabled: orNothing(
          msg.sendEnabled.map(({ denom, enabled }) => (enabled ? { denom, enabled } : { denom })),
        ),
        use_default_for: orNothing(msg.useDefaultFor),
      }),
    },
    signers: (msg) => [msg.authority],
    validate: (msg) => {
      bank.addresses.parse(msg.authority, "invalid authority address");
      checkDenoms([...msg.sendEnabled.map((entry) => entry.denom), ...msg.useDefaultFor]);
    },
    execute: (ctx, msg) => {
      assertAuthority(authority, msg.authority);
      for (const { denom, enabled } of msg.sendEnabled) bank.setSendEnabled(ctx, denom, enabled);
      for (const denom of msg.useDefaultFor) bank.setSendEnabled(ctx, denom, undefined);
      return tx.MsgSetSendEnabledResponse.encode({}).finish();
    },
  });
}

function orNothing<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length === 0 ? undefined : list;
}

function assertAuthority(expected: string, got: string): void {
  if (got === expected) return;
  throw sdkErrors.unauthorized(`invalid authority; expected ${expected}, got ${got}`);
}
