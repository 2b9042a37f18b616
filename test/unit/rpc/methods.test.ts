/**
 * What each method answers: spec/rpc.md §3. Shapes and literal values from the answers of CometBFT
 * 0.38 to tendermint-rs (rpc/tests/kvstore_fixtures/v0_38); heights from cometbft rpc/core.
 */
import { BlockMeta } from "cosmjs-types/tendermint/types/types";
import t from "tap";
import { toBase64, toUpperHex, utf8 } from "../../../src/encoding/bytes.ts";
import { blockMethods } from "../../../src/rpc/methods/blocks.ts";
import type { RpcContext } from "../../../src/rpc/methods/method.ts";
import { txHash } from "../../../src/types/tx.ts";
import { type RpcChain, startRpcChain } from "../../support/rpc-chain.ts";
import { until } from "../../support/until.ts";

let rpc: RpcChain;
const asyncTx = utf8("async-key=value");

t.before(async () => {
  rpc = await startRpcChain();
  await rpc.chain.advance();
  await rpc.chain.advance([asyncTx]);
  for (let height = 3; height <= 5; height++) await rpc.chain.advance();
  await until(() => rpc.server.context.index.lastHeight() === 5n);
});
t.teardown(() => rpc.stop());

/** The kind of every leaf: "HEX32", "base64 64", "number", "int", "time", "text". */
function shape(value: unknown): unknown {
  if (value === null) return "null";
  if (Array.isArray(value)) return value.map(shape);
  if (typeof value === "object") {
    return Object.fromEntries(Object.entries(value as object).map(([k, v]) => [k, shape(v)]));
  }
  if (typeof value !== "string") return typeof value;
  if (/^([0-9A-F]{40}|[0-9A-F]{64})$/.test(value)) return `HEX${value.length / 2}`;
  if (/^(0|-?[1-9]\d*)$/.test(value)) return "int";
  if (/^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value)) return "time";
  const bytes = Buffer.from(value, "base64");
  if (bytes.length >= 32 && toBase64(bytes) === value) return `base64 ${bytes.length}`;
  return value;
}

const blockId = { hash: "HEX32", parts: { total: "number", hash: "HEX32" } };
const header = {
  version: { block: "int", app: "int" },
  chain_id: "test-chain",
  height: "int",
  time: "time",
  last_block_id: blockId,
  last_commit_hash: "HEX32",
  data_hash: "HEX32",
  validators_hash: "HEX32",
  next_validators_hash: "HEX32",
  consensus_hash: "HEX32",
  app_hash: "0200000000000000",
  last_results_hash: "HEX32",
  evidence_hash: "HEX32",
  proposer_address: "HEX20",
};
const signature = {
  block_id_flag: "number",
  validator_address: "HEX20",
  timestamp: "time",
  signature: "base64 64",
};
const lastCommit = { height: "int", round: "number", block_id: blockId, signatures: [signature] };
const pubKey = { type: "tendermint/PubKeyEd25519", value: "base64 32" };
const kvResult = {
  code: 0,
  data: null,
  log: "",
  info: "",
  gas_wanted: "0",
  gas_used: "0",
  codespace: "",
};

t.test("abci_info, abci_query", async (t) => {
  const hash = "AgAAAAAAAAA=";
  t.same(await rpc.call("abci_info"), {
    response: {
      data: '{"size":1}',
      version: "2.0.0",
      app_version: "1",
      last_block_height: "5",
      last_block_app_hash: hash,
    },
  });
  const response = { code: 0, info: "", index: "0", proofOps: null, height: "5", codespace: "" };
  const key = Buffer.from("async-key");
  t.same(await rpc.call("abci_query", { path: "", data: key.toString("hex") }), {
    response: {
      ...response,
      log: "exists",
      key: key.toString("base64"),
      value: Buffer.from("value").toString("base64"),
    },
  });
  t.match(await rpc.call("abci_query", { path: "unpopulated_key", data: "", prove: false }), {
    response: { code: 0, log: "does not exist", index: "0", key: null, value: null },
  });
});

t.test("block, block_by_hash, header, header_by_hash", async (t) => {
  const answer = shape(await rpc.call("block", { height: "5" }));
  const block = { header, data: { txs: [] }, evidence: { evidence: [] }, last_commit: lastCommit };
  t.same(answer, { block_id: blockId, block });
  const empty = { hash: "", parts: { total: 0, hash: "" } };
  t.match(await rpc.call("block", { height: "1" }), {
    block: {
      header: { last_block_id: empty, app_hash: "0000000000000000" },
      last_commit: { height: "0", round: 0, block_id: empty, signatures: [] },
    },
  });
  t.match(await rpc.call("block", { height: "2" }), {
    block: { data: { txs: [toBase64(asyncTx)] } },
  });
  const { hash } = rpc.chain.blocks.loadBlockId(5n)!;
  const latest = await rpc.call("block");
  t.same(await rpc.call("block_by_hash", { hash: toBase64(hash) }), latest);
  t.same(await rpc.call("block_by_hash", { hash: toBase64(new Uint8Array(32)) }), {
    block_id: empty,
    block: null,
  });
  t.same(shape(await rpc.call("header", {})), { header });
  t.same(shape(await rpc.call("header_by_hash", { hash: toUpperHex(hash) })), { header });
  t.same(await rpc.call("header_by_hash", { hash: "00" }), { header: null });
});

t.test("heights that are not there", async (t) => {
  const at = (height: string) => rpc.call("block", { height });
  await t.rejects(at("0"), { message: "-32603: height must be greater than 0, but got 0" });
  await t.rejects(at("6"), {
    message: "-32603: height 6 must be less than or equal to the current blockchain height 5",
  });
  t.ok(await rpc.call("validators", { height: "6" }), "of the next height it is known who votes");
  t.ok(await rpc.call("consensus_params", { height: "6" }));
  await t.rejects(rpc.call("validators", { height: "7" }));
});

t.test("commit, validators, consensus_params, consensus_state, status, net_info", async (t) => {
  t.same(shape(await rpc.call("commit", { height: "4" })), {
    signed_header: { header, commit: lastCommit },
    canonical: "boolean",
  });
  t.match(await rpc.call("commit", { height: "4" }), { canonical: true });
  t.match(await rpc.call("commit"), { canonical: false });
  t.same(shape(await rpc.call("validators", { height: "5" })), {
    block_height: "int",
    validators: [
      { address: "HEX20", pub_key: pubKey, voting_power: "int", proposer_priority: "int" },
    ],
    count: "int",
    total: "int",
  });
  t.same(await rpc.call("consensus_params", { height: "5" }), {
    block_height: "5",
    consensus_params: {
      block: { max_bytes: "22020096", max_gas: "-1" },
      evidence: {
        max_age_num_blocks: "100000",
        max_age_duration: "172800000000000",
        max_bytes: "1048576",
      },
      validator: { pub_key_types: ["ed25519"] },
      version: { app: "0" },
      abci: { vote_extensions_enable_height: "0" },
    },
  });
  t.same(shape(await rpc.call("consensus_state")), {
    round_state: {
      "height/round/step": "6/0/1",
      start_time: "time",
      proposal_block_hash: "",
      locked_block_hash: "",
      valid_block_hash: "",
      height_vote_set: [
        {
          round: "number",
          prevotes: ["nil-Vote"],
          prevotes_bit_array: "BA{1:_} 0/10 = 0.00",
          precommits: ["nil-Vote"],
          precommits_bit_array: "BA{1:_} 0/10 = 0.00",
        },
      ],
      proposer: { address: "HEX20", index: "number" },
    },
  });
  t.match(await rpc.call("status"), {
    node_info: {
      protocol_version: { p2p: "8", block: "11", app: "1" },
      channels: "40202122233038606100",
      other: { tx_index: "on", rpc_address: "tcp://0.0.0.0:26657" },
    },
    sync_info: { latest_block_height: "5", earliest_block_height: "1", catching_up: false },
    validator_info: { voting_power: "10" },
  });
  t.match(await rpc.call("net_info"), { listening: true, n_peers: "1" });
  t.match(await rpc.call("genesis"), {
    genesis: { chain_id: "test-chain", validators: [{ power: "10", name: "validator-0" }] },
  });
  const chunk = (await rpc.call("genesis_chunked", { chunk: "0" })) as { data: string };
  t.match(chunk, { chunk: "0", total: "1" });
  t.match(JSON.parse(Buffer.from(chunk.data, "base64").toString()), { chain_id: "test-chain" });
  await t.rejects(rpc.call("genesis_chunked", { chunk: "1" }), { message: /1 is invalid/ });
});

t.test("tx and tx_search with their proof", async (t) => {
  const hash = "9F28904F9C0F3AB74A81CBA48E39124DA1C680B47FBFCBA0126870DB722BCC30";
  t.equal(toUpperHex(txHash(asyncTx)), hash);
  const search = { query: "app.key = 'async-key'", prove: true, page: "1", per_page: "1" };
  const found = (await rpc.call("tx_search", search)) as { txs: object[]; total_count: string };
  t.equal(found.total_count, "1");
  t.match(found.txs[0], {
    hash,
    height: "2",
    index: 0,
    tx: "YXN5bmMta2V5PXZhbHVl",
    proof: {
      root_hash: "3081F9915040D138B3AD7F895732D2767C29E85BA5D84388D04E17A5D8262B7A",
      data: "YXN5bmMta2V5PXZhbHVl",
      proof: {
        total: "1",
        index: "0",
        leaf_hash: "MIH5kVBA0TizrX+JVzLSdnwp6Ful2EOI0E4XpdgmK3o=",
        aunts: [],
      },
    },
    tx_result: {
      ...kvResult,
      events: [
        { type: "app", attributes: [{ key: "creator", value: "Cosmoshi Netowoko", index: true }] },
        { type: "app" },
      ],
    },
  });
  const byHash = (await rpc.call("tx", { hash: toBase64(txHash(asyncTx)) })) as object;
  t.notOk("proof" in byHash);
  await t.rejects(rpc.call("tx", { hash: toBase64(new Uint8Array(2)) }), {
    message: "-32603: tx (0000) not found",
  });
  const bad = (params: object) => rpc.call("tx_search", { query: "tx.height > 0", ...params });
  await t.rejects(bad({ page: "2" }), {
    message: "-32603: page should be within [1, 1] range, given 2",
  });
  await t.rejects(bad({ order_by: "up" }), {
    message: "-32603: expected order_by to be either `asc` or `desc` or empty",
  });
  await t.rejects(bad({ query: "a" }), { message: /^-32603: offset 1: EOF$/ });
  await t.rejects(bad({ query: `a = '${"b".repeat(600)}'` }), {
    message: "-32603: maximum query length exceeded",
  });
});

t.test("block_results, block_search, check_tx, unconfirmed_txs, health", async (t) => {
  t.same(await rpc.call("block_results", { height: "3" }), {
    height: "3",
    txs_results: null,
    finalize_block_events: null,
    validator_updates: null,
    consensus_param_updates: null,
    app_hash: "AgAAAAAAAAA=",
  });
  t.match(await rpc.call("block_results", { height: "2" }), { txs_results: [kvResult] });
  const heights = async (params: object) => {
    const { blocks } = (await rpc.call("block_search", params)) as {
      blocks: { block: { header: { height: string } } }[];
    };
    return blocks.map(({ block }) => block.header.height);
  };
  t.same(await heights({ query: "block.height > 1" }), ["5", "4", "3", "2"]);
  t.same(await heights({ query: "block.height > 1", per_page: "2", page: "2" }), ["3", "2"]);
  t.same(await heights({ query: "block.height < 3", order_by: "asc" }), ["1", "2"]);
  t.match(await rpc.call("check_tx", { tx: toBase64(utf8("bad")) }), { code: 2, events: [] });
  const pool = { n_txs: "0", total: "0", total_bytes: "0" };
  t.same(await rpc.call("unconfirmed_txs"), { ...pool, txs: [] });
  t.same(await rpc.call("num_unconfirmed_txs"), { ...pool, txs: null });
  t.same(await rpc.call("health"), {});
});

t.test("broadcast: sync answers CheckTx, async nothing, commit the block", async (t) => {
  const hash = "57018296EE0919C9D351F2FFEA82A8D28DE223724D79965FC8D00A7477ED48BC";
  const tx = toBase64(utf8("sync-key=value"));
  t.equal(toUpperHex(txHash(utf8("sync-key=value"))), hash);
  const sent = { code: 0, data: "", log: "", codespace: "", hash };
  t.same(await rpc.call("broadcast_tx_sync", { tx }), sent);
  await t.rejects(rpc.call("broadcast_tx_sync", { tx }), {
    message: "-32603: tx already exists in cache",
  });
  t.same(await rpc.call("broadcast_tx_async", { tx }), sent);
  await rpc.chain.advance();
  const commit = toBase64(utf8("commit-key=value"));
  const answer = rpc.call("broadcast_tx_commit", { tx: commit });
  await until(() => rpc.chain.mempool.size === 1);
  // The same again is refused, and does not disturb the one that waits.
  await t.rejects(rpc.call("broadcast_tx_commit", { tx: commit }), { message: /already exists/ });
  await rpc.chain.advance();
  t.match(await answer, {
    check_tx: { ...kvResult, gas_wanted: "1", events: [] },
    tx_result: { ...kvResult, events: [{ type: "app" }, { type: "app" }] },
    hash: "D63F9C23791E610410B576D8C27BB5AEAC93CC1A58522428A7B32A1276085860",
    height: "7",
  });
  const refused = await rpc.call("broadcast_tx_commit", { tx: toBase64(utf8("bad")) });
  t.match(refused, { check_tx: { code: 2 }, tx_result: { ...kvResult, events: [] }, height: "0" });
});

t.test(
  "a batch of broadcasts is taken and answered in its order, queries in between",
  async (t) => {
    const keys = ["one", "two", "three", "four", "five"].map((name) => `batch-${name}=value`);
    const ask = (id: number, method: string, params: object) => ({
      jsonrpc: "2.0",
      id,
      method,
      params,
    });
    const send = (key: string, id: number) =>
      ask(id, "broadcast_tx_sync", { tx: toBase64(utf8(key)) });
    const count = ask(9, "num_unconfirmed_txs", {});
    const body = [...keys.slice(0, 3).map(send), count, ...keys.slice(3).map(send)];
    const { json } = await rpc.post(body);
    const answers = json as unknown as { id: number; result: { hash?: string; total?: string } }[];
    t.same(
      answers.map(({ id }) => id),
      [0, 1, 2, 9, 0, 1],
    );
    t.equal(answers[3]?.result.total, "3", "what stands before it is in, what stands after is not");
    const waiting = rpc.chain.mempool.reapMaxTxs(5).map((tx) => Buffer.from(tx).toString());
    t.same(waiting, keys);
    rpc.chain.mempool.flush();
  },
);

t.test("TestBlockchainInfo", async (t) => {
  /** min, max, base, height, blocks or none. CometBFT's cases with its limit of 20. */
  const cases: [bigint, bigint, bigint, bigint, number | undefined][] = [
    [0n, 0n, 0n, 0n, undefined],
    [0n, 1n, 0n, 0n, undefined],
    [0n, 0n, 0n, 1n, 1],
    [2n, 0n, 0n, 1n, undefined],
    [2n, 1n, 0n, 5n, undefined],
    [1n, 10n, 0n, 14n, 10],
    [-1n, 10n, 0n, 14n, undefined],
    [1n, -10n, 0n, 14n, undefined],
    [-9223372036854775808n, -9223372036854775788n, 0n, 100n, undefined],
    [1n, 1n, 1n, 1n, 1],
    [2n, 5n, 3n, 5n, 3],
    [1n, 1n, 0n, 5n, 1],
    [2n, 2n, 0n, 5n, 1],
    [1n, 2n, 0n, 5n, 2],
    [1n, 5n, 0n, 1n, 1],
    [1n, 5n, 0n, 10n, 5],
    [1n, 15n, 0n, 10n, 10],
    [1n, 15n, 0n, 15n, 15],
    [1n, 20n, 0n, 15n, 15],
    [1n, 20n, 0n, 20n, 20],
    [1n, 100n, 0n, 100n, 20],
  ];
  for (const [minHeight, maxHeight, base, height, expected] of cases) {
    const blocks = {
      base: () => base,
      height: () => height,
      loadMeta: (at: bigint) => BlockMeta.fromPartial({ header: { height: at } }),
    };
    const context = { blocks } as unknown as RpcContext;
    const ask = () => blockMethods.blockchain!.handle(context, { minHeight, maxHeight });
    const name = `${minHeight} ${maxHeight} ${base} ${height}`;
    if (expected === undefined) t.throws(ask, { code: -32603 }, name);
    else t.equal((ask() as { block_metas: object[] }).block_metas.length, expected, name);
  }
  const answer = (await rpc.call("blockchain", { minHeight: "4", maxHeight: "5" })) as never;
  t.same(shape((answer as { block_metas: object[] }).block_metas[0]), {
    block_id: blockId,
    block_size: "int",
    header,
    num_txs: "int",
  });
});
