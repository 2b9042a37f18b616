/** The RPC server over a kvstore chain without consensus: blocks come when a test makes them. */
import { ed25519PublicKey } from "../../src/crypto/ed25519.ts";
import type { RpcBackend } from "../../src/rpc/expected.ts";
import { defaultLimits, type RpcLimits } from "../../src/rpc/limits.ts";
import { RpcServer } from "../../src/rpc/server.ts";
import { MemoryDb } from "../../src/store/memory-db.ts";
import { emptyDisk, KvStoreApp } from "./kvstore.ts";
import { TestChain, testGenesis, validatorSeed } from "./test-chain.ts";

export interface RpcChain {
  readonly chain: TestChain;
  readonly server: RpcServer;
  readonly port: number;
  /** POST / with this body. */
  post(body: unknown): Promise<Answer>;
  get(path: string): Promise<Answer>;
  /** The result of a call; throws the error object's text. */
  call(method: string, params?: object): Promise<unknown>;
  stop(): Promise<void>;
}

export interface Answer {
  readonly status: number;
  readonly text: string;
  readonly json: Reply;
  readonly headers: Headers;
}

/** An answer of the server, loosely. */
export interface Reply {
  readonly id?: string | number;
  readonly result?: never;
  readonly error?: { readonly code: number; readonly message: string; readonly data?: string };
}

function backendOf(chain: TestChain, app: KvStoreApp): RpcBackend {
  const { blocks, states, mempool } = chain;
  const genesis = testGenesis(1);
  return {
    blocks: {
      base: () => blocks.base(),
      height: () => blocks.height(),
      loadBlock: (height) => blocks.loadBlock(height),
      loadTx: (height, index) => blocks.loadTx(height, index),
      loadMeta: (height) => blocks.loadBlockMeta(height),
      loadCommit: (height) => blocks.loadCommit(height),
      loadSeenCommit: (height) => blocks.loadSeenCommit(height),
      heightOfHash: (hash) => blocks.heightOf(hash),
    },
    chain: {
      state: () => chain.state,
      validatorsAt: (height) => states.loadValidators(height),
      consensusParamsAt: (height) => states.loadConsensusParams(height),
      resultsAt: (height) => states.loadFinalizeBlock(height),
      txResultAt: (height, index) => states.loadTxResult(height, index),
    },
    app: {
      info: () => app.info(),
      query: (request) => app.query(request),
      checkTx: (tx) => app.checkTx({ tx, type: 0 }),
    },
    pool: {
      add: async (tx) => {
        const answer = await mempool.checkTx(tx);
        return "refused" in answer ? answer.message : answer;
      },
      size: () => mempool.size,
      sizeBytes: () => BigInt(mempool.totalBytes),
      oldest: (limit) => mempool.reapMaxTxs(limit),
      flush: () => mempool.flush(),
    },
    node: {
      nodeId: "cf4a66aa29e5123abfdfbdf485da6788bb8e46d1",
      moniker: "dockernode",
      network: genesis.chainId,
      version: "0.38.0",
      p2pListenAddress: "tcp://0.0.0.0:26656",
      rpcAddress: "tcp://0.0.0.0:26657",
      channels: Buffer.from("40202122233038606100", "hex"),
      peers: () => [
        {
          id: "ab".repeat(20),
          moniker: "peer",
          listenAddress: "tcp://127.0.0.1:26656",
          remoteIp: "127.0.0.1",
          isOutbound: true,
          channels: Uint8Array.of(0x20),
          network: genesis.chainId,
          version: "0.38.0",
          connectedMs: 1500,
          sentBytes: 3000,
          receivedBytes: 30,
        },
      ],
      dial: () => undefined,
      consensusKey: ed25519PublicKey(validatorSeed(0)),
      isCatchingUp: () => false,
      genesis,
    },
    round: () => ({
      height: chain.state.lastBlockHeight + 1n,
      round: 0,
      step: 1,
      startTime: { seconds: 1_700_000_000n, nanos: 0 },
      proposalBlockHash: new Uint8Array(),
      isProposalComplete: false,
      lockedRound: -1,
      validRound: -1,
      commitRound: -1,
      lockedBlockHash: new Uint8Array(),
      validBlockHash: new Uint8Array(),
      votes: [
        {
          round: 0,
          prevotes: [undefined],
          prevotesBitArray: "BA{1:_} 0/10 = 0.00",
          precommits: [undefined],
          precommitsBitArray: "BA{1:_} 0/10 = 0.00",
        },
      ],
    }),
    peerRounds: () => new Map(),
    addEvidence: () => undefined,
  };
}

/** Starts the server on a port that the system picks. */
export async function startRpcChain(limits: RpcLimits = defaultLimits): Promise<RpcChain> {
  const app = new KvStoreApp(emptyDisk());
  const disks = { blockDb: new MemoryDb(), stateDb: new MemoryDb() };
  const chain = await TestChain.open(app, disks, { genesis: testGenesis(1) });
  const server = new RpcServer(backendOf(chain, app), new MemoryDb(), limits);
  chain.feed.onBlock(({ block, blockId, finalize }) => {
    void server.publish({ block, blockId, result: finalize });
  });
  const port = await server.start({ host: "127.0.0.1", port: 0 });
  const url = `http://127.0.0.1:${port}`;
  const answer = async (response: Response): Promise<Answer> => {
    const { status, headers } = response;
    const text = await response.text();
    const isJson = headers.get("content-type") === "application/json";
    return { status, headers, text, json: isJson ? (JSON.parse(text) as Reply) : {} };
  };
  const post = async (body: unknown) => {
    const text = typeof body === "string" ? body : JSON.stringify(body);
    return answer(await fetch(url, { method: "POST", body: text }));
  };
  const call = async (method: string, params?: object) => {
    const { json } = await post({ jsonrpc: "2.0", id: 7, method, params });
    if (json.error) throw new Error(`${json.error.code}: ${json.error.data}`);
    return json.result;
  };
  const get = async (path: string) => answer(await fetch(`${url}${path}`));
  return { chain, server, port, post, get, call, stop: () => server.stop() };
}
