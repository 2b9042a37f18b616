/**
 * The chain as the host agent sees it: CosmJS over a node's public RPC. Nothing here is special to
 * this implementation's node; any node of the network will do.
 */
import { DirectSecp256k1Wallet, type GeneratedType, Registry } from "@cosmjs/proto-signing";
import {
  BroadcastTxError,
  calculateFee,
  defaultRegistryTypes,
  GasPrice,
  SigningStargateClient,
} from "@cosmjs/stargate";
import { Comet38Client } from "@cosmjs/tendermint-rpc";
import {
  QueryAssignmentsResponse,
  QueryAttestationsResponse,
  QueryCommitmentsResponse,
  QueryCurrentEpochRequest,
  QueryEpochResponse,
  QueryHostRequest,
  QueryHostResponse,
  QueryOpeningRequest,
  QueryOpeningResponse,
  QueryParamsRequest,
  QueryParamsResponse,
  QueryParticipantsResponse,
  QuerySprintRequest,
} from "../gen/gonka/pow/v1/query.ts";
import { MsgAttestSprint, MsgCommitSprint, MsgOpenSprint } from "../gen/gonka/pow/v1/tx.ts";
import { type Chain, type ChainView, type OutgoingTx, TxRefusal } from "./expected.ts";

/** How to reach the chain, and who signs. */
export interface ChainSettings {
  /** Such as http://127.0.0.1:26657. */
  readonly rpcUrl: string;
  readonly chainId: string;
  /** Bech32 prefix of accounts. */
  readonly prefix: string;
  /** Secret key of the worker account, 32 bytes. */
  readonly workerKey: Uint8Array;
  /** Such as 0.025ngonka. */
  readonly gasPrice: string;
}

/** A node that does not answer within this time counts as unreachable. */
const callTimeoutMs = 10_000;
const service = "/gonka.pow.v1.Query";
const mainSprint = 0;
/** Codes of the sdk codespace for what is not there: keyNotFound, notFound. */
const absentCodes = [22, 38];

// The cast: CosmJS sees the CommonJS declaration of the same BinaryWriter class, and a class with
// private members is not assignable to its twin. At run time there is one encoder.
const sprintTypes = Object.entries({
  "/gonka.pow.v1.MsgCommitSprint": MsgCommitSprint,
  "/gonka.pow.v1.MsgOpenSprint": MsgOpenSprint,
  "/gonka.pow.v1.MsgAttestSprint": MsgAttestSprint,
}) as unknown as readonly [string, GeneratedType][];
const registry = new Registry([...defaultRegistryTypes, ...sprintTypes]);

interface Encoder<T> {
  encode(message: T): { finish(): Uint8Array };
}
interface Decoder<T> {
  decode(bytes: Uint8Array): T;
}
interface Connection {
  readonly comet: Comet38Client;
  readonly signing: SigningStargateClient;
}

/** Connects with the first call, and anew after every failure. */
export class ChainClient implements Chain {
  readonly #settings: ChainSettings;
  readonly #wallet: DirectSecp256k1Wallet;
  readonly #gasPrice: GasPrice;
  /** Bech32 address of the worker account. */
  readonly signer: string;
  /** The worker's public key, 33 bytes. */
  readonly hostKey: Uint8Array;
  #connection: Connection | undefined;

  private constructor(
    settings: ChainSettings,
    wallet: DirectSecp256k1Wallet,
    account: { readonly address: string; readonly pubkey: Uint8Array },
  ) {
    this.#settings = settings;
    this.#wallet = wallet;
    this.#gasPrice = GasPrice.fromString(settings.gasPrice);
    this.signer = account.address;
    this.hostKey = account.pubkey;
  }

  /** Reads the key; reaches for no node yet. Throws when the key or the gas price is malformed. */
  static async create(settings: ChainSettings): Promise<ChainClient> {
    const wallet = await DirectSecp256k1Wallet.fromKey(settings.workerKey, settings.prefix);
    const [account] = await wallet.getAccounts();
    if (!account) throw new Error("a wallet of one key has one account");
    return new ChainClient(settings, wallet, account);
  }

  async view(): Promise<ChainView | undefined> {
    const request = QueryCurrentEpochRequest.fromPartial({});
    const ask = { method: "CurrentEpoch", request: QueryCurrentEpochRequest, message: request };
    const found = await this.#query(ask, QueryEpochResponse);
    return found?.epoch && { height: found.height, epoch: found.epoch };
  }

  async params() {
    const ask = { method: "Params", request: QueryParamsRequest, message: {} };
    const found = await this.#query(ask, QueryParamsResponse);
    if (!found?.params) throw new Error("the chain has no parameters of proof of work");
    return found.params;
  }

  async host(operator: string) {
    const ask = { method: "Host", request: QueryHostRequest, message: { operator } };
    return (await this.#query(ask, QueryHostResponse))?.host?.host;
  }

  async participants(epoch: bigint) {
    const found = await this.#query(sprintAsk("Participants", epoch), QueryParticipantsResponse);
    return found?.participants ?? [];
  }

  async commitments(epoch: bigint) {
    const found = await this.#query(sprintAsk("Commitments", epoch), QueryCommitmentsResponse);
    return found?.commitments ?? [];
  }

  async opening(epoch: bigint, operator: string) {
    const message = { epoch, operator, sprint: mainSprint };
    const ask = { method: "Opening", request: QueryOpeningRequest, message };
    return (await this.#query(ask, QueryOpeningResponse))?.opening;
  }

  async assignments(epoch: bigint) {
    const found = await this.#query(sprintAsk("Assignments", epoch), QueryAssignmentsResponse);
    return found?.assignments ?? [];
  }

  async attestations(epoch: bigint) {
    const found = await this.#query(sprintAsk("Attestations", epoch), QueryAttestationsResponse);
    return found?.attestations ?? [];
  }

  async send({ msg, gasLimit, timeoutHeight }: OutgoingTx): Promise<string> {
    const fee = calculateFee(gasLimit, this.#gasPrice);
    const paid = { ...fee, amount: fee.amount.filter(({ amount }) => amount !== "0") };
    return this.#call(async ({ signing }) => {
      try {
        return await signing.signAndBroadcastSync(this.signer, [msg], paid, "", timeoutHeight);
      } catch (error) {
        if (!(error instanceof BroadcastTxError)) throw error;
        throw new TxRefusal(error.codespace, error.code, error.log ?? "");
      }
    });
  }

  async outcome(hash: string) {
    const tx = await this.#call(({ signing }) => signing.getTx(hash));
    return tx ? { code: tx.code, log: tx.rawLog } : undefined;
  }

  /** Ends the connection. */
  close(): void {
    this.#connection?.signing.disconnect();
    this.#connection = undefined;
  }

  /** A query of the pow module; undefined when the chain says that there is no such thing. */
  async #query<Request, Response>(
    ask: {
      readonly method: string;
      readonly request: Encoder<Request>;
      readonly message: Request;
    },
    response: Decoder<Response>,
  ): Promise<Response | undefined> {
    const path = `${service}/${ask.method}`;
    const data = ask.request.encode(ask.message).finish();
    const answer = await this.#call(({ comet }) => comet.abciQuery({ path, data }));
    const { code = 0, value, log } = answer;
    if (code === 0) return response.decode(value);
    if (absentCodes.includes(code)) return undefined;
    throw new Error(`${path}: code ${code}: ${log}`);
  }

  /** A failed call ends the connection: the next one looks anew which chain the node is on. */
  async #call<T>(run: (connection: Connection) => Promise<T>): Promise<T> {
    try {
      return await inTime(this.#connected().then(run));
    } catch (error) {
      if (!(error instanceof TxRefusal)) this.close();
      throw error;
    }
  }

  async #connected(): Promise<Connection> {
    if (this.#connection) return this.#connection;
    const { rpcUrl, chainId } = this.#settings;
    const comet = await Comet38Client.connect(rpcUrl);
    const { network } = (await comet.status()).nodeInfo;
    if (network !== chainId) throw new Error(`${rpcUrl} is on ${network}, not on ${chainId}`);
    const signing = SigningStargateClient.createWithSigner(comet, this.#wallet, { registry });
    this.#connection = { comet, signing };
    return this.#connection;
  }
}

function sprintAsk(method: string, epoch: bigint) {
  return { method, request: QuerySprintRequest, message: { epoch, sprint: mainSprint } };
}

/** Rejects when the call takes too long; the call itself is left to end unheard. */
async function inTime<T>(call: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const problem = new Error(`no answer within ${callTimeoutMs} ms`);
    timer = setTimeout(() => reject(problem), callTimeoutMs);
  });
  try {
    return await Promise.race([call, late]);
  } finally {
    clearTimeout(timer);
  }
}
