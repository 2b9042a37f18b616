/** The REST gateway over the real application, whose blocks come when a test makes them. */
import { CheckTxType, type ResponseFinalizeBlock } from "cosmjs-types/tendermint/abci/types";
import { Block } from "cosmjs-types/tendermint/types/block";
import { BlockID } from "cosmjs-types/tendermint/types/types";
import type { ApiBackend, FoundTx } from "../../src/api/expected.ts";
import { RestServer } from "../../src/api/rest.ts";
import { Router } from "../../src/api/router.ts";
import { toHex } from "../../src/encoding/bytes.ts";
import type { Codec } from "../../src/modules/module.ts";
import { txHash } from "../../src/types/tx.ts";
import { ValidatorSet } from "../../src/types/validator-set.ts";
import { newValidator } from "../../src/types/validators/validator.ts";
import { AppChain } from "./app-chain.ts";
import { validatorKey } from "./test-chain.ts";

export interface RestAnswer {
  readonly status: number;
  readonly headers: Headers;
  // What a client sees: any JSON.
  readonly body: Record<string, never>;
}

/** The gateway, the application behind it, and the blocks so far. */
export class RestApp {
  readonly chain: AppChain;
  readonly router: Router;
  readonly #rest: RestServer;
  readonly #blocks: Block[] = [];
  readonly #txs = new Map<string, FoundTx>();
  #url = "";
  private constructor(chain: AppChain) {
    this.chain = chain;
    this.router = new Router(this.#backend());
    this.#rest = new RestServer(this.router, {
      maxBodyBytes: 4 * 1024 * 1024,
      maxConnections: 100,
      maxGrpcMessageBytes: 1024 * 1024,
      origins: "any",
      page: "served",
    });
  }

  static async start(chain?: AppChain): Promise<RestApp> {
    const app = new RestApp(chain ?? (await AppChain.start()));
    const port = await app.#rest.start({ host: "127.0.0.1", port: 0 });
    app.#url = `http://127.0.0.1:${port}`;
    return app;
  }

  get url(): string {
    return this.#url;
  }

  stop(): Promise<void> {
    return this.#rest.stop();
  }

  async block(txs: readonly Uint8Array[] = []): Promise<ResponseFinalizeBlock> {
    const height = this.chain.height + 1n;
    const time = { seconds: this.chain.seconds + 1n, nanos: 500 };
    this.#blocks.push(
      Block.fromPartial({
        header: { chainId: "gonka-test-1", height, time },
        data: { txs: [...txs] },
      }),
    );
    const response = await this.chain.block(txs);
    txs.forEach((tx, index) => {
      const result = response.txResults[index];
      if (result) this.#txs.set(toHex(txHash(tx)), { height, index, tx, result });
    });
    return response;
  }

  async get(path: string, headers: Record<string, string> = {}): Promise<RestAnswer> {
    return this.#answer(await fetch(`${this.#url}${path}`, { headers }));
  }

  /** contentType: "" sends none. */
  async post(path: string, body: unknown, contentType = "application/json"): Promise<RestAnswer> {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    const headers: Record<string, string> = contentType ? { "content-type": contentType } : {};
    return this.#answer(
      await fetch(`${this.#url}${path}`, { method: "POST", body: Buffer.from(text), headers }),
    );
  }

  async #answer(response: Response): Promise<RestAnswer> {
    const { status, headers } = response;
    return { status, headers, body: JSON.parse(await response.text()) as RestAnswer["body"] };
  }

  #backend(): ApiBackend {
    const { app } = this.chain;
    const validator = newValidator({ type: "ed25519", key: validatorKey(0) }, 10n);
    const validators = ValidatorSet.from([validator]);
    return {
      queries: app.registry.queries,
      messages: app.registry.msgs,
      anyTypeUrls: () => [...app.registry.anyTypes.keys()],
      anyType: (typeUrl) => app.registry.anyTypes.get(typeUrl) as Codec<object> | undefined,
      bech32Prefix: this.chain.bech32Prefix,
      minimumGasPrices: "0ngonka",
      query: (request) => app.query(request),
      broadcast: async (tx) => app.checkTx({ tx, type: CheckTxType.NEW }),
      tx: (hash) => this.#txs.get(toHex(hash)),
      searchTxs: async ({ query, page, limit, isDescending }) => {
        if (query === "bad") return "failed to parse query: offset 3: EOF";
        const all = [...this.#txs.values()];
        if (isDescending) all.reverse();
        return { txs: all.slice((page - 1) * limit, page * limit), total: all.length };
      },
      latestHeight: () => this.chain.height,
      earliestHeight: () => 1n,
      block: (height) => {
        const block = this.#blocks[Number(height) - 1];
        return block && { block, blockId: BlockID.fromPartial({ hash: new Uint8Array(32) }) };
      },
      validators: (height) => (height <= this.chain.height + 1n ? validators : undefined),
      tip: () => ({
        chainId: "gonka-test-1",
        height: this.chain.height,
        time: { seconds: this.chain.seconds, nanos: 0 },
        appHash: new Uint8Array(32),
        appVersion: 1n,
        validatorsHash: validators.hash(),
      }),
      isCatchingUp: () => false,
      nodeInfo: () => ({
        nodeId: "cf4a66aa29e5123abfdfbdf485da6788bb8e46d1",
        moniker: "node",
        network: "gonka-test-1",
        cometVersion: "0.38.0",
        p2pListenAddress: "tcp://0.0.0.0:26656",
        rpcAddress: "tcp://0.0.0.0:26657",
        channels: Uint8Array.of(0x40),
        appName: "gonka-ts",
      }),
      appVersion: "0.0.0",
    };
  }
}
