/** The queries of the command line: a name, its arguments, and the gRPC method behind it. */
import * as auth from "cosmjs-types/cosmos/auth/v1beta1/query";
import * as bank from "cosmjs-types/cosmos/bank/v1beta1/query";
import * as consensus from "cosmjs-types/cosmos/consensus/v1/query";
import * as gov from "cosmjs-types/cosmos/gov/v1/query";
import type { JsonCodec } from "../../encoding/proto-json.ts";
import * as inference from "../../gen/gonka/inference/v1/query.ts";
import * as pow from "../../gen/gonka/pow/v1/query.ts";

/** One query command. */
export interface QueryMethod {
  readonly group: string;
  readonly name: string;
  readonly about: string;
  /** Request fields in camelCase, in the order of the arguments; "?" marks an optional one. */
  readonly args: readonly string[];
  readonly path: string;
  readonly request: RequestCodec;
  readonly response: JsonCodec<object>;
}

interface RequestCodec {
  encode(message: object): { finish(): Uint8Array };
  fromJSON(object: object): object;
}

interface Package {
  readonly group: string;
  /** Such as "cosmos.bank.v1beta1". */
  readonly name: string;
  readonly codecs: object;
}

/** [command and arguments, method, what it shows, response type if it is not Query…Response]. */
type Row = readonly [usage: string, method: string, about: string];

function methodsOf({ group, name, codecs }: Package, rows: readonly Row[]): QueryMethod[] {
  const named = codecs as Readonly<Record<string, unknown>>;
  return rows.map(([usage, method, about]) => {
    const [command = "", ...args] = usage.split(" ");
    const [requestName, responseName] = typeNames(named, method);
    return {
      group,
      name: command,
      about,
      args,
      path: `/${name}.Query/${method}`,
      request: named[requestName] as RequestCodec,
      response: named[responseName] as JsonCodec<object>,
    };
  });
}

/** A few methods share their messages with others. */
const sharedTypes: Readonly<Record<string, readonly [string, string]>> = {
  CurrentEpoch: ["QueryCurrentEpochRequest", "QueryEpochResponse"],
  Participants: ["QuerySprintRequest", "QueryParticipantsResponse"],
  Commitments: ["QuerySprintRequest", "QueryCommitmentsResponse"],
  Assignments: ["QuerySprintRequest", "QueryAssignmentsResponse"],
  Attestations: ["QuerySprintRequest", "QueryAttestationsResponse"],
  Forfeits: ["QuerySprintRequest", "QueryForfeitsResponse"],
  Bech32Prefix: ["Bech32PrefixRequest", "Bech32PrefixResponse"],
};

function typeNames(
  named: Readonly<Record<string, unknown>>,
  method: string,
): readonly [string, string] {
  const plain = [`Query${method}Request`, `Query${method}Response`] as const;
  return plain.every((name) => name in named) ? plain : (sharedTypes[method] ?? plain);
}

export const queryMethods: readonly QueryMethod[] = [
  ...methodsOf({ group: "auth", name: "cosmos.auth.v1beta1", codecs: auth }, [
    ["account address", "Account", "an account: number, sequence, public key"],
    ["accounts", "Accounts", "all accounts"],
    ["module-accounts", "ModuleAccounts", "accounts that modules own"],
    ["params", "Params", "parameters of accounts and signatures"],
    ["bech32-prefix", "Bech32Prefix", "prefix of addresses"],
  ]),
  ...methodsOf({ group: "bank", name: "cosmos.bank.v1beta1", codecs: bank }, [
    ["balances address", "AllBalances", "what an account holds"],
    ["balance address denom", "Balance", "what an account holds of one coin"],
    ["spendable-balances address", "SpendableBalances", "what an account may spend"],
    ["total-supply", "TotalSupply", "how much of every coin there is"],
    ["total-supply-of denom", "SupplyOf", "how much of one coin there is"],
    ["denom-metadata denom", "DenomMetadata", "units and names of a coin"],
    ["denoms-metadata", "DenomsMetadata", "units and names of all coins"],
    ["denom-owners denom", "DenomOwners", "who holds a coin"],
    ["send-enabled", "SendEnabled", "coins whose transfer is switched"],
    ["params", "Params", "parameters of transfers"],
  ]),
  ...methodsOf({ group: "gov", name: "cosmos.gov.v1", codecs: gov }, [
    ["proposals", "Proposals", "all proposals"],
    ["proposal proposalId", "Proposal", "one proposal"],
    ["votes proposalId", "Votes", "who voted and how"],
    ["vote proposalId voter", "Vote", "one vote"],
    ["deposits proposalId", "Deposits", "who deposited"],
    ["tally proposalId", "TallyResult", "votes so far"],
    ["params paramsType?", "Params", "parameters of governance"],
    ["constitution", "Constitution", "the constitution"],
  ]),
  ...methodsOf({ group: "consensus", name: "cosmos.consensus.v1", codecs: consensus }, [
    ["params", "Params", "block, evidence and validator parameters"],
  ]),
  ...methodsOf({ group: "pow", name: "gonka.pow.v1", codecs: pow }, [
    ["params", "Params", "parameters of proof of work, and those that wait for the next epoch"],
    ["epoch", "CurrentEpoch", "the running epoch: phase, heights, beacons"],
    ["epoch-at index", "Epoch", "an epoch by its index"],
    ["hosts", "Hosts", "all hosts with their standing"],
    ["host operator", "Host", "one host"],
    ["weights", "Weights", "weight and power of every host"],
    ["participants epoch sprint?", "Participants", "who takes part in a Sprint"],
    ["commitments epoch sprint?", "Commitments", "what hosts committed"],
    ["opening epoch operator sprint?", "Opening", "the leaves that a host has shown"],
    ["assignments epoch sprint?", "Assignments", "who verifies whom"],
    ["attestations epoch sprint?", "Attestations", "what verifiers found"],
    ["forfeits epoch sprint?", "Forfeits", "who lost the epoch, and why"],
    ["settlement epoch", "Settlement", "what an epoch paid"],
    ["settlements", "Settlements", "what all epochs paid"],
    ["rewards operator", "Rewards", "rewards that still vest"],
    ["emission", "Emission", "what was emitted and what comes next"],
    ["community-pool", "CommunityPool", "coins of the community pool"],
  ]),
  ...methodsOf({ group: "inference", name: "gonka.inference.v1", codecs: inference }, [
    ["params", "Params", "parameters of the market"],
    ["models", "Models", "registered models"],
    ["model modelId", "Model", "one model"],
    ["offers", "Offers", "which host offers which model"],
  ]),
];
