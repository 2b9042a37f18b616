/** The RPC of a node over light blocks in memory, as far as a light client asks. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { toBase64, toUpperHex } from "../../src/encoding/bytes.ts";
import { commitJson, headerJson } from "../../src/types/json/block.ts";
import type { LightBlock } from "../../src/types/light/light-block.ts";

type Fields = Record<string, string | undefined>;

export class LightRpc {
  readonly blocks: Map<bigint, LightBlock>;
  readonly evidence: unknown[] = [];
  /** Changes an answer before it is sent. */
  tamper: (method: string, body: string) => string = (_, body) => body;
  readonly #server: Server;

  constructor(blocks: Iterable<LightBlock>) {
    this.blocks = new Map([...blocks].map((block) => [block.header.height, block]));
    this.#server = createServer((request, response) => {
      let body = "";
      request.on("data", (chunk) => {
        body += chunk;
      });
      request.on("end", () => {
        const { id, method, params } = JSON.parse(body);
        const answer = JSON.stringify({ jsonrpc: "2.0", id, ...this.#answer(method, params) });
        response.setHeader("content-type", "application/json");
        response.end(this.tamper(method, answer));
      });
    });
  }

  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #answer(method: string, params: Fields): object {
    const newest = [...this.blocks.keys()].reduce((a, b) => (a > b ? a : b), 0n);
    const height = params.height === undefined ? newest : BigInt(params.height);
    const block = this.blocks.get(height);
    if (method === "broadcast_evidence") {
      this.evidence.push(params.evidence);
      return { result: { hash: "00" } };
    }
    if (!block) {
      const data =
        height > newest
          ? `height ${height} must be less than or equal to the current blockchain height ${newest}`
          : `height ${height} is not available, lowest height is 1`;
      return { error: { code: -32603, message: "Internal error", data } };
    }
    return { result: method === "commit" ? signed(block) : validators(block, params) };
  }
}

const signed = ({ header, commit }: LightBlock) => ({
  signed_header: { header: headerJson(header), commit: commitJson(commit) },
  canonical: true,
});

function validators({ header, validators: set }: LightBlock, params: Fields): object {
  const perPage = Number(params.per_page ?? "30");
  const from = (Number(params.page ?? "1") - 1) * perPage;
  const page = set.validators.slice(from, from + perPage).map((each) => ({
    address: toUpperHex(each.address),
    pub_key: { type: "tendermint/PubKeyEd25519", value: toBase64(each.pubKey.key) },
    voting_power: String(each.power),
    proposer_priority: String(each.priority),
  }));
  const { height } = header;
  return {
    block_height: String(height),
    validators: page,
    count: String(page.length),
    total: String(set.size),
  };
}
