/** A running node with consensus: gRPC, ABCI query of its own methods, and events of rounds. */
import {
  GetLatestBlockResponse,
  GetNodeInfoResponse,
} from "cosmjs-types/cosmos/base/tendermint/v1beta1/query";
import t from "tap";
import { WebSocket } from "ws";
import { RawGrpcClient } from "../support/grpc-client.ts";
import { type OneNode, startOneNode } from "../support/one-node.ts";
import { until } from "../support/until.ts";

let one: OneNode;
let grpc: RawGrpcClient;
t.before(async () => {
  one = await startOneNode((error) => t.fail(String(error)));
  grpc = new RawGrpcClient(one.node.grpcPort ?? 0);
  await until(async () => (await latestHeight()) >= 2n);
});
t.teardown(async () => {
  grpc.close();
  await one.stop();
});

const service = "/cosmos.base.tendermint.v1beta1.Service";
const nothing = new Uint8Array();

async function latestHeight(): Promise<bigint> {
  const { code, response } = await grpc.call(`${service}/GetLatestBlock`, nothing);
  return code === 0 ? (GetLatestBlockResponse.decode(response).block?.header.height ?? 0n) : 0n;
}

t.test("GetNodeInfo: over gRPC and, as relayers ask it, through ABCI query", async (t) => {
  const { response } = await grpc.call(`${service}/GetNodeInfo`, nothing);
  const info = GetNodeInfoResponse.decode(response);
  t.equal(info.defaultNodeInfo?.defaultNodeId, one.node.nodeId);
  const path = encodeURIComponent(`"${service}/GetNodeInfo"`);
  const asked = await fetch(`${one.rpcUrl}/abci_query?path=${path}`);
  const { result } = (await asked.json()) as {
    result: { response: { code: number; value: string; height: string } };
  };
  t.equal(result.response.code, 0);
  t.not(result.response.height, "0");
  t.same(new Uint8Array(Buffer.from(result.response.value, "base64")), response);
  const block = encodeURIComponent(`"${service}/GetBlockByHeight"`);
  const refused = await fetch(`${one.rpcUrl}/abci_query?path=${block}&data=0x08ff7f`);
  t.match(await refused.json(), {
    result: { response: { code: 18, codespace: "sdk", log: /rpc error: code = InvalidArgument/ } },
  });
});

t.test("the state of a height: the metadata of gRPC and the header of REST agree", async (t) => {
  const path = "/cosmos.bank.v1beta1.Query/TotalSupply";
  const before = await grpc.call(path, nothing, "1");
  t.equal(before.height, "1");
  const rest = await fetch(`${one.restUrl}/cosmos/bank/v1beta1/supply`, {
    headers: { "x-cosmos-block-height": "1" },
  });
  t.equal(rest.headers.get("x-cosmos-block-height"), "1");
  await rest.arrayBuffer();
});

t.test("who subscribes hears of rounds, votes and locks while blocks are made", async (t) => {
  const socket = new WebSocket(`${one.wsUrl}/websocket`);
  const heard = new Map<string, unknown>();
  socket.on("message", (data) => {
    const { id, result } = JSON.parse(String(data)) as {
      id: string;
      result: { data?: { type: string; value: unknown } };
    };
    if (result.data) heard.set(id, result.data);
  });
  await new Promise((resolve) => socket.once("open", resolve));
  const names = ["NewRoundStep", "NewRound", "Vote", "CompleteProposal", "Lock"];
  for (const id of names) {
    const params = { query: `tm.event='${id}'` };
    socket.send(JSON.stringify({ jsonrpc: "2.0", id, method: "subscribe", params }));
  }
  await until(() => names.every((name) => heard.has(name)));
  t.match(heard.get("NewRound"), {
    type: "tendermint/event/NewRound",
    value: { round: 0, proposer: { address: /^[0-9A-F]{40}$/, index: 0 } },
  });
  t.match(heard.get("Vote"), { value: { Vote: { validator_index: 0, signature: /./ } } });
  t.match(heard.get("CompleteProposal"), { value: { block_id: { hash: /^[0-9A-F]{64}$/ } } });
  t.match(heard.get("NewRoundStep"), { type: "tendermint/event/RoundState" });
  socket.close();
  await until(() => socket.readyState === WebSocket.CLOSED);
});
