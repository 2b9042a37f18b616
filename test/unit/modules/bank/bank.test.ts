/** bank beyond the plain send. spec/modules/bank.md. */
import { AminoTypes, createDefaultAminoConverters } from "@cosmjs/stargate";
import * as bank from "cosmjs-types/cosmos/bank/v1beta1/tx";
import type { Any } from "cosmjs-types/google/protobuf/any";
import t from "tap";
import { Registry } from "../../../../src/abci/tx/registry.ts";
import { wireModules } from "../../../../src/abci/wiring.ts";
import { Addresses } from "../../../../src/modules/addresses.ts";
import {
  AppChain,
  alice,
  any,
  appState,
  bob,
  carol,
  dave,
  dev,
  signTx,
  startBalance,
} from "../../../support/app-chain.ts";

const coins = (amount: number, denom = "ngonka") => [{ denom, amount: String(amount) }];
const fromAlice = (message: Any, sequence = 0n) =>
  signTx({ from: alice, sequence, messages: [message], gas: 500_000n });
const multi = (inputs: [string, number][], outputs: [string, number][]) =>
  any(bank.MsgMultiSend, {
    inputs: inputs.map(([address, amount]) => ({ address, coins: coins(amount) })),
    outputs: outputs.map(([address, amount]) => ({ address, coins: coins(amount) })),
  });

t.test("multi-send moves from one to several and creates accounts", async (t) => {
  const chain = await AppChain.start();
  const fresh = dev("fresh", 0);
  const message = multi(
    [[alice.address, 30]],
    [
      [bob.address, 10],
      [fresh.address, 20],
    ],
  );
  const { txResults } = await chain.block([fromAlice(message)]);
  t.equal(txResults[0]?.code, 0, txResults[0]?.log ?? "");
  t.same(
    txResults[0]?.events.slice(8).map(({ type, attributes }) => [type, attributes.at(-2)?.value]),
    [
      ["message", alice.address],
      ["coin_spent", "30ngonka"],
      ["coin_received", "10ngonka"],
      ["transfer", "10ngonka"],
      ["coin_received", "20ngonka"],
      ["transfer", "20ngonka"],
    ],
  );
  t.equal(chain.balance(bob.address), startBalance + 10n);
  t.equal(chain.balance(fresh.address), 20n);
  t.equal(chain.balance(alice.address), startBalance - 30n - 2000n);
  const next = signTx({
    from: fresh,
    number: 8n, // Four devs, four modules, then this one.
    sequence: 0n,
    fee: [],
    messages: [
      any(bank.MsgSend, { fromAddress: fresh.address, toAddress: bob.address, amount: coins(20) }),
    ],
  });
  t.match((await chain.block([next])).txResults[0], { code: 0 });
  t.equal(chain.balance(fresh.address), 0n);
  t.same(chain.app.brokenInvariants(), []);
});

t.test("multi-sends that are refused", async (t) => {
  const chain = await AppChain.start();
  const cases: [string, Any, string, number][] = [
    ["outputs of another sum", multi([[alice.address, 3]], [[bob.address, 2]]), "bank", 4],
    ["no outputs", multi([[alice.address, 3]], []), "bank", 3],
    [
      "two inputs",
      multi(
        [
          [alice.address, 1],
          [alice.address, 1],
        ],
        [[bob.address, 2]],
      ),
      "bank",
      9,
    ],
    [
      "an output of nothing",
      multi(
        [[alice.address, 3]],
        [
          [bob.address, 3],
          [bob.address, 0],
        ],
      ),
      "sdk",
      10,
    ],
  ];
  for (const [name, message, codespace, code] of cases) {
    const result = chain.attempt(fromAlice(message));
    t.same([result.codespace, result.code], [codespace, code], `${name}: ${result.log}`);
  }
});

t.test("a send to oneself changes nothing but the fee", async (t) => {
  const chain = await AppChain.start();
  const message = any(bank.MsgSend, {
    fromAddress: alice.address,
    toAddress: alice.address,
    amount: coins(500),
  });
  t.match((await chain.block([fromAlice(message)])).txResults[0], { code: 0 });
  t.equal(chain.balance(alice.address), startBalance - 2000n);
  t.same(chain.app.brokenInvariants(), []);
});

t.test("a denomination that may not be sent is refused with bank code 5", async (t) => {
  const state = appState({
    edit: ({ bank: part }) => {
      (part as { send_enabled: unknown[] }).send_enabled = [{ denom: "ngonka", enabled: false }];
    },
  });
  const chain = await AppChain.start({ state });
  const message = any(bank.MsgSend, {
    fromAddress: alice.address,
    toAddress: bob.address,
    amount: coins(5),
  });
  const { txResults } = await chain.block([fromAlice(message)]);
  t.match(txResults[0], {
    code: 5,
    codespace: "bank",
    log: /ngonka transfers are currently disabled: send transactions are disabled$/,
  });
});

t.test("the amino JSON of bank messages is CosmJS's", async (t) => {
  const registry = new Registry();
  for (const module of wireModules(
    { addresses: new Addresses("gonka"), baseDenom: "ngonka" },
    registry,
  ).modules)
    registry.add(module);
  const cosmjs = new AminoTypes(createDefaultAminoConverters());
  const send = { fromAddress: alice.address, toAddress: bob.address, amount: coins(5) };
  const messages = [any(bank.MsgSend, send), multi([[alice.address, 3]], [[carol.address, 3]])];
  for (const message of messages) {
    const { handler, message: value } = registry.decode(message);
    const expected = cosmjs.toAmino({ typeUrl: message.typeUrl, value });
    t.same({ type: handler.amino.name, value: handler.amino.toJson(value) }, expected);
  }
});

const broken: [string, (part: Record<string, unknown>) => void, RegExp][] = [
  [
    "supply",
    (s) => {
      s.supply = coins(7);
    },
    /^app_state.bank.supply: the balances sum up to 4000000000000ngonka/,
  ],
  [
    "an owner twice",
    (s) => {
      const list = s.balances as unknown[];
      list.push(list[0]);
    },
    /^app_state.bank.balances\[4\].address: comes twice/,
  ],
  [
    "an address",
    (s) => {
      (s.balances as { address: string }[])[1] = { address: "gonka1x", ...{ coins: [] } };
    },
    /^app_state.bank.balances\[1\].address: .*decoding bech32 failed/,
  ],
  [
    "coins out of order",
    (s) => {
      s.balances = [{ address: dave.address, coins: [...coins(1), ...coins(1, "abc")] }];
    },
    /^app_state.bank.balances\[0\].coins: must be coins sorted by denom/,
  ],
  [
    "a number that is no text",
    (s) => {
      s.params = { send_enabled: [], default_send_enabled: "yes" };
    },
    /^app_state.bank.params.default_send_enabled: must be true or false/,
  ],
  [
    "metadata",
    (s) => {
      (s.denom_metadata as { base: string }[])[0] = { base: "x" };
    },
    /^app_state.bank.denom_metadata\[0\]/,
  ],
];
for (const [name, change, problem] of broken) {
  t.test(`a genesis is refused with its place: ${name}`, async (t) => {
    const state = appState({ edit: (s) => change(s.bank as Record<string, unknown>) });
    await t.rejects(AppChain.start({ state }), { name: "GenesisError", message: problem });
  });
}
