/**
 * Every method of CometBFT 0.38 (rpc/core/routes.go), each through all doors: its parameters in
 * order, and the members of its answer (rpc/core/types/responses.go).
 */
import t from "tap";
import { WebSocket } from "ws";
import { toBase64, toHex, toUpperHex, utf8 } from "../../../src/encoding/bytes.ts";
import { defaultLimits } from "../../../src/rpc/limits.ts";
import { txHash } from "../../../src/types/tx.ts";
import { type Reply, type RpcChain, startRpcChain } from "../../support/rpc-chain.ts";
import { until } from "../../support/until.ts";

let rpc: RpcChain;
const tx = utf8("table=1");
t.before(async () => {
  rpc = await startRpcChain({ ...defaultLimits, isUnsafe: true });
  await rpc.chain.advance([]);
  await rpc.chain.advance([tx]);
  await rpc.chain.advance([]);
  await until(
    async () => (await rpc.post(request("tx", { hash: hash() }))).json.error === undefined,
  );
});
t.teardown(() => rpc.stop());

const hash = () => toBase64(txHash(tx));
const request = (method: string, params: object | undefined) => ({
  ...{ jsonrpc: "2.0", id: 1, method },
  ...(params ? { params } : {}),
});

interface Row {
  /** Names of the parameters, in order. */
  readonly params: readonly string[];
  /** Arguments by name, as JSON spells them. */
  readonly args?: () => Record<string, unknown>;
  /** The same for a URI; as JSON where they are spelled alike. */
  readonly uri?: () => string;
  /** Paths of members that the answer has; a list is looked into at its first entry. */
  readonly members: string;
}
const height = { params: ["height"], args: () => ({ height: "2" }), uri: () => "height=2" };
const at = async (method: string, member: string): Promise<unknown> =>
  ((await rpc.call(method)) as Record<string, unknown>)[member];
const fresh = { count: 0 };
const freshTx = () => utf8(`fresh${fresh.count++}=1`);
const broadcast = {
  params: ["tx"],
  args: () => ({ tx: toBase64(freshTx()) }),
  uri: () => `tx=0x${toHex(freshTx())}`,
};
const block =
  "block_id.hash block_id.parts.total block_id.parts.hash block.header.chain_id block.data.txs " +
  "block.evidence.evidence block.last_commit.signatures";
const votes = "round prevotes prevotes_bit_array precommits precommits_bit_array";
const nested = (prefix: string, names: string) =>
  names
    .split(" ")
    .map((name) => `${prefix}.${name}`)
    .join(" ");

const table: Readonly<Record<string, Row>> = {
  health: { params: [], members: "" },
  status: {
    params: [],
    members:
      "node_info.protocol_version.p2p node_info.id node_info.channels node_info.other.tx_index " +
      "sync_info.latest_block_hash sync_info.earliest_block_time sync_info.catching_up " +
      "validator_info.address validator_info.pub_key.value validator_info.voting_power",
  },
  net_info: {
    params: [],
    members:
      "listening listeners n_peers peers.node_info.id peers.is_outbound peers.remote_ip " +
      "peers.connection_status.Duration peers.connection_status.SendMonitor.Bytes " +
      "peers.connection_status.RecvMonitor.AvgRate peers.connection_status.Channels.ID",
  },
  blockchain: {
    params: ["minHeight", "maxHeight"],
    args: () => ({ minHeight: "1", maxHeight: "2" }),
    uri: () => "minHeight=1&maxHeight=2",
    members: "last_height block_metas.block_id block_metas.block_size block_metas.num_txs",
  },
  genesis: { params: [], members: "genesis.chain_id genesis.consensus_params genesis.app_hash" },
  genesis_chunked: {
    params: ["chunk"],
    args: () => ({ chunk: 0 }),
    uri: () => "chunk=0",
    members: "chunk total data",
  },
  block: { ...height, members: block },
  block_by_hash: {
    params: ["hash"],
    args: () => ({ hash: Buffer.from(blockHash(), "hex").toString("base64") }),
    uri: () => `hash=0x${blockHash()}`,
    members: block,
  },
  block_results: {
    ...height,
    members:
      "height txs_results.code txs_results.gas_wanted finalize_block_events validator_updates " +
      "consensus_param_updates app_hash",
  },
  commit: {
    ...height,
    members: "signed_header.header.app_hash signed_header.commit.signatures canonical",
  },
  header: { ...height, members: "header.last_block_id.parts.total header.proposer_address" },
  header_by_hash: {
    params: ["hash"],
    args: () => ({ hash: blockHash() }),
    uri: () => `hash=0x${blockHash()}`,
    members: "header.height",
  },
  check_tx: { ...broadcast, members: "code data log info gas_wanted gas_used events codespace" },
  tx: {
    params: ["hash", "prove"],
    args: () => ({ hash: hash(), prove: true }),
    uri: () => `hash=0x${toUpperHex(txHash(tx))}&prove=true`,
    members:
      "hash height index tx_result.code tx proof.root_hash proof.data proof.proof.total " +
      "proof.proof.leaf_hash proof.proof.aunts",
  },
  tx_search: {
    params: ["query", "prove", "page", "per_page", "order_by"],
    args: () => ({ query: "tx.height=2", prove: true, page: "1", per_page: "5", order_by: "asc" }),
    uri: () => `query="tx.height=2"&prove=true&page=1&per_page=5&order_by="asc"`,
    members: "txs.hash txs.proof.data total_count",
  },
  block_search: {
    params: ["query", "page", "per_page", "order_by"],
    args: () => ({ query: "block.height=2" }),
    uri: () => `query="block.height=2"`,
    members: "blocks.block.header.height blocks.block_id.hash total_count",
  },
  validators: {
    params: ["height", "page", "per_page"],
    args: () => ({ height: "2", page: "1", per_page: "10" }),
    uri: () => "height=2&page=1&per_page=10",
    members: "block_height validators.proposer_priority validators.pub_key.type count total",
  },
  dump_consensus_state: {
    params: [],
    members: `${nested(
      "round_state",
      "height round step start_time commit_time validators.validators.address " +
        "validators.proposer.address proposal proposal_block proposal_block_parts locked_round " +
        "locked_block locked_block_parts valid_round valid_block valid_block_parts commit_round " +
        "last_commit last_validators triggered_timeout_precommit",
    )} ${nested("round_state.votes", votes)} peers.node_address peers.peer_state`,
  },
  consensus_state: {
    params: [],
    members: `${nested(
      "round_state",
      "height/round/step start_time proposal_block_hash locked_block_hash valid_block_hash " +
        "proposer.address proposer.index",
    )} ${nested("round_state.height_vote_set", votes)}`,
  },
  consensus_params: {
    ...height,
    members:
      "block_height consensus_params.block.max_bytes consensus_params.evidence.max_age_duration " +
      "consensus_params.validator.pub_key_types consensus_params.version.app " +
      "consensus_params.abci.vote_extensions_enable_height",
  },
  unconfirmed_txs: {
    params: ["limit"],
    args: () => ({ limit: "5" }),
    uri: () => "limit=5",
    members: "n_txs total total_bytes txs",
  },
  num_unconfirmed_txs: { params: [], members: "n_txs total total_bytes txs" },
  broadcast_tx_sync: { ...broadcast, members: "code data log codespace hash" },
  broadcast_tx_async: { ...broadcast, members: "code data log codespace hash" },
  broadcast_tx_commit: {
    ...broadcast,
    args: () => ({ tx: toBase64(utf8("malformed")) }), // CheckTx refuses: no block is waited for.
    uri: () => `tx="malformed"`,
    members: "check_tx.code tx_result.code hash height",
  },
  abci_query: {
    params: ["path", "data", "height", "prove"],
    args: () => ({ path: "", data: toHex(utf8("table")), height: "0", prove: false }),
    uri: () => `data="table"`,
    members:
      "response.code response.log response.info response.index response.key response.value " +
      "response.proofOps response.height response.codespace",
  },
  abci_info: { params: [], members: "response.data response.last_block_height" },
  broadcast_evidence: { params: ["evidence"], members: "" },
  dial_seeds: {
    params: ["seeds"],
    args: () => ({ seeds: [`${"ab".repeat(20)}@127.0.0.1:1`] }),
    uri: () => `seeds=["${"ab".repeat(20)}@127.0.0.1:1"]`,
    members: "log",
  },
  dial_peers: {
    params: ["peers", "persistent", "unconditional", "private"],
    args: () => ({ peers: [`${"ab".repeat(20)}@127.0.0.1:1`], persistent: true }),
    uri: () => `peers=["${"ab".repeat(20)}@127.0.0.1:1"]&persistent=true`,
    members: "log",
  },
  unsafe_flush_mempool: { params: [], members: "" },
};

const blockHash = () => toHex(rpc.chain.blocks.loadBlockId(2n)?.hash ?? new Uint8Array());

/** Whether the path is there; null ends it, as members of null cannot be seen. */
function has(value: unknown, path: readonly string[]): boolean {
  const [name, ...rest] = path;
  if (Array.isArray(value)) return value.length === 0 || has(value[0], path);
  if (name === undefined || value === null) return true;
  if (typeof value !== "object" || !Object.hasOwn(value, name)) return false;
  return has((value as Record<string, unknown>)[name], rest);
}

function check(
  t: Pick<typeof import("tap").t, "equal" | "same">,
  answer: Reply,
  { members }: Row,
  name: string,
): void {
  t.equal(answer.error, undefined, `${name}: ${JSON.stringify(answer.error)}`);
  const paths = members.split(" ").filter((path) => path !== "");
  t.same(
    paths.filter((path) => !has(answer.result, path.split("."))),
    [],
    `${name}: members that are missing in ${JSON.stringify(answer.result)?.slice(0, 300)}`,
  );
}

t.test("the list at / is CometBFT's table", async (t) => {
  const { text } = await rpc.get("/");
  const listed = [...text.matchAll(/href="\/(\w+)/g)].map(([, name = ""]) => name);
  t.same(listed.sort(), Object.keys(table).sort());
});

t.test("parameters have CometBFT's names, in its order", async (t) => {
  for (const [method, { params }] of Object.entries(table)) {
    const tooMany = Array.from({ length: params.length + 1 }, () => null);
    const { json } = await rpc.post(request(method, tooMany));
    const names = params.join(" ");
    const expected = `expected ${params.length} parameters ([${names}]), got ${tooMany.length}`;
    t.match(json.error?.data, expected, method);
  }
});

t.test("every method answers by name, by position and by URI", async (t) => {
  for (const [method, row] of Object.entries(table)) {
    if (method === "broadcast_evidence") continue; // test/unit/evidence has evidence that is true.
    const args = row.args?.();
    check(t, (await rpc.post(request(method, args))).json, row, `${method} by name`);
    const again = row.args?.() ?? {};
    const list = row.params.map((name) => again[name] ?? null);
    check(t, (await rpc.post(request(method, list))).json, row, `${method} by position`);
    const uri = encodeURI(`/${method}?${row.uri?.() ?? ""}`);
    check(t, (await rpc.get(uri)).json, row, uri);
  }
});

t.test("every method answers over the websocket", async (t) => {
  const socket = new WebSocket(`ws://127.0.0.1:${rpc.port}/websocket`);
  const heard: Reply[] = [];
  socket.on("message", (data) => heard.push(JSON.parse(String(data)) as Reply));
  await new Promise((resolve) => socket.once("open", resolve));
  for (const [method, row] of Object.entries(table)) {
    if (method === "broadcast_evidence") continue;
    socket.send(JSON.stringify({ ...request(method, row.args?.()), id: method }));
    await until(() => heard.some(({ id }) => id === method));
    check(t, heard.find(({ id }) => id === method) as Reply, row, method);
  }
  socket.close();
});

t.test("unsafe methods are not there unless the configuration says so", async (t) => {
  const safe = await startRpcChain();
  for (const method of ["dial_seeds", "dial_peers", "unsafe_flush_mempool"]) {
    t.equal((await safe.post(request(method, {}))).json.error?.code, -32601);
    t.equal((await safe.get(`/${method}`)).status, 404);
  }
  await safe.stop();
  const none = await rpc.post(request("dial_seeds", { seeds: [] }));
  t.match(none.json.error, { code: -32603, data: "no seeds provided" });
  t.match((await rpc.post(request("dial_peers", {}))).json.error, { data: "no peers provided" });
  await rpc.call("broadcast_tx_sync", { tx: toBase64(freshTx()) });
  t.not(await at("num_unconfirmed_txs", "total"), "0");
  await rpc.call("unsafe_flush_mempool");
  t.equal(await at("num_unconfirmed_txs", "total"), "0");
});

t.test("limits come from the configuration", async (t) => {
  const strict = await startRpcChain({
    ...defaultLimits,
    maxBodyBytes: 200,
    maxBatchRequests: 2,
    maxSubscriptionClients: 0,
    commitTimeoutMs: 20,
    allowedOrigins: ["https://example.org"],
  });
  const one = request("health", {});
  t.match((await strict.post([one, one, one])).json.error?.data, /maximum \(2\) allowed/);
  t.equal((await strict.post({ ...one, pad: "x".repeat(300) })).status, 400);
  const commit = await strict.post(request("broadcast_tx_commit", { tx: toBase64(utf8("a=1")) }));
  t.match(commit.json.error?.data, "max_subscription_clients 0 reached");
  const asked = async (origin: string) => {
    const answer = await fetch(`http://127.0.0.1:${strict.port}/health`, { headers: { origin } });
    return answer.headers.get("access-control-allow-origin");
  };
  t.equal(await asked("https://example.org"), "https://example.org");
  t.equal(await asked("https://elsewhere.org"), null);
  await strict.stop();
});

t.test("broadcast_tx_commit gives up after its time", async (t) => {
  const hasty = await startRpcChain({ ...defaultLimits, commitTimeoutMs: 20 });
  const { json } = await hasty.post(request("broadcast_tx_commit", { tx: toBase64(utf8("a=1")) }));
  t.match(json.error?.data, "timed out waiting for tx to be included in a block");
  await hasty.stop();
});

t.test(
  "subscribers hear of rounds and votes; a stop tells them why their events end",
  async (t) => {
    const own = await startRpcChain();
    const socket = new WebSocket(`ws://127.0.0.1:${own.port}/websocket`);
    const heard: Reply[] = [];
    socket.on("message", (data) => heard.push(JSON.parse(String(data)) as Reply));
    await new Promise((resolve) => socket.once("open", resolve));
    for (const name of ["Vote", "NewRoundStep", "TimeoutPropose", "TimeoutWait"]) {
      socket.send(
        JSON.stringify({ ...request("subscribe", { query: `tm.event='${name}'` }), id: name }),
      );
    }
    await until(() => heard.length === 4);
    own.server.heardRound();
    own.server.heardRound();
    const state = { type: "tendermint/event/RoundState", value: { height: "1", round: 0 } };
    await until(() => heard.length >= 5);
    t.match(heard[4], { id: "NewRoundStep", result: { data: state } });
    own.server.heardTimeout({ step: "newHeight", round: 0 });
    own.server.heardTimeout({ step: "propose", round: 1 });
    own.server.heardTimeout({ step: "propose", round: 0 });
    own.server.heardTimeout({ step: "precommit", round: 0 });
    await until(() => heard.length >= 7);
    const said = heard.slice(5).map(({ id }) => id);
    t.same(said, ["TimeoutPropose", "TimeoutWait"], "those that lead to a step");
    t.match(heard[6], { result: { data: state } });
    await own.stop();
    await until(() => heard.length >= 11);
    for (const { error } of heard.slice(7)) {
      t.match(error, { code: -32000, data: "subscription was canceled (reason: CometBFT exited)" });
    }
    t.equal(heard.length, 11, "the second look found nothing new");
  },
);
