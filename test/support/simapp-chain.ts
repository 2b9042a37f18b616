/** The simapp profile with four accounts and two validators, over a memory database. */
import { readFileSync } from "node:fs";
import { MsgDelegate } from "cosmjs-types/cosmos/staking/v1beta1/tx";
import { secp256k1Address } from "../../src/crypto/secp256k1.ts";
import { toBech32 } from "../../src/encoding/bech32.ts";
import { toBase64 } from "../../src/encoding/bytes.ts";
import { AppChain, any, type Dev, dev, signTx } from "./app-chain.ts";

type Json = Record<string, Record<string, unknown[]>>;

/** An account that may have a validator. */
interface Staker extends Dev {
  readonly operator: string;
}

export const simappIdentity = {
  ...{ bech32Prefix: "cosmos", baseDenom: "ustake" },
  profile: "simapp",
} as const;

/** The first two have the validators. */
export const simappDevs = ["val", "u1", "u2", "u3"].map((name, number) => {
  const made = dev(name, number);
  const bytes = secp256k1Address(made.publicKey);
  const operator = toBech32("cosmosvaloper", bytes);
  return { ...made, address: toBech32("cosmos", bytes), operator };
}) as [Staker, Staker, Staker, Staker];

export const simappConsensusKey = (n: number): Uint8Array => new Uint8Array(32).fill(n);

/** Validators of 3,000,000 and 1,000,000 ustake. */
export function simappState(): Json {
  const file = new URL("../../genesis/simapp.json", import.meta.url);
  const { app_state: state } = JSON.parse(readFileSync(file, "utf8")) as { app_state: Json };
  const all = simappDevs;
  const pool = state.bank?.balances?.at(-1) as { address: string; coins: object[] };
  Object.assign(state.auth ?? {}, {
    accounts: all.map(({ address }, index) => ({
      "@type": "/cosmos.auth.v1beta1.BaseAccount",
      address,
      pub_key: null,
      account_number: String(index),
      sequence: "0",
    })),
  });
  const coins = (amount: string) => [{ denom: "ustake", amount }];
  Object.assign(state.bank ?? {}, {
    balances: [
      ...all.map(({ address }) => ({ address, coins: coins("50000000") })),
      { address: pool.address, coins: coins("4000000") },
    ],
  });
  const [template] = state.staking?.validators ?? [];
  const operators = all.slice(0, 2).map(({ operator }) => operator);
  Object.assign(state.staking ?? {}, {
    validators: operators.map((operator_address, n) => ({
      ...(template as object),
      operator_address,
      consensus_pub_key: toBase64(simappConsensusKey(n + 1)),
    })),
    delegations: operators.map((validator_address, n) => ({
      delegator_address: all[n]?.address,
      validator_address,
      tokens: n === 0 ? "3000000" : "1000000",
    })),
  });
  return state;
}

/** A chain of the profile, before its first block. */
export const startSimapp = (): Promise<AppChain> =>
  AppChain.start({ state: simappState(), identity: simappIdentity });

/** The first transaction of the first account: 5 ustake more for its own validator. */
export function delegateTx(): Uint8Array {
  const [from] = simappDevs;
  const amount = { denom: "ustake", amount: "5" };
  const message = { delegatorAddress: from.address, validatorAddress: from.operator, amount };
  const messages = [any(MsgDelegate, message)];
  return signTx({ from, sequence: 0n, messages, gas: 400_000n, fee: [] });
}
