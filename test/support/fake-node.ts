/**
 * A node's RPC for the command line: JSON-RPC by POST and by URI, answered from a table. It keeps
 * the transactions that it was sent.
 */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { BaseAccount } from "cosmjs-types/cosmos/auth/v1beta1/auth";
import { QueryAccountResponse } from "cosmjs-types/cosmos/auth/v1beta1/query";
import { SimulateResponse } from "cosmjs-types/cosmos/tx/v1beta1/service";
import { AuthInfo, TxBody, TxRaw } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import { sha256 } from "../../src/crypto/hash.ts";
import { fromBase64, fromHex, toBase64, toUpperHex } from "../../src/encoding/bytes.ts";

type Fields = Record<string, unknown>;

export interface SentTx {
  readonly body: TxBody;
  readonly authInfo: AuthInfo;
}

export class FakeNode {
  readonly sent: SentTx[] = [];
  /** Answers to ABCI queries, by path; a thrown string is the log of a refusal. */
  readonly queries = new Map<string, (data: Uint8Array, height: bigint) => Uint8Array>();
  /** What CheckTx says, one for each transaction; then 0. */
  readonly checks: { code: number; log: string }[] = [];
  /** Code of delivered transactions; undefined: they never get into a block. */
  deliveredCode: number | undefined = 0;
  sequence = 5n;
  readonly #server: Server;
  #hash = "";

  constructor() {
    this.queries.set("/cosmos.auth.v1beta1.Query/Account", () => this.#account());
    this.queries.set("/cosmos.tx.v1beta1.Service/Simulate", () => {
      const gasInfo = { gasWanted: 0n, gasUsed: 50_000n };
      return SimulateResponse.encode({ gasInfo }).finish();
    });
    this.#server = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk) => {
        body += chunk;
      });
      request.on("end", () => {
        const url = new URL(request.url ?? "/", "http://node");
        const call =
          request.method === "POST"
            ? (JSON.parse(body) as Fields)
            : {
                id: -1,
                method: url.pathname.slice(1),
                params: Object.fromEntries(url.searchParams),
              };
        response.setHeader("content-type", "application/json");
        response.end(JSON.stringify({ jsonrpc: "2.0", id: call.id, ...this.#answer(call) }));
      });
    });
  }

  /** Starts to listen; the URL as --node takes it. */
  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `tcp://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  #answer({ method, params }: Fields): Fields {
    const given = (params ?? {}) as Fields;
    switch (method) {
      case "status":
        return { result: status };
      case "abci_query":
        return { result: { response: this.#query(given) } };
      case "broadcast_tx_sync":
        return { result: this.#broadcast(fromBase64(String(given.tx))) };
      case "tx_search":
        return { result: this.#search() };
      case "block":
        return { result: { block: { header: { height: String(given.height ?? "9") } } } };
      case "tx": {
        const text = `tx (${String(given.hash).slice(2)}) not found`;
        return { error: { code: -32603, message: "Internal error", data: text } };
      }
      default:
        return { error: { code: -32601, message: "Method not found" } };
    }
  }

  #query({ path, data, height }: Fields): Fields {
    const rest = { info: "", index: "0", key: null, proofOps: null, height: "9" };
    try {
      const answer = this.queries.get(String(path));
      if (!answer) throw `unknown query path: ${path}: unknown request`;
      const value = answer(fromHex(String(data)), BigInt(String(height ?? "0")));
      return { ...rest, code: 0, codespace: "", log: "", value: toBase64(value) };
    } catch (log) {
      return { ...rest, code: 6, codespace: "sdk", log: String(log), value: null };
    }
  }

  #account(): Uint8Array {
    const account = BaseAccount.fromPartial({ accountNumber: 7n, sequence: this.sequence });
    const value = BaseAccount.encode(account).finish();
    const typeUrl = "/cosmos.auth.v1beta1.BaseAccount";
    return QueryAccountResponse.encode({ account: { typeUrl, value } }).finish();
  }

  #broadcast(bytes: Uint8Array): Fields {
    const raw = TxRaw.decode(bytes);
    this.sent.push({
      body: TxBody.decode(raw.bodyBytes),
      authInfo: AuthInfo.decode(raw.authInfoBytes),
    });
    this.#hash = toUpperHex(sha256(bytes));
    const check = this.checks.shift() ?? { code: 0, log: "" };
    return { data: "", codespace: check.code === 0 ? "" : "sdk", hash: this.#hash, ...check };
  }

  #search(): Fields {
    if (this.deliveredCode === undefined) return { txs: [], total_count: "0" };
    const outcome = { code: this.deliveredCode, log: "what happened", data: "", codespace: "" };
    const tx_result = { ...outcome, gas_wanted: "70000", gas_used: "50000", events: [] };
    const found = { hash: this.#hash, height: "9", index: 0, tx_result, tx: "AQ==" };
    return { txs: [found], total_count: "1" };
  }
}

const hash = "00".repeat(32);
const status = {
  node_info: {
    protocol_version: { p2p: "8", block: "11", app: "0" },
    id: "00".repeat(20),
    listen_addr: "tcp://0.0.0.0:26656",
    network: "fake-1",
    version: "0.38.19",
    channels: "",
    moniker: "fake",
    other: { tx_index: "on", rpc_address: "" },
  },
  sync_info: {
    latest_block_hash: hash,
    latest_app_hash: hash,
    latest_block_height: "9",
    latest_block_time: "2026-01-01T00:00:00Z",
    catching_up: false,
  },
  validator_info: {
    address: "00".repeat(20),
    pub_key: { type: "tendermint/PubKeyEd25519", value: toBase64(new Uint8Array(32)) },
    voting_power: "1",
  },
};
