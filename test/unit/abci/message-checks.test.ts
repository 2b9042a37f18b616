/**
 * Which messages are looked at before signatures, and which only when they run: as in the SDK,
 * where the messages of its own modules are checked by their handlers, after the fee was taken.
 */
import { MsgExec, MsgGrant } from "cosmjs-types/cosmos/authz/v1beta1/tx";
import { MsgMultiSend, MsgSend } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import { MsgGrantAllowance } from "cosmjs-types/cosmos/feegrant/v1beta1/tx";
import { MsgExecLegacyContent, MsgSubmitProposal } from "cosmjs-types/cosmos/gov/v1/tx";
import type { Any } from "cosmjs-types/google/protobuf/any";
import t from "tap";
import { MsgRegisterHost } from "../../../src/gen/gonka/pow/v1/tx.ts";
import { AppChain, alice, any, bob, signTx, startBalance } from "../../support/app-chain.ts";

const coins = (amount: string) => [{ denom: "ngonka", amount }];
const send = (change: Partial<MsgSend> = {}) =>
  any(MsgSend, {
    fromAddress: alice.address,
    toAddress: bob.address,
    amount: coins("1"),
    ...change,
  });
const foreign = "cosmos1pkptre7fdkl6gfrzlesjjvhxhlc3r4gmmk8rs6";
const signed = (message: Any) => signTx({ from: alice, sequence: 0n, messages: [message] });
/** Signed for another chain, so that the signature is wrong and nothing else. */
const badlySigned = (message: Any) =>
  signTx({ from: alice, sequence: 0n, messages: [message], chainId: "other-1" });

const late: readonly [name: string, message: Any, codespace: string, code: number, log: RegExp][] =
  [
    ["a foreign recipient", send({ toAddress: foreign }), "sdk", 7, /got "cosmos": invalid addr/],
    ["a recipient that is no address", send({ toAddress: "bob" }), "sdk", 7, /invalid to address/],
    ["an amount of zero", send({ amount: coins("0") }), "sdk", 10, /: invalid coins$/],
    ["a negative amount", send({ amount: coins("-5") }), "sdk", 10, /-5ngonka: invalid coins$/],
    ["no amount", send({ amount: [] }), "sdk", 10, /invalid coins$/],
    [
      "a multi-send to nobody",
      any(MsgMultiSend, { inputs: [{ address: alice.address, coins: coins("1") }], outputs: [] }),
      "bank",
      3,
      /no outputs/,
    ],
    [
      "an execution of nothing",
      any(MsgExec, { grantee: alice.address, msgs: [] }),
      "sdk",
      18,
      /messages cannot be empty/,
    ],
  ];

for (const [name, message, codespace, code, log] of late) {
  t.test(`found by the handler: ${name}`, async (t) => {
    const chain = await AppChain.start();
    await chain.block();
    t.match(chain.check(badlySigned(message)), { codespace: "sdk", code: 4 }, "signature first");
    t.match(chain.check(signed(message)), { code: 0 }, "CheckTx runs no handler");
    const result = (await chain.block([signed(message)])).txResults[0];
    t.match(result, { codespace, code, log });
    t.match(result?.log, /^failed to execute message; message index: 0: /);
    t.equal(chain.balance(alice.address), startBalance - 2000n, "the fee is paid");
    t.match(chain.check(signed(message)), { code: 32 }, "and the sequence is used");
  });
}

const unknown: Any = { typeUrl: "/x.Unknown", value: new Uint8Array() };
const parties = { granter: alice.address, grantee: bob.address };
const early: readonly [name: string, message: Any, codespace: string, code: number][] = [
  [
    "an unknown authorization",
    any(MsgGrant, MsgGrant.fromPartial({ ...parties, grant: { authorization: unknown } })),
    "sdk",
    2,
  ],
  ["an unknown allowance", any(MsgGrantAllowance, { ...parties, allowance: unknown }), "sdk", 2],
  [
    "an unknown message to execute",
    any(MsgExec, { grantee: alice.address, msgs: [unknown] }),
    "sdk",
    2,
  ],
  [
    "an unknown message to vote about",
    any(
      MsgSubmitProposal,
      MsgSubmitProposal.fromPartial({ messages: [unknown], proposer: alice.address }),
    ),
    "sdk",
    2,
  ],
  [
    "old content without a text",
    any(MsgExecLegacyContent, MsgExecLegacyContent.fromPartial({ authority: alice.address })),
    "gov",
    5,
  ],
  [
    "a host without keys",
    {
      typeUrl: "/gonka.pow.v1.MsgRegisterHost",
      value: MsgRegisterHost.encode(
        MsgRegisterHost.fromPartial({ operator: alice.address }),
      ).finish(),
    },
    "pow",
    2,
  ],
];

for (const [name, message, codespace, code] of early) {
  t.test(`found before any signature: ${name}`, async (t) => {
    const chain = await AppChain.start();
    await chain.block();
    for (const tx of [badlySigned(message), signed(message)]) {
      t.match(chain.check(tx), { codespace, code });
      t.match(chain.attempt(tx), { codespace, code });
    }
    t.equal(chain.balance(alice.address), startBalance, "nothing is paid");
  });
}
