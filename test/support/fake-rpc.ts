/**
 * A node's JSON-RPC over the chain in memory: as much of it as the host agent's client calls.
 * Answers have the shape of CometBFT 0.38, so an unmodified CosmJS reads them.
 */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { BaseAccount } from "cosmjs-types/cosmos/auth/v1beta1/auth";
import { QueryAccountResponse } from "cosmjs-types/cosmos/auth/v1beta1/query";
import { AuthInfo, TxBody, TxRaw } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import { sha256 } from "../../src/crypto/hash.ts";
import { fromBase64, fromHex, toBase64, toUpperHex } from "../../src/encoding/bytes.ts";
import {
  QueryAssignmentsResponse,
  QueryAttestationsResponse,
  QueryCommitmentsResponse,
  QueryEpochResponse,
  QueryHostRequest,
  QueryHostResponse,
  QueryOpeningRequest,
  QueryOpeningResponse,
  QueryParamsResponse,
  QueryParticipantsResponse,
  QuerySprintRequest,
} from "../../src/gen/gonka/pow/v1/query.ts";
import { MsgAttestSprint, MsgCommitSprint, MsgOpenSprint } from "../../src/gen/gonka/pow/v1/tx.ts";
import { TxRefusal } from "../../src/host/expected.ts";
import type { FakeSprintChain } from "./fake-sprint-chain.ts";

type Fields = Record<string, unknown>;

const messages: Record<string, { decode(bytes: Uint8Array): object }> = {
  "/gonka.pow.v1.MsgCommitSprint": MsgCommitSprint,
  "/gonka.pow.v1.MsgOpenSprint": MsgOpenSprint,
  "/gonka.pow.v1.MsgAttestSprint": MsgAttestSprint,
};

export class FakeRpc {
  readonly #chain: FakeSprintChain;
  readonly #server: Server;
  /** Transactions as they came, decoded: fee amounts and signer. */
  readonly fees: { denom: string; amount: string }[][] = [];
  /** Calls per method. */
  readonly calls = new Map<string, number>();
  readonly #hashes = new Map<string, string>();
  network: string;
  sequence = 0n;

  constructor(chain: FakeSprintChain) {
    this.#chain = chain;
    this.network = chain.chainId;
    this.#server = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk) => {
        body += chunk;
      });
      request.on("end", async () => {
        const { id, method, params } = JSON.parse(body) as Fields;
        this.calls.set(String(method), (this.calls.get(String(method)) ?? 0) + 1);
        const answer = await this.#answer(String(method), params as Fields).then(
          (result) => ({ result }),
          (error) => ({ error: { code: -32603, message: "Internal error", data: String(error) } }),
        );
        response.setHeader("content-type", "application/json");
        response.end(JSON.stringify({ jsonrpc: "2.0", id, ...answer }));
      });
    });
  }

  /** Starts to listen; the URL. */
  async listen(port = 0): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(port, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(method: string, params: Fields): Promise<Fields> {
    switch (method) {
      case "status":
        return this.#status();
      case "abci_query":
        return { response: await this.#query(String(params.path), fromHex(String(params.data))) };
      case "broadcast_tx_sync":
        return this.#broadcast(fromBase64(String(params.tx)));
      case "tx_search":
        return this.#search(String(params.query));
      default:
        throw new Error(`method ${method} is not here`);
    }
  }

  #status(): Fields {
    const time = "2026-01-01T00:00:00Z";
    const hash = "00".repeat(32);
    const node_info = {
      protocol_version: { p2p: "8", block: "11", app: "0" },
      id: "00".repeat(20),
      listen_addr: "tcp://0.0.0.0:26656",
      network: this.network,
      version: "0.38.0",
      channels: "",
      moniker: "fake",
      other: { tx_index: "on", rpc_address: "" },
    };
    const sync_info = {
      latest_block_hash: hash,
      latest_app_hash: hash,
      latest_block_height: String(this.#chain.height),
      latest_block_time: time,
      catching_up: false,
    };
    const pub_key = { type: "tendermint/PubKeyEd25519", value: toBase64(new Uint8Array(32)) };
    const validator_info = { address: "00".repeat(20), pub_key, voting_power: "1" };
    return { node_info, sync_info, validator_info };
  }

  async #query(path: string, data: Uint8Array): Promise<Fields> {
    const value = await this.#value(path, data);
    const absent = { code: 22, codespace: "sdk", log: "not found: key not found" };
    const found = { code: 0, codespace: "", log: "", value: toBase64(value ?? new Uint8Array()) };
    const rest = { info: "", index: "0", key: null, proofOps: null };
    return { ...rest, ...(value ? found : absent), height: String(this.#chain.height) };
  }

  async #value(path: string, data: Uint8Array): Promise<Uint8Array | undefined> {
    const chain = this.#chain;
    const epoch = () => QuerySprintRequest.decode(data).epoch;
    switch (path.replace("/gonka.pow.v1.Query/", "")) {
      case "CurrentEpoch": {
        const view = await chain.view();
        return view && QueryEpochResponse.encode(QueryEpochResponse.fromPartial(view)).finish();
      }
      case "Params":
        return encoded(QueryParamsResponse, { params: await chain.params(), scheduled: undefined });
      case "Host": {
        const host = await chain.host(QueryHostRequest.decode(data).operator);
        return (
          host && encoded(QueryHostResponse, QueryHostResponse.fromPartial({ host: { host } }))
        );
      }
      case "Participants":
        return encoded(QueryParticipantsResponse, { participants: await chain.participants() });
      case "Commitments":
        return encoded(QueryCommitmentsResponse, { commitments: await chain.commitments(epoch()) });
      case "Opening": {
        const { epoch, operator } = QueryOpeningRequest.decode(data);
        const opening = await chain.opening(epoch, operator);
        return opening && encoded(QueryOpeningResponse, { opening });
      }
      case "Assignments":
        return encoded(QueryAssignmentsResponse, { assignments: await chain.assignments(epoch()) });
      case "Attestations": {
        const attestations = await chain.attestations(epoch());
        return encoded(QueryAttestationsResponse, { attestations });
      }
      case "/cosmos.auth.v1beta1.Query/Account":
        return this.#account();
      default:
        throw new Error(`query ${path} is not here`);
    }
  }

  #account(): Uint8Array {
    const account = BaseAccount.fromPartial({ accountNumber: 7n, sequence: this.sequence });
    const value = BaseAccount.encode(account).finish();
    const typeUrl = "/cosmos.auth.v1beta1.BaseAccount";
    return QueryAccountResponse.encode({ account: { typeUrl, value } }).finish();
  }

  async #broadcast(bytes: Uint8Array): Promise<Fields> {
    const raw = TxRaw.decode(bytes);
    const body = TxBody.decode(raw.bodyBytes);
    const { fee } = AuthInfo.decode(raw.authInfoBytes);
    const [any] = body.messages;
    const value = messages[any!.typeUrl]!.decode(any!.value);
    const hash = toUpperHex(sha256(bytes));
    const answer = { data: "", log: "", codespace: "", code: 0, hash };
    try {
      const name = await this.#chain.send({
        msg: { typeUrl: any!.typeUrl, value },
        gasLimit: Number(fee!.gasLimit),
        timeoutHeight: body.timeoutHeight,
      });
      this.#hashes.set(hash, name);
      this.fees.push(fee!.amount);
      this.sequence++;
      return answer;
    } catch (error) {
      if (!(error instanceof TxRefusal)) throw error;
      return { ...answer, code: error.code, codespace: error.codespace, log: error.message };
    }
  }

  async #search(query: string): Promise<Fields> {
    const hash = /^tx\.hash='([0-9A-F]{64})'$/.exec(query)?.[1] ?? "";
    const name = this.#hashes.get(hash);
    const outcome = name === undefined ? undefined : await this.#chain.outcome(name);
    if (!outcome) return { txs: [], total_count: "0" };
    const tx_result = { ...outcome, gas_wanted: "1", gas_used: "1", codespace: "", events: [] };
    const tx = toBase64(Uint8Array.of(1)); // CosmJS wants some bytes, and does not look into them.
    const found = { hash, height: "1", index: 0, tx_result, tx };
    return { txs: [found], total_count: "1" };
  }
}

function encoded<T>(codec: { encode(message: T): { finish(): Uint8Array } }, message: T) {
  return codec.encode(message).finish();
}
