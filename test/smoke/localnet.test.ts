/**
 * The localnet as its users meet it: four validators and four hosts as processes, unmodified
 * CosmJS, a vote, Sprints that decide power, and kill -9. Needs `npm run build`; prints what it
 * measured.
 */
import type { EncodeObject } from "@cosmjs/proto-signing";
import type { SigningStargateClient, StdFee } from "@cosmjs/stargate";
import { Comet38Client, WebsocketClient } from "@cosmjs/tendermint-rpc";
import { TxRaw } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import t from "tap";
import { camelCase } from "../../src/encoding/proto-json.ts";
import { MsgUpdateParams } from "../../src/gen/gonka/pow/v1/tx.ts";
import { endWebsocket } from "../support/end-websocket.ts";
import { TestNetwork, waitUntil } from "./network.ts";

const fee: StdFee = { amount: [{ denom: "ngonka", amount: "0" }], gas: "200000" };
const [alice, bob] = [0, 1];
/** Address index of the operator of host n. */
const operator = (host: number): number => 99 + host;
const yes = 1;

const network = await TestNetwork.start({
  validators: 4,
  noncesOf: new Map([["host2", 24]]),
});
t.teardown(() => network.stop());

/** host2 mines half as much as the others; host1 proposes, the others vote. */
t.test("makes blocks", async (t) => {
  await network.waitForHeight(0, 1);
  const seconds = (Date.now() - network.startedAt) / 1000;
  t.comment(`first block ${seconds.toFixed(1)} s after the processes were started`);
  const from = Date.now();
  const height = await network.height(0);
  await network.waitForHeight(0, height + 10);
  t.comment(`block interval ${((Date.now() - from) / 10).toFixed(0)} ms over 10 blocks`);
});

t.test("an unmodified CosmJS client sends, sees, searches and subscribes", async (t) => {
  const { client, address } = await network.signer(alice);
  const { address: to } = await network.signer(bob);
  const before = BigInt((await client.getBalance(to, "ngonka")).amount);
  const socket = new WebsocketClient(network.rpc(0).replace("http", "ws"));
  const comet = Comet38Client.create(socket);
  const heights: number[] = [];
  const headers = comet.subscribeNewBlockHeader().subscribe({
    next: (header) => heights.push(header.height),
  });
  const sent = await client.sendTokens(address, to, [{ denom: "ngonka", amount: "1234" }], fee);
  t.equal(sent.code, 0, sent.rawLog ?? "");
  t.equal(BigInt((await client.getBalance(to, "ngonka")).amount), before + 1234n);
  const found = await client.searchTx(
    `message.action='/cosmos.bank.v1beta1.MsgSend' AND message.sender='${address}'`,
  );
  t.ok(found.some(({ hash }) => hash === sent.transactionHash));
  t.equal((await client.getTx(sent.transactionHash))?.height, sent.height);
  await waitUntil("three new headers", async () => heights.length >= 3);
  headers.unsubscribe();
  await endWebsocket(comet);
  client.disconnect();
});

t.test("refuses what is wrong with a code and goes on", async (t) => {
  const { client, address } = await network.signer(alice);
  const { accountNumber, sequence } = await client.getSequence(address);
  const message: EncodeObject = {
    typeUrl: "/cosmos.bank.v1beta1.MsgSend",
    value: { fromAddress: address, toAddress: address, amount: [{ denom: "ngonka", amount: "1" }] },
  };
  const chainId = await client.getChainId();
  const right = { accountNumber, sequence, chainId };
  const cases = [
    ["low sequence", { ...right, sequence: sequence - 1 }, 32],
    ["wrong chain id", { ...right, chainId: "another-chain" }, 4],
    ["wrong account number", { ...right, accountNumber: accountNumber + 7n }, 4],
  ] as const;
  for (const [name, signerData, code] of cases) {
    const raw = await client.sign(address, [message], fee, "", signerData);
    t.equal(await refusedWith(client, TxRaw.encode(raw).finish()), code, name);
  }
  const raw = await client.sign(address, [message], fee, "", right);
  const [signature = new Uint8Array(64)] = raw.signatures;
  const flipped = signature.map((byte, index) => (index === 40 ? byte ^ 1 : byte));
  const wrong = TxRaw.encode({ ...raw, signatures: [flipped] }).finish();
  t.equal(await refusedWith(client, wrong), 4, "wrong signature");
  t.equal(await refusedWith(client, Uint8Array.of(0xff, 1, 2, 3)), 2, "malformed");
  const height = await network.height(0);
  await network.waitForHeight(0, height + 2);
  client.disconnect();
});

async function refusedWith(client: SigningStargateClient, tx: Uint8Array): Promise<number> {
  try {
    await client.broadcastTxSync(tx);
    return 0;
  } catch (error) {
    return (error as { code?: number }).code ?? -1;
  }
}

interface ParamsAnswer {
  readonly params: Readonly<Record<string, unknown>>;
}
interface EpochAnswer {
  readonly epoch: { readonly index: string };
}

t.test("a vote changes a parameter at the next epoch, and REST shows it", async (t) => {
  const { params } = await network.rest<ParamsAnswer>("/gonka/pow/v1/params");
  t.equal(params.unproven_weight, "96");
  const id = await propose({ ...params, unproven_weight: "80" });
  for (const host of [1, 2, 3, 4]) await vote(operator(host), id);
  const proposal = () =>
    network.rest<{ proposal: { status: string } }>(`/cosmos/gov/v1/proposals/${id}`);
  await waitUntil("the proposal passes", async () => {
    return (await proposal()).proposal.status === "PROPOSAL_STATUS_PASSED";
  });
  const epochOf = async () =>
    Number((await network.rest<EpochAnswer>("/gonka/pow/v1/epochs/current")).epoch.index);
  const epoch = await epochOf();
  const now = await network.rest<ParamsAnswer>("/gonka/pow/v1/params");
  if ((await epochOf()) === epoch) t.equal(now.params.unproven_weight, "96", "frozen in the epoch");
  await waitUntil("the next epoch", async () => (await epochOf()) > epoch, 180_000);
  const after = await network.rest<ParamsAnswer>("/gonka/pow/v1/params");
  t.equal(after.params.unproven_weight, "80");
});

async function propose(params: object): Promise<bigint> {
  const { client, address } = await network.signer(operator(1));
  const { account } = await network.rest<{ account: { base_account: { address: string } } }>(
    "/cosmos/auth/v1beta1/module_accounts/gov",
  );
  const authority = account.base_account.address;
  const message = MsgUpdateParams.fromJSON(camelKeys({ authority, params }) as object);
  const value = {
    messages: [
      { typeUrl: "/gonka.pow.v1.MsgUpdateParams", value: MsgUpdateParams.encode(message).finish() },
    ],
    initialDeposit: [{ denom: "ngonka", amount: "10000000000" }],
    proposer: address,
    metadata: "",
    title: "Trust new hosts a little less",
    summary: "unproven_weight from 96 to 80",
    expedited: false,
  };
  const sent = await client.signAndBroadcast(
    address,
    [{ typeUrl: "/cosmos.gov.v1.MsgSubmitProposal", value }],
    { ...fee, gas: "600000" },
  );
  client.disconnect();
  if (sent.code !== 0) throw new Error(`submit: ${sent.rawLog}`);
  const attribute = sent.events
    .flatMap((event) => (event.type === "submit_proposal" ? event.attributes : []))
    .find(({ key }) => key === "proposal_id");
  return BigInt(attribute?.value ?? "0");
}

function camelKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(camelKeys);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [camelCase(name), camelKeys(field)]),
  );
}

async function vote(index: number, proposalId: bigint): Promise<void> {
  const { client, address } = await network.signer(index);
  const value = { proposalId, voter: address, option: yes, metadata: "" };
  const sent = await client.signAndBroadcast(
    address,
    [{ typeUrl: "/cosmos.gov.v1.MsgVote", value }],
    fee,
  );
  client.disconnect();
  if (sent.code !== 0) throw new Error(`vote: ${sent.rawLog}`);
}

t.test("kill -9 of a validator under load: three go on, it catches up", async (t) => {
  const load = startLoad();
  const victim = network.localnet.nodes.get("node3");
  await victim?.kill("SIGKILL");
  const height = await network.height(0);
  await network.waitForHeight(0, height + 5);
  victim?.start();
  const target = (await network.height(0)) + 3;
  await network.waitForHeight(2, target);
  load.isOver = true;
  t.comment(`${await load.done} transfers while node3 was down`);
  t.equal(await network.appHash(2, target), await network.appHash(0, target));
});

/** Bob sends to himself as fast as CheckTx lets him. */
function startLoad() {
  const load = { isOver: false, done: Promise.resolve(0) };
  load.done = (async () => {
    const { client, address } = await network.signer(bob);
    let count = 0;
    while (!load.isOver) {
      const coins = [{ denom: "ngonka", amount: "1" }];
      const sent = await client.sendTokens(address, address, coins, fee);
      if (sent.code === 0) count += 1;
    }
    client.disconnect();
    return count;
  })();
  return load;
}

t.test("all four killed at once: they resume with the same chain", async (t) => {
  const height = await network.height(0);
  const nodes = [...network.localnet.nodes.values()];
  await Promise.all(nodes.map((node) => node.kill("SIGKILL")));
  for (const node of nodes) node.start();
  const target = height + 4;
  for (const index of nodes.keys()) await network.waitForHeight(index, target);
  const hashes = await Promise.all(nodes.map((_, index) => network.appHash(index, target)));
  t.equal(new Set(hashes).size, 1, hashes.join(" "));
});

interface HostsAnswer {
  readonly hosts: readonly {
    readonly host: { readonly moniker: string };
    readonly standing: { readonly power: string };
  }[];
}

t.test("the host that mines half as much has less power", async (t) => {
  const powers = async () => {
    const { hosts } = await network.rest<HostsAnswer>("/gonka/pow/v1/hosts");
    return new Map(hosts.map(({ host, standing }) => [host.moniker, Number(standing.power)]));
  };
  let seen = new Map<string, number>();
  await waitUntil(
    "host2 falls well below a quarter of the power",
    async () => {
      seen = await powers().catch(() => seen);
      return (seen.get("host2") ?? 250_000) < 220_000;
    },
    240_000,
  );
  t.comment(`powers ${JSON.stringify(Object.fromEntries(seen))}`);
  const others = ["host1", "host3", "host4"].map((name) => seen.get(name) ?? 0);
  t.ok(Math.min(...others) > (seen.get("host2") ?? 0));
  t.same(network.crashes, [], "no process ended by itself");
});
