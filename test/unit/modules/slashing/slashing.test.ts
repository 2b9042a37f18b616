/** Liveness, jail and evidence on a whole chain. spec/modules/slashing.md, evidence.md. */
import * as evidenceQuery from "cosmjs-types/cosmos/evidence/v1beta1/query";
import * as q from "cosmjs-types/cosmos/slashing/v1beta1/query";
import { MsgUnjail } from "cosmjs-types/cosmos/slashing/v1beta1/tx";
import * as abci from "cosmjs-types/tendermint/abci/types";
import { BlockIDFlag } from "cosmjs-types/tendermint/types/validator";
import t from "tap";
import { ed25519Address, ed25519PublicKey } from "../../../../src/crypto/ed25519.ts";
import { sha256 } from "../../../../src/crypto/hash.ts";
import { secp256k1Address } from "../../../../src/crypto/secp256k1.ts";
import { toBech32 } from "../../../../src/encoding/bech32.ts";
import { toHex, utf8 } from "../../../../src/encoding/bytes.ts";
import { type AnyJsonCodecs, protoJson } from "../../../../src/encoding/proto-json.ts";
import { MsgUpdateHost } from "../../../../src/gen/gonka/pow/v1/tx.ts";
import type { Codec } from "../../../../src/modules/module.ts";
import {
  AppChain,
  alice,
  any,
  appState,
  bob,
  carol,
  type Dev,
  dave,
  genesisTime,
  signTx,
} from "../../../support/app-chain.ts";
import { prng } from "../../../support/prng.ts";

const { BLOCK_ID_FLAG_ABSENT, BLOCK_ID_FLAG_COMMIT, BLOCK_ID_FLAG_NIL } = BlockIDFlag;
const consensusKey = (name: string) => ed25519PublicKey(sha256(utf8(`consensus ${name}`)));
const consensusOf = ({ name }: Dev) => ed25519Address(consensusKey(name));
const valcons = (who: Dev) => toBech32("gonkavalcons", consensusOf(who));
const valoper = (who: Dev) => toBech32("gonkavaloper", secp256k1Address(who.publicKey));

/** A window of ten blocks of which half must be signed, and five seconds of jail. */
const strict = {
  signed_blocks_window: "10",
  min_signed_per_window: "0.5",
  downtime_jail_duration: "5s",
  slash_fraction_double_sign: "0",
  slash_fraction_downtime: "0",
};
const start = () =>
  AppChain.start({
    state: appState({
      edit: (state) => {
        state.slashing = { params: strict };
      },
    }),
  });

interface Block {
  readonly txs?: readonly Uint8Array[];
  readonly absent?: readonly Dev[];
  /** Not in the set at all. */
  readonly without?: Dev;
  readonly flag?: BlockIDFlag;
  readonly misbehavior?: readonly abci.Misbehavior[];
}

/** One block; all four validators signed the last one, but for those who were absent. */
async function block(chain: AppChain, options: Block = {}) {
  const set = [alice, bob, carol, dave].filter((who) => who !== options.without);
  const votes = set.map((who) => ({
    validator: { address: consensusOf(who), power: 250_000n },
    blockIdFlag: options.absent?.includes(who)
      ? (options.flag ?? BLOCK_ID_FLAG_ABSENT)
      : BLOCK_ID_FLAG_COMMIT,
  }));
  const response = chain.app.finalizeBlock({
    ...chain.request(options.txs ?? []),
    decidedLastCommit: { round: 0, votes },
    misbehavior: [...(options.misbehavior ?? [])],
  });
  await chain.app.commit();
  chain.height += 1n;
  chain.seconds += 1n;
  return response;
}

function rest(chain: AppChain, path: string, request: Uint8Array = new Uint8Array()): unknown {
  const handler = chain.app.queries.find((query) => query.path === path);
  const answer = chain.app.query({ path, data: request, height: 0n, prove: false });
  if (!handler || answer.code !== 0) throw new Error(answer.log);
  const codec = handler.response as Codec<object>;
  const anys: AnyJsonCodecs = (url) => chain.app.anyTypes.get(url) as Codec<object> | undefined;
  return protoJson(codec, codec.decode(answer.value), anys);
}

const infoOf = (chain: AppChain, who: Dev) =>
  rest(
    chain,
    "/cosmos.slashing.v1beta1.Query/SigningInfo",
    q.QuerySigningInfoRequest.encode({ consAddress: valcons(who) }).finish(),
  );
const unjail = (who: Dev, sequence: bigint) =>
  signTx({
    from: who,
    sequence,
    messages: [any(MsgUnjail, { validatorAddr: valoper(who) })],
    gas: 200_000n,
  });
const doubleSign = (who: Dev, height: bigint): abci.Misbehavior => ({
  type: abci.MisbehaviorType.DUPLICATE_VOTE,
  validator: { address: consensusOf(who), power: 250_000n },
  height,
  time: { seconds: genesisTime.seconds + height, nanos: 0 },
  totalVotingPower: 1_000_000n,
});

t.test("parameters and signing infos, in the JSON of the SDK", async (t) => {
  const chain = await start();
  await block(chain);
  await block(chain, { absent: [dave] });
  t.same(rest(chain, "/cosmos.slashing.v1beta1.Query/Params"), {
    params: {
      signed_blocks_window: "10",
      min_signed_per_window: "0.500000000000000000",
      downtime_jail_duration: "5s",
      slash_fraction_double_sign: "0.000000000000000000",
      slash_fraction_downtime: "0.000000000000000000",
    },
  });
  t.same(infoOf(chain, dave), {
    val_signing_info: {
      address: valcons(dave),
      start_height: "1",
      index_offset: "2",
      jailed_until: "1970-01-01T00:00:00Z",
      tombstoned: false,
      missed_blocks_counter: "1",
    },
  });
  const all = rest(chain, "/cosmos.slashing.v1beta1.Query/SigningInfos") as { info: unknown[] };
  t.equal(all.info.length, 4);
  const stranger = q.QuerySigningInfoRequest.encode({
    consAddress: toBech32("gonkavalcons", new Uint8Array(20)),
  });
  const path = "/cosmos.slashing.v1beta1.Query/SigningInfo";
  t.throws(() => rest(chain, path, stranger.finish()), /SigningInfo not found for validator/);
});

t.test("who misses too many blocks is jailed, and can leave after its time", async (t) => {
  const chain = await start();
  const quiet = { absent: [dave] };
  for (let height = 1; height <= 11; height++) {
    const { events } = await block(chain, quiet);
    t.notOk(
      events.some(({ type }) => type === "slash"),
      `not at height ${height}`,
    );
  }
  const { events } = await block(chain, quiet);
  const slash = events.find(({ type }) => type === "slash");
  t.same(
    slash?.attributes.map(({ key, value }) => [key, value]),
    [
      ["address", valcons(dave)],
      ["power", "250000"],
      ["reason", "missing_signature"],
      ["jailed", valcons(dave)],
      ["burned_coins", "0"],
      ["mode", "BeginBlock"],
    ],
  );
  t.match(infoOf(chain, dave), {
    val_signing_info: {
      missed_blocks_counter: "0",
      index_offset: "0",
      jailed_until: "2023-11-14T22:13:37Z",
    },
  });
  t.same(chain.app.brokenInvariants(), []);
  const early = (await block(chain, { txs: [unjail(dave, 0n)] })).txResults[0];
  const text = /validator still jailed; cannot be unjailed/;
  t.match(early, { codespace: "slashing", code: 4, log: text });
  for (let i = 0; i < 5; i++) await block(chain);
  const ok = (await block(chain, { txs: [unjail(dave, 1n)] })).txResults[0];
  t.match(ok, { code: 0 });
  const again = (await block(chain, { txs: [unjail(dave, 2n)] })).txResults[0];
  t.match(again, { codespace: "slashing", code: 5, log: /validator not jailed/ });
  const other = toBech32("gonkavaloper", sha256(utf8("nobody")).slice(0, 20));
  const foreign = signTx({
    from: dave,
    sequence: 3n,
    messages: [any(MsgUnjail, { validatorAddr: other })],
  });
  t.not(chain.check(foreign).code, 0, "only the operator signs");
});

t.test("who joins the set again has a whole window from there", async (t) => {
  const chain = await start();
  await block(chain);
  await block(chain, { without: dave });
  t.match(infoOf(chain, dave), { val_signing_info: { start_height: "1", index_offset: "1" } });
  await block(chain);
  t.match(infoOf(chain, dave), { val_signing_info: { start_height: "3", index_offset: "2" } });
  t.match(infoOf(chain, bob), { val_signing_info: { start_height: "1", index_offset: "3" } });
});

t.test("a vote for nothing is a signature", async (t) => {
  const chain = await start();
  for (let i = 0; i < 14; i++) await block(chain, { absent: [dave], flag: BLOCK_ID_FLAG_NIL });
  t.match(infoOf(chain, dave), { val_signing_info: { missed_blocks_counter: "0" } });
});

t.test("a double signer is jailed for ever, and the evidence can be read", async (t) => {
  const chain = await start();
  await block(chain);
  await block(chain);
  await block(chain, { misbehavior: [doubleSign(bob, 2n), doubleSign(bob, 1n)] });
  t.match(infoOf(chain, bob), {
    val_signing_info: { tombstoned: true, jailed_until: "9999-12-31T23:59:59Z" },
  });
  const listed = rest(chain, "/cosmos.evidence.v1beta1.Query/AllEvidence");
  t.same(listed, {
    evidence: [
      {
        "@type": "/cosmos.evidence.v1beta1.Equivocation",
        height: "2",
        time: "2023-11-14T22:13:22Z",
        power: "250000",
        consensus_address: valcons(bob),
      },
    ],
    pagination: { next_key: null, total: "1" },
  });
  const stored = evidenceQuery.QueryAllEvidenceResponse.decode(
    chain.app.query({
      path: "/cosmos.evidence.v1beta1.Query/AllEvidence",
      data: new Uint8Array(),
      height: 0n,
      prove: false,
    }).value,
  ).evidence[0];
  const hash = toHex(sha256(stored?.value ?? new Uint8Array()));
  const request = evidenceQuery.QueryEvidenceRequest.encode({
    evidenceHash: new Uint8Array(),
    hash: hash.toUpperCase(),
  });
  const path = "/cosmos.evidence.v1beta1.Query/Evidence";
  t.match(rest(chain, path, request.finish()), { evidence: { height: "2" } });
  for (let i = 0; i < 6; i++) await block(chain);
  const refused = (await block(chain, { txs: [unjail(bob, 0n)] })).txResults[0];
  t.match(refused, { codespace: "slashing", code: 4 });
  t.same(chain.app.brokenInvariants(), []);
  const exported = chain.app.exportState().appState as Record<string, unknown>;
  const copy = await AppChain.start({ state: exported });
  await copy.block();
  const again = copy.app.exportState().appState;
  // The block of the copy had no votes.
  const { last_set: last, ...slashing } = exported.slashing as { last_set: string[] };
  t.same(last.length, 4);
  t.same([again.slashing, again.evidence], [{ ...slashing, last_set: [] }, exported.evidence]);
  t.same(copy.app.brokenInvariants(), []);
});

t.test("evidence about a key that the host has given up still finds the host", async (t) => {
  const chain = await start();
  await block(chain);
  const change = {
    operator: carol.address,
    consensusPubKey: consensusKey("another"),
    moniker: "carol",
    website: "",
    endpoint: "",
  };
  const typeUrl = "/gonka.pow.v1.MsgUpdateHost";
  const message = { typeUrl, value: MsgUpdateHost.encode(change).finish() };
  const rotate = signTx({ from: carol, sequence: 0n, messages: [message], gas: 300_000n });
  t.match((await block(chain, { txs: [rotate] })).txResults[0], { code: 0 });
  await block(chain, { misbehavior: [doubleSign(carol, 1n)] });
  for (let i = 0; i < 3; i++) await block(chain);
  const refused = (await block(chain, { txs: [unjail(carol, 1n)] })).txResults[0];
  t.match(refused, { codespace: "slashing", code: 4 }, "the operator is jailed, not only the key");
});

t.test("evidence that is too old, or about nobody, changes nothing", async (t) => {
  const chain = await start();
  await block(chain);
  const stranger = doubleSign(bob, 1n);
  const nobody = { ...stranger, validator: { address: new Uint8Array(20), power: 1n } };
  const unknown = { ...stranger, type: abci.MisbehaviorType.UNKNOWN };
  await block(chain, { misbehavior: [nobody, unknown] });
  const old = { ...stranger, height: -200_000n, time: { seconds: 1_600_000_000n, nanos: 0 } };
  await block(chain, { misbehavior: [old] });
  t.match(rest(chain, "/cosmos.evidence.v1beta1.Query/AllEvidence"), { evidence: [] });
  t.match(infoOf(chain, bob), { val_signing_info: { tombstoned: false } });
});

t.test("the counter is what a plain window counts", async (t) => {
  for (const seed of [21, 22]) {
    t.comment(`seed ${seed}`);
    const random = prng(seed);
    const chain = await start();
    const windows = new Map<string, boolean[]>([alice, bob, carol, dave].map((d) => [d.name, []]));
    for (let height = 1; height <= 60; height++) {
      // At most four of ten: nobody is jailed, so the windows never start anew.
      const absent = [alice, bob, carol, dave].filter(({ name }) => {
        const last = windows.get(name)?.slice(-9) ?? [];
        return random() < 0.4 && last.filter(Boolean).length < 4;
      });
      for (const [name, window] of windows) window.push(absent.some((d) => d.name === name));
      await block(chain, { absent });
      for (const who of [alice, bob, carol, dave]) {
        const missed = windows.get(who.name)?.slice(-10).filter(Boolean).length;
        const expected = { val_signing_info: { missed_blocks_counter: String(missed) } };
        if (height % 7 === 0) t.match(infoOf(chain, who), expected, `${who.name} at ${height}`);
      }
    }
    t.same(chain.app.brokenInvariants(), []);
  }
});
