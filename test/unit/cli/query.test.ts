/** gonkad query and status: what is asked, how answers and refusals are shown. */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import {
  QueryAllBalancesRequest,
  QueryAllBalancesResponse,
} from "cosmjs-types/cosmos/bank/v1beta1/query";
import { QueryProposalResponse } from "cosmjs-types/cosmos/gov/v1/query";
import t from "tap";
import { parse } from "yaml";
import { describeKey } from "../../../src/cli/keys/derive.ts";
import { Keyring } from "../../../src/cli/keys/keyring.ts";
import { queryMethods } from "../../../src/cli/query/methods.ts";
import { FakeNode } from "../../support/fake-node.ts";
import { runCli } from "../../support/run-cli.ts";

const home = mkdtempSync(path.join(tmpdir(), "gonka-query-"));
const secret = new Uint8Array(32).fill(1);
const alice = describeKey("alice", secret, { prefix: "gonka", hdPath: undefined });
const node = new FakeNode();
let url = "";
t.before(async () => {
  const keyring = new Keyring({ home, backend: "test", passphrase: async () => "" });
  await keyring.add(alice, secret);
  url = await node.listen();
});
t.teardown(() => node.close());

const gonkad = (...args: string[]) =>
  runCli([...args, "--home", home, "--keyring-backend", "test", "--node", url]);
const balances = "/cosmos.bank.v1beta1.Query/AllBalances";

t.test("names of keys stand for addresses; pages and heights are passed on", async (t) => {
  const asked: { request: QueryAllBalancesRequest; height: bigint }[] = [];
  node.queries.set(balances, (data, height) => {
    asked.push({ request: QueryAllBalancesRequest.decode(data), height });
    const value = { balances: [{ denom: "ngonka", amount: "12345678901234567890" }] };
    return QueryAllBalancesResponse.encode(QueryAllBalancesResponse.fromPartial(value)).finish();
  });
  const query = ["query", "bank", "balances", "alice"];
  const text = await gonkad(...query);
  t.equal(text.code, 0, text.err);
  t.match(text.out, 'amount: "12345678901234567890"', "numbers stay text");
  const json = await gonkad(
    ...["q", "bank", "balances", alice.address, "-o", "json", "--height", "7"],
    ...["--limit", "3", "--reverse", "--count-total", "--page-key", "AQI="],
  );
  t.same(JSON.parse(json.out).balances, [{ denom: "ngonka", amount: "12345678901234567890" }]);
  t.match(parse(text.out).balances, JSON.parse(json.out).balances, "the same in both formats");
  const [plain, paged] = asked;
  t.equal(plain!.request.address, alice.address);
  t.equal(plain!.height, 0n);
  t.equal(paged!.request.address, alice.address);
  t.equal(paged!.height, 7n);
  t.match(paged!.request.pagination, { limit: 3n, reverse: true, countTotal: true });
  t.same([...paged!.request.pagination!.key], [1, 2]);
});

t.test("what the node refuses ends with 6, and says whether it is missing", async (t) => {
  node.queries.set("/cosmos.gov.v1.Query/Proposal", () => {
    throw "proposal 9 doesn't exist: NotFound: key not found";
  });
  const missing = await gonkad("query", "gov", "proposal", "9");
  t.match(missing, { code: 6, out: "", err: /doesn't exist.*\nfix: .*\ncode: not_found\n$/ });
  const unknown = await gonkad("query", "gonka", "x");
  t.equal(unknown.code, 2);
  const refused = await gonkad("query", "pow", "emission");
  t.match(refused, { code: 6, err: /unknown request[\s\S]*code: query_refused/ });
});

t.test("a request that cannot be built is a usage error", async (t) => {
  const { code, err } = await gonkad("query", "gov", "proposal", "first");
  t.equal(code, 2, err);
  t.match(err, "see gonkad query gov proposal --help");
});

t.test("messages inside answers are shown by their type", async (t) => {
  node.queries.set("/cosmos.gov.v1.Query/Proposal", () =>
    QueryProposalResponse.encode(
      QueryProposalResponse.fromPartial({
        proposal: { id: 1n, status: 2, messages: [{ typeUrl: "/cosmos.gov.v1.MsgVote" }] },
      }),
    ).finish(),
  );
  const { out } = await gonkad("query", "gov", "proposal", "1", "-o", "json");
  const { proposal } = JSON.parse(out);
  t.equal(proposal.status, "PROPOSAL_STATUS_VOTING_PERIOD");
  t.equal(proposal.messages[0]["@type"], "/cosmos.gov.v1.MsgVote");
});

t.test("block, txs, wait-tx and status go to CometBFT's routes", async (t) => {
  const block = await gonkad("query", "block", "4", "-o", "json");
  t.equal(JSON.parse(block.out).block.header.height, "4");
  const txs = await gonkad("query", "txs", "--query", "tx.height=9", "-o", "json");
  t.equal(JSON.parse(txs.out).total_count, "1");
  const hash = "ab".repeat(32);
  t.match(await gonkad("query", "tx", hash), { code: 6, err: /code: not_found/ });
  const late = await gonkad("query", "wait-tx", hash, "--timeout", "0.1");
  t.match(late, { code: 7, err: /is not in a block yet\nfix: it may still be included/ });
  t.equal(JSON.parse((await gonkad("status")).out).node_info.network, "fake-1");
  t.match((await gonkad("status", "--human")).out, /^fake on fake-1\nheight {2}9 at 2026/);
});

t.test("every query has the codecs of its request and its response", async (t) => {
  t.ok(queryMethods.length > 40);
  for (const { group, name, request, response, path } of queryMethods) {
    t.type(request?.fromJSON, "function", `${group} ${name}: ${path}`);
    t.type(response?.toJSON, "function", `${group} ${name}: ${path}`);
  }
});
