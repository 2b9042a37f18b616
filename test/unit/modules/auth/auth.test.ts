/** auth: genesis and parameters. spec/modules/auth.md. Its queries are tested with ABCI Query. */
import { MsgUpdateParams } from "cosmjs-types/cosmos/auth/v1beta1/tx";
import t from "tap";
import { toHex } from "../../../../src/encoding/bytes.ts";
import { moduleAddress } from "../../../../src/modules/addresses.ts";
import { checkAuthParams, defaultAuthParams } from "../../../../src/modules/auth/params.ts";
import {
  AppChain,
  alice,
  any,
  appState,
  bob,
  carol,
  dave,
  signTx,
} from "../../../support/app-chain.ts";

type AccountJson = Record<string, unknown>;
const accountsOf = (state: Record<string, unknown>): AccountJson[] =>
  (state.auth as { accounts: AccountJson[] }).accounts;

t.test("module addresses are those of every SDK chain", async (t) => {
  // cosmos10d07y265gmmuvt4z0w9aw880jnsr700j6zn9kn and cosmos17xpfvakm2amg962yls6f84z3kell8c5lserqta
  t.equal(toHex(moduleAddress("gov")), "7b5fe22b5446f7c62ea27b8bd71cef94e03f3df2");
  t.equal(toHex(moduleAddress("fee_collector")), "f1829676db577682e944fc3493d451b67ff3e29f");
});

t.test("accounts without numbers of their own get the lowest free ones", async (t) => {
  const state = appState({
    edit: (s) => {
      const numbers = ["0", "0", "5", "0"]; // alice, bob, carol, dave
      for (const [index, account] of accountsOf(s).entries())
        account.account_number = numbers[index];
    },
  });
  const chain = await AppChain.start({ state });
  await chain.block();
  const { auth } = chain.app.exportState().appState as { auth: { accounts: AccountJson[] } };
  const found = auth.accounts
    .filter((account) => account["@type"] === "/cosmos.auth.v1beta1.BaseAccount")
    .map(({ address, account_number }) => [address, account_number]);
  t.same(found, [
    [alice.address, "0"],
    [bob.address, "1"],
    [dave.address, "2"],
    [carol.address, "5"],
  ]);
  const modules = auth.accounts.filter((account) => "base_account" in account);
  t.same(
    modules.map(({ base_account }) => (base_account as AccountJson).account_number),
    ["6", "7", "8", "9"],
    "numbers are never given twice",
  );
  t.same(chain.app.brokenInvariants(), []);
});

const broken: [string, (state: Record<string, unknown>) => void, RegExp][] = [
  [
    "an address twice",
    (s) => {
      accountsOf(s).push(accountsOf(s)[0] ?? {});
    },
    /accounts\[4\].address: comes twice/,
  ],
  [
    "an unknown type",
    (s) => {
      (accountsOf(s)[0] ?? {})["@type"] = "/x";
    },
    /accounts\[0\].@type: must be/,
  ],
  [
    "a key of the wrong length",
    (s) => {
      (accountsOf(s)[0] ?? {}).pub_key = {
        "@type": "/cosmos.crypto.secp256k1.PubKey",
        key: "AAAA",
      };
    },
    /accounts\[0\].pub_key.key: must be 33 bytes in base64/,
  ],
  [
    "a negative sequence",
    (s) => {
      (accountsOf(s)[0] ?? {}).sequence = "-1";
    },
    /sequence: must be a whole number/,
  ],
  [
    "parameters out of bounds",
    (s) => {
      (s.auth as { params: AccountJson }).params.tx_sig_limit = "0";
    },
    /^app_state.auth.params: txSigLimit is 0, must be from 1 to 100/,
  ],
  [
    "no accounts list",
    (s) => {
      (s.auth as AccountJson).accounts = 5;
    },
    /^app_state.auth.accounts: must be a list/,
  ],
  [
    "a member nobody knows",
    (s) => {
      s.staking = {};
    },
    /^app_state.staking: no module of this chain/,
  ],
  [
    "a member too few",
    (s) => {
      delete s.gov;
    },
    /^app_state.gov: is missing/,
  ],
];
for (const [name, change, problem] of broken) {
  t.test(`a genesis is refused with its place: ${name}`, async (t) => {
    const state = appState({ edit: change });
    await t.rejects(AppChain.start({ state }), { name: "GenesisError", message: problem });
  });
}

t.test("parameters have bounds, and only gov changes them", async (t) => {
  t.equal(checkAuthParams(defaultAuthParams), undefined);
  t.match(
    checkAuthParams({ ...defaultAuthParams, txSizeCostPerByte: 0n }),
    /txSizeCostPerByte is 0/,
  );
  const chain = await AppChain.start();
  const params = { ...defaultAuthParams, maxMemoCharacters: 9n };
  const update = any(MsgUpdateParams, { authority: alice.address, params });
  const { txResults } = await chain.block([
    signTx({ from: alice, sequence: 0n, messages: [update] }),
  ]);
  t.match(txResults[0], { code: 4, codespace: "sdk", log: /invalid authority; expected gonka1/ });
});
