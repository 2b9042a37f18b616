/** gonkad tx: what is signed and sent, and how every outcome is reported. */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { MsgMultiSend, MsgSend } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import { MsgSubmitProposal, MsgVote, MsgVoteWeighted } from "cosmjs-types/cosmos/gov/v1/tx";
import t from "tap";
import { describeKey } from "../../../src/cli/keys/derive.ts";
import { Keyring } from "../../../src/cli/keys/keyring.ts";
import { MsgRegisterHost, MsgUpdateParams } from "../../../src/gen/gonka/pow/v1/tx.ts";
import { FakeNode } from "../../support/fake-node.ts";
import { runCli } from "../../support/run-cli.ts";

const home = mkdtempSync(path.join(tmpdir(), "gonka-tx-"));
const keyring = new Keyring({ home, backend: "test", passphrase: async () => "" });
const keyOf = (name: string, byte: number) =>
  describeKey(name, new Uint8Array(32).fill(byte), { prefix: "gonka", hdPath: undefined });
const [alice, bob, cold] = [keyOf("alice", 1), keyOf("bob", 2), keyOf("cold", 3)];
const node = new FakeNode();
let url = "";
t.before(async () => {
  await keyring.add(alice, new Uint8Array(32).fill(1));
  await keyring.add(bob, new Uint8Array(32).fill(2));
  await keyring.add({ ...cold, type: "offline" }, undefined);
  url = await node.listen();
});
t.teardown(() => node.close());

const gonkad = (...args: string[]) =>
  runCli([...args, "--home", home, "--keyring-backend", "test", "--node", url]);

/** The message of the last transaction that was sent. */
function lastMessage<T>(codec: { readonly typeUrl?: string; decode(bytes: Uint8Array): T }): T {
  return codec.decode(node.sent.at(-1)!.body.messages[0]!.value);
}

t.test("bank send signs as its first argument, with the gas that was estimated", async (t) => {
  const { code, out, err } = await gonkad(
    ...["tx", "bank", "send", "alice", "bob", "1.5gnk", "--note", "hello"],
    ...["--gas-prices", "0.1ngonka"],
  );
  t.equal(code, 0, err);
  t.match(JSON.parse(out), { height: "9", code: 0, gas_used: "50000" });
  t.match(JSON.parse(out).txhash, /^[0-9A-F]{64}$/);
  const { body, authInfo } = node.sent.at(-1)!;
  t.equal(body.messages[0]!.typeUrl, "/cosmos.bank.v1beta1.MsgSend");
  t.same(lastMessage(MsgSend), {
    fromAddress: alice.address,
    toAddress: bob.address,
    amount: [{ denom: "ngonka", amount: "1500000000" }],
  });
  t.equal(body.memo, "hello");
  t.equal(authInfo.signerInfos[0]!.sequence, 5n);
  t.equal(authInfo.fee!.gasLimit, 70_000n, "50,000 times 1.4");
  t.same(authInfo.fee!.amount, [{ denom: "ngonka", amount: "7000" }]);
});

t.test("multi-send, fees instead of gas prices, a gas limit instead of an estimate", async (t) => {
  const send = ["tx", "bank", "multi-send", "alice", "bob", "cold", "2ngonka"];
  const { code, err } = await gonkad(...send, "--gas", "9000", "--fees", "5ngonka");
  t.equal(code, 0, err);
  const { inputs, outputs } = lastMessage(MsgMultiSend);
  t.same(inputs, [{ address: alice.address, coins: [{ denom: "ngonka", amount: "4" }] }]);
  t.same(
    outputs.map(({ address }) => address),
    [bob.address, cold.address],
  );
  const { fee } = node.sent.at(-1)!.authInfo;
  t.equal(fee!.gasLimit, 9000n);
  t.same(fee!.amount, [{ denom: "ngonka", amount: "5" }]);
});

t.test("a sequence that others used meanwhile is mended once", async (t) => {
  const before = node.sent.length;
  const mismatch = "account sequence mismatch, expected 8, got 5: incorrect account sequence";
  node.checks.push({ code: 32, log: mismatch });
  t.equal((await gonkad("tx", "bank", "send", "alice", "bob", "1gnk")).code, 0);
  t.same(
    node.sent.slice(before).map(({ authInfo }) => authInfo.signerInfos[0]!.sequence),
    [5n, 8n],
  );
  node.checks.push({ code: 32, log: mismatch }, { code: 32, log: mismatch });
  const { code, err } = await gonkad("tx", "bank", "send", "alice", "bob", "1gnk");
  t.equal(code, 5);
  t.match(err, "account sequence mismatch, expected 8, got 5");
});

t.test("every outcome has its exit code", async (t) => {
  const send = ["tx", "bank", "send", "alice", "bob", "1gnk"];
  node.checks.push({ code: 13, log: "insufficient fees; got:  required: 5ngonka" });
  const rejected = await gonkad(...send);
  t.match(rejected, { code: 5, err: /insufficient fees; got.*\(code 13, codespace sdk\)/ });
  t.match(rejected.err, "code: tx_rejected");
  node.deliveredCode = 5;
  const failed = await gonkad(...send);
  t.match(failed, { code: 6, err: /is in block 9 and failed: code 5/ });
  t.equal(JSON.parse(failed.out).raw_log, "what happened", "the result is still on stdout");
  node.deliveredCode = undefined;
  const late = await gonkad(...send, "--timeout-duration", "0.5");
  t.match(late, { code: 7, err: /it may still be included: gonkad query tx [0-9A-F]{64}/ });
  const waitless = await gonkad(...send, "--timeout-duration", "0");
  t.equal(waitless.code, 0);
  t.match(JSON.parse(waitless.out), { txhash: /^[0-9A-F]{64}$/ });
  node.deliveredCode = 0;
  t.match(await gonkad(...send, "--chain-id", "other-1"), {
    code: 9,
    err: /the node runs fake-1, not other-1/,
  });
  t.match(await gonkad("tx", "bank", "send", "cold", "bob", "1gnk"), {
    code: 8,
    err: /code: key_offline/,
  });
  t.match(await gonkad("tx", "bank", "send", "eve", "bob", "1gnk"), {
    code: 8,
    err: /eve: key not found/,
  });
});

t.test("mistakes are found before anything is sent", async (t) => {
  const sent = node.sent.length;
  const send = ["tx", "bank", "send", "alice", "bob"];
  const cases: readonly (readonly [args: string[], said: RegExp])[] = [
    [[...send, "4.2ngonka"], /"4\.2ngonka" is no amount\nfix: write 1\.5gnk/],
    [[...send, "1gnk", "--gas", "lots"], /--gas lots is no amount of gas/],
    [[...send, "1gnk", "--gas-adjustment", "0.5"], /out of range/],
    [[...send, "1gnk", "--gas-prices", "cheap"], /--gas-prices cheap is no price/],
    [[...send, "1gnk", "--fees", "cheap"], /--fees cheap are no coins/],
    [[...send, "1gnk", "-b", "block"], /use sync or async/],
    [[...send, "1gnk", "--timeout-duration", "soon"], /no number of seconds/],
    [["tx", "gov", "vote", "1", "yes"], /no signer given\nfix: name a key with --from/],
    [["tx", "gov", "vote", "one", "yes", "--from", "alice"], /"one" is no proposal id/],
    [["tx", "gov", "vote", "1", "aye", "--from", "alice"], /use yes, no, abstain/],
    [["tx", "gov", "weighted-vote", "1", "yes=2", "--from", "alice"], /write yes=0\.6,no=0\.4/],
    [["tx", "gov", "submit-proposal", "/nowhere.json", "--from", "alice"], /no such file/],
    [
      ["tx", "pow", "register-host", "--from", "alice", "--worker", "bob", "--consensus-key", "x"],
      /--consensus-key must be 32 bytes in base64/,
    ],
  ];
  for (const [args, said] of cases) {
    const { code, err } = await gonkad(...args);
    t.equal(code, 2, args.join(" "));
    t.match(err, said, args.join(" "));
  }
  t.equal(node.sent.length, sent);
});

t.test("--generate-only needs no secret, --dry-run sends nothing", async (t) => {
  const sent = node.sent.length;
  const generated = await gonkad("tx", "bank", "send", "cold", "bob", "1gnk", "--generate-only");
  t.equal(generated.code, 0, generated.err);
  t.match(JSON.parse(generated.out).body.messages, [
    { "@type": "/cosmos.bank.v1beta1.MsgSend", fromAddress: cold.address },
  ]);
  const dry = await gonkad("tx", "bank", "send", "alice", "bob", "1gnk", "--dry-run");
  t.same(JSON.parse(dry.out), { gas_estimate: "70000" });
  t.equal(node.sent.length, sent);
});

t.test("votes and proposals", async (t) => {
  await gonkad("tx", "gov", "vote", "3", "no_with_veto", "--from", "alice");
  t.match(lastMessage(MsgVote), { proposalId: 3n, voter: alice.address, option: 4 });
  await gonkad("tx", "gov", "weighted-vote", "3", "yes=0.6,abstain=0.4", "--from", "alice");
  t.same(lastMessage(MsgVoteWeighted).options, [
    { option: 1, weight: "0.6" },
    { option: 2, weight: "0.4" },
  ]);
  const file = path.join(home, "proposal.json");
  const update = {
    "@type": "/gonka.pow.v1.MsgUpdateParams",
    authority: bob.address,
    params: { epoch_blocks: "30", profile: "T" },
  };
  const proposal = { messages: [update], deposit: "10gnk", title: "Shorter", summary: "epochs" };
  writeFileSync(file, JSON.stringify(proposal));
  const { code, err } = await gonkad("tx", "gov", "submit-proposal", file, "--from", "alice");
  t.equal(code, 0, err);
  const { messages, ...sent } = lastMessage(MsgSubmitProposal);
  t.match(sent, {
    proposer: alice.address,
    title: "Shorter",
    initialDeposit: [{ denom: "ngonka", amount: "10000000000" }],
    expedited: false,
  });
  const inner = MsgUpdateParams.decode(messages[0]!.value);
  t.equal(inner.params?.epochBlocks, 30n);
  t.equal(inner.params?.profile, "T");
  const refused: readonly (readonly [text: string, said: RegExp])[] = [
    ["{", /proposal\.json: .*JSON/],
    ["{}", /either metadata or Msgs length must be non-nil/],
    ['{"messages":[{"@type":"/x.Y"}]}', /unknown message type "\/x\.Y"/],
    ['{"metadata":"m","deposit":"lots"}', /"lots" is no amount/],
  ];
  for (const [text, said] of refused) {
    writeFileSync(file, text);
    const result = await gonkad("tx", "gov", "submit-proposal", file, "--from", "alice");
    t.match(result, { code: 2, err: said }, text);
  }
});

t.test("a host registers with the grants that a Sprint needs, in order", async (t) => {
  const key = Buffer.alloc(32, 9).toString("base64");
  const { code, err } = await gonkad(
    ...["tx", "pow", "register-host", "--from", "alice", "--worker", "bob"],
    ...["--consensus-key", key, "--moniker", "lighthouse"],
  );
  t.equal(code, 0, err);
  const host = lastMessage(MsgRegisterHost);
  t.equal(Buffer.from(host.workerPubKey).toString("base64"), bob.pubKey);
  t.same(host.workerGrants, [
    "/gonka.pow.v1.MsgAttestSprint",
    "/gonka.pow.v1.MsgCommitSprint",
    "/gonka.pow.v1.MsgOpenSprint",
  ]);
});
