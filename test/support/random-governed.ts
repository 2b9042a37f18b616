/**
 * Random messages of the modules that governance, power and time move: gov in both versions,
 * upgrade, consensus, slashing, vesting, hosts and offers. A good part of them fails.
 */
import { MsgSend, MsgUpdateParams as UpdateBank } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import { MsgUpdateParams as UpdateConsensus } from "cosmjs-types/cosmos/consensus/v1/tx";
import * as gov from "cosmjs-types/cosmos/gov/v1/tx";
import { TextProposal } from "cosmjs-types/cosmos/gov/v1beta1/gov";
import * as legacy from "cosmjs-types/cosmos/gov/v1beta1/tx";
import {
  MsgUnjail,
  MsgUpdateParams as UpdateSlashing,
} from "cosmjs-types/cosmos/slashing/v1beta1/tx";
import { MsgCancelUpgrade, MsgSoftwareUpgrade } from "cosmjs-types/cosmos/upgrade/v1beta1/tx";
import * as vesting from "cosmjs-types/cosmos/vesting/v1beta1/tx";
import type { Any } from "cosmjs-types/google/protobuf/any";
import { ed25519PublicKey } from "../../src/crypto/ed25519.ts";
import { sha256 } from "../../src/crypto/hash.ts";
import { secp256k1Address } from "../../src/crypto/secp256k1.ts";
import { toBech32 } from "../../src/encoding/bech32.ts";
import { utf8 } from "../../src/encoding/bytes.ts";
import type { Model } from "../../src/gen/gonka/inference/v1/inference.ts";
import * as market from "../../src/gen/gonka/inference/v1/tx.ts";
import * as pow from "../../src/gen/gonka/pow/v1/tx.ts";
import { moduleAddress } from "../../src/modules/addresses.ts";
import type { Codec } from "../../src/modules/module.ts";
import { defaultConsensusParams } from "../../src/types/consensus-params.ts";
import { any, type Dev } from "./app-chain.ts";
import { prng } from "./prng.ts";

const authority = toBech32("gonka", moduleAddress("gov"));
const coins = (amount: bigint) => [{ denom: "ngonka", amount: String(amount) }];
const minDeposit = 10_000_000_000n;
const { block, evidence, validator } = defaultConsensusParams();

/** A message of this network, whose codec does not know its type URL. */
function ours<T>(module: string, name: string, codec: Codec<T>, message: T): Any {
  return { typeUrl: `/gonka.${module}.v1.${name}`, value: codec.encode(message).finish() };
}

const model: Model = {
  id: "meta/llama",
  files: [{ name: "a", lengthBytes: 5000n, sha256: new Uint8Array(32).fill(1) }],
  modelRoot: new Uint8Array(32).fill(3),
  rows: 2n,
  engine: 1,
  contextTokens: 8192n,
  distanceThreshold: "",
  registeredHeight: 0n,
  retired: false,
};

export class RandomGoverned {
  readonly #random: () => number;
  readonly #devs: readonly Dev[];
  constructor(devs: readonly Dev[], seed: number) {
    this.#random = prng(seed);
    this.#devs = devs;
  }

  pick(limit: number): number {
    return Math.floor(this.#random() * limit);
  }

  one<T>(items: readonly T[]): T {
    return items[this.pick(items.length)] as T;
  }

  /** One to three messages of an account; now is the time of the last block in seconds. */
  messages(from: Dev, now: bigint): Any[] {
    return Array.from({ length: 1 + this.pick(3) }, () => this.#message(from, now));
  }

  #message(from: Dev, now: bigint): Any {
    const kind = this.pick(10);
    if (kind < 2) return this.#proposal(from);
    if (kind < 5) return this.#vote(from);
    if (kind === 5) return this.#vesting(from, now);
    if (kind === 6) return this.#host(from);
    if (kind === 7) return this.#offer(from);
    if (kind === 8) {
      const operator = toBech32("gonkavaloper", secp256k1Address(from.publicKey));
      return this.one([
        any(MsgUnjail, { validatorAddr: operator }),
        any(UpdateConsensus, { authority: from.address, block, evidence, validator }),
        any(MsgCancelUpgrade, { authority: from.address }),
      ]);
    }
    return any(MsgSend, {
      fromAddress: from.address,
      toAddress: this.one(this.#devs).address,
      amount: coins(BigInt(this.pick(1000))),
    });
  }

  /** What a vote may carry out. No plan is near enough to stop the chain. */
  #governed(): Any {
    const maxGas = BigInt(this.pick(3)) * 60_000_000n;
    const params = {
      signedBlocksWindow: BigInt(8 + this.pick(10)),
      minSignedPerWindow: utf8("500000000000000000"),
      downtimeJailDuration: { seconds: BigInt(1 + this.pick(9)), nanos: 0 },
      slashFractionDoubleSign: new Uint8Array(),
      slashFractionDowntime: new Uint8Array(),
    };
    const plan = { name: `v${this.pick(3)}`, height: 100_000n + BigInt(this.pick(3)), info: "" };
    return this.one([
      any(UpdateBank, { authority, params: { sendEnabled: [], defaultSendEnabled: true } }),
      any(UpdateConsensus, { authority, block: { ...block, maxGas }, evidence, validator }),
      any(UpdateSlashing, { authority, params }),
      any(MsgSoftwareUpgrade, MsgSoftwareUpgrade.fromPartial({ authority, plan })),
      any(MsgCancelUpgrade, { authority }),
      ours("inference", "MsgRegisterModel", market.MsgRegisterModel, { authority, model }),
      ours("inference", "MsgRetireModel", market.MsgRetireModel, { authority, modelId: model.id }),
    ]);
  }

  #proposal(from: Dev): Any {
    const initialDeposit = this.one([[], coins(minDeposit), coins(minDeposit / 50n)]);
    if (this.pick(4) === 0) {
      const content = any(TextProposal, { title: "T", description: "D" });
      return any(legacy.MsgSubmitProposal, { content, initialDeposit, proposer: from.address });
    }
    return any(gov.MsgSubmitProposal, {
      messages: Array.from({ length: 1 + this.pick(2) }, () => this.#governed()),
      initialDeposit,
      proposer: from.address,
      metadata: "",
      title: this.one(["", "A change", "A change"]),
      summary: "Why",
      expedited: this.pick(5) === 0,
    });
  }

  #vote(voter: Dev): Any {
    const proposalId = BigInt(1 + this.pick(12));
    const option = this.one([1, 1, 1, 2, 3, 4]);
    const options = [
      { option: 1, weight: "0.5" },
      { option: 2, weight: this.one(["0.5", "0.6"]) },
    ];
    const common = { proposalId, voter: voter.address };
    return this.one([
      any(gov.MsgVote, { ...common, option, metadata: "" }),
      any(legacy.MsgVote, { ...common, option }),
      any(gov.MsgVoteWeighted, { ...common, options, metadata: "" }),
      any(gov.MsgDeposit, { proposalId, depositor: voter.address, amount: coins(minDeposit) }),
      any(gov.MsgCancelProposal, { proposalId, proposer: voter.address }),
    ]);
  }

  #vesting(from: Dev, now: bigint): Any {
    const key = sha256(utf8(`vesting ${this.pick(12)}`)).subarray(0, 20);
    const parties = { fromAddress: from.address, toAddress: toBech32("gonka", key) };
    const amount = coins(BigInt(this.pick(5000)));
    const startTime = now + BigInt(this.pick(30));
    const vestingPeriods = [1, 2].map(() => ({ length: BigInt(this.pick(40)), amount }));
    return this.one([
      any(vesting.MsgCreatePermanentLockedAccount, { ...parties, amount }),
      any(vesting.MsgCreatePeriodicVestingAccount, { ...parties, startTime, vestingPeriods }),
      any(vesting.MsgCreateVestingAccount, {
        ...parties,
        amount,
        endTime: startTime,
        delayed: this.pick(2) === 0,
      }),
    ]);
  }

  #host(from: Dev): Any {
    const website = "";
    const endpoint = "";
    const moniker = `host ${this.pick(9)}`;
    const operator = from.address;
    const consensusPubKey = ed25519PublicKey(sha256(utf8(`other ${from.name} ${this.pick(4)}`)));
    return this.one([
      ours("pow", "MsgUpdateHost", pow.MsgUpdateHost, {
        ...{ operator, moniker, website, endpoint },
        consensusPubKey: new Uint8Array(),
      }),
      ours("pow", "MsgSetWorker", pow.MsgSetWorker, {
        operator,
        workerPubKey: this.one(this.#devs).publicKey,
        workerGrants: [],
      }),
      ours("pow", "MsgRegisterHost", pow.MsgRegisterHost, {
        ...{ operator, moniker, website, endpoint, consensusPubKey },
        workerPubKey: from.publicKey,
        workerGrants: [],
      }),
      ours("pow", "MsgUnregisterHost", pow.MsgUnregisterHost, {
        operator: this.pick(4) === 0 ? operator : "",
      }),
    ]);
  }

  #offer(from: Dev): Any {
    const common = { signer: from.address, host: from.address, modelId: model.id };
    const [inputPrice, outputPrice] = [this.one(["2000", "1"]), "4000"];
    return this.one([
      ours("inference", "MsgOfferModel", market.MsgOfferModel, {
        ...{ ...common, inputPrice, outputPrice, capacity: 1 + this.pick(5) },
        endpoint: "https://host.example/v1",
      }),
      ours("inference", "MsgWithdrawOffer", market.MsgWithdrawOffer, common),
    ]);
  }
}
