/**
 * Whatever a message says, executing it succeeds or is refused by a ModuleError: anything else that
 * is thrown stops every node. Messages of every type are bent field by field, and run on a state in
 * which most of them could succeed.
 */
import * as gov from "cosmjs-types/cosmos/gov/v1/tx";
import { SimulateRequest } from "cosmjs-types/cosmos/tx/v1beta1/service";
import { AuthInfo, TxBody, TxRaw } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import t, { type Test } from "tap";
import { toBech32 } from "../../../src/encoding/bech32.ts";
import { toBase64 } from "../../../src/encoding/bytes.ts";
import { canonicalJson } from "../../../src/encoding/canonical-json.ts";
import { Params as marketParams } from "../../../src/gen/gonka/inference/v1/inference.ts";
import { Params as powParams } from "../../../src/gen/gonka/pow/v1/params.ts";
import { moduleAddress } from "../../../src/modules/addresses.ts";
import { ModuleError } from "../../../src/modules/errors.ts";
import type { MsgHandler } from "../../../src/modules/module.ts";
import { AppChain, alice, any, appState, bob, carol, signTx } from "../../support/app-chain.ts";

type Json = Record<string, unknown>;

const authority = toBech32("gonka", moduleAddress("gov"));
const strings = [
  "",
  "x".repeat(129),
  "x".repeat(256),
  "x".repeat(70_000),
  "\u0000",
  "💥".repeat(100),
  "-1",
  "1e9",
  "0.5",
  "9".repeat(77),
  "9".repeat(80),
  "ngonka",
  "https://host.example",
  alice.address,
  bob.address,
  carol.address.toUpperCase(),
  authority,
  toBech32("gonka", new Uint8Array(1)),
  toBech32("gonka", new Uint8Array(255).fill(7)),
  "1.000000000000000001",
  "constructor",
  "__proto__",
];
const wholes = [
  0n,
  1n,
  2n,
  255n,
  256n,
  4096n,
  (1n << 32n) - 1n,
  (1n << 63n) - 1n,
  (1n << 64n) - 1n,
];
const lengths = [0, 1, 20, 32, 33, 64, 255, 256, 5000];

/** Everything that may stand in the place of a value. */
function hostile(value: unknown): readonly unknown[] {
  if (typeof value === "string") return strings;
  if (typeof value === "bigint") return wholes;
  if (typeof value === "number") return [0, 1, 2, 3, 4, 5, 255, 2_147_483_647];
  if (typeof value === "boolean") return [!value];
  if (value instanceof Uint8Array) {
    return lengths.flatMap((length) => [0, 2, 255].map((b) => new Uint8Array(length).fill(b)));
  }
  return [undefined];
}

/** The value with every single place of it bent in every way. */
function* bent(value: unknown): Iterable<unknown> {
  if (Array.isArray(value)) {
    yield [];
    yield [...value, ...value];
    yield Array.from({ length: 300 }, () => value[0] as unknown);
    for (const item of bent(value[0])) yield [item];
  } else if (typeof value === "object" && value !== null && !(value instanceof Uint8Array)) {
    for (const [name, member] of Object.entries(value)) {
      for (const other of bent(member)) yield { ...value, [name]: other };
    }
  } else {
    yield* hostile(value);
  }
}

/** Parameters that are valid, where a message has some. */
function paramsOf(typeUrl: string): unknown {
  const state = appState() as Record<string, Json>;
  if (typeUrl.startsWith("/gonka.pow.")) return powParams.fromJSON(state.pow?.params);
  if (typeUrl.startsWith("/gonka.inference."))
    return marketParams.fromJSON(state.inference?.params);
  return undefined;
}

/** A message of this type in which every field has something. */
function sample(handler: MsgHandler): Json {
  const coins = [{ denom: "ngonka", amount: "5" }];
  const filled: Json = {
    ...(handler.codec as unknown as { fromPartial(o: object): Json }).fromPartial({}),
  };
  const known: Json = {
    authority,
    signer: alice.address,
    host: alice.address,
    verifier: alice.address,
    operator: alice.address,
    proposer: alice.address,
    depositor: alice.address,
    voter: alice.address,
    fromAddress: alice.address,
    toAddress: bob.address,
    recipient: bob.address,
    proposalId: 1n,
    option: 1,
    options: [{ option: 1, weight: "1" }],
    title: "title",
    summary: "summary",
    metadata: "m",
    messages: [],
    initialDeposit: coins,
    inputs: [{ address: alice.address, coins }],
    outputs: [{ address: bob.address, coins }],
    sendEnabled: [{ denom: "ngonka", enabled: true }],
    moniker: "m",
    workerPubKey: alice.publicKey,
    consensusPubKey: new Uint8Array(32).fill(9),
    workerGrants: ["/gonka.pow.v1.MsgCommitSprint"],
    modelId: "model",
    inputPrice: "1000",
    outputPrice: "1000",
    endpoint: "https://host.example",
    capacity: 1,
    epoch: 1n,
    root: new Uint8Array(32),
    count: 5n,
    tier: 2,
    leaves: [{ nonce: 1n, digest: new Uint8Array(32) }],
    proof: [new Uint8Array(32)],
    verdicts: [
      {
        host: bob.address,
        kind: 2,
        tags: [],
        badIndex: 0n,
        correctDigest: new Uint8Array(32),
      },
    ],
  };
  for (const [name, value] of Object.entries(filled)) {
    if (name === "amount") filled[name] = coins;
    else if (name === "params") filled[name] = paramsOf(handler.typeUrl) ?? value;
    else if (name in known) filled[name] = known[name];
  }
  return filled;
}

t.test("no message stops the node", async (t) => {
  const chain = await AppChain.start({ state: appState({ edit: withModel }) });
  const { MsgSubmitProposal: codec } = gov;
  const proposal = codec.fromPartial(
    sample({ codec, typeUrl: "" } as unknown as MsgHandler) as object,
  );
  const deposit = [{ denom: "ngonka", amount: "10000000000" }];
  const message = any(codec, { ...proposal, initialDeposit: deposit });
  const tx = signTx({ from: alice, sequence: 0n, messages: [message], gas: 900_000n });
  const { txResults } = await chain.block([tx]);
  t.equal(txResults[0]?.code, 0, "there is a proposal to vote on");
  for (const height of [2n, 46n, 51n, 54n]) {
    await chain.wait(Number(height - chain.height));
    const accepted = bendAll(t, chain);
    t.ok(accepted > 40, `height ${height}: ${accepted} accepted`);
  }
});

/** Runs all bent messages on the present state; how many of them are taken. */
function bendAll(t: Test, chain: AppChain): number {
  let accepted = 0;
  for (const { codec, typeUrl } of chain.app.msgs) {
    const handler = chain.app.msgs.find((msg) => msg.typeUrl === typeUrl);
    if (!handler) continue;
    const whole = sample(handler);
    for (const message of [whole, ...bent(whole)]) {
      const value = encoded(codec, message);
      if (!value) continue;
      const broken = aminoProblem(handler, value);
      if (broken !== undefined) t.fail(`${typeUrl}: ${broken}`, { message: shown(message) });
      const answer = simulate(chain, { typeUrl, value }, message);
      if (answer.code === 0) accepted++;
      if (answer.log === "internal error") t.fail(typeUrl, { message: shown(message) });
    }
  }
  return accepted;
}

/** The bytes, or undefined when they cannot be written: then they cannot be sent either. */
function encoded(codec: MsgHandler["codec"], message: unknown): Uint8Array | undefined {
  try {
    const partial = codec as unknown as { fromPartial(o: unknown): unknown };
    return codec.encode(partial.fromPartial(message)).finish();
  } catch {
    return undefined;
  }
}

/** Sign bytes are made before a message is checked: what is thrown there but no refusal. */
function aminoProblem(handler: MsgHandler, bytes: Uint8Array): string | undefined {
  const message = handler.codec.decode(bytes);
  try {
    canonicalJson(handler.amino.toJson(message));
    handler.precheck?.(message);
    return undefined;
  } catch (error) {
    return error instanceof ModuleError ? undefined : String(error);
  }
}

function withModel(state: Json): void {
  const market = state.inference as Json;
  const hash = toBase64(new Uint8Array(32));
  market.models = [
    {
      id: "model",
      files: [{ name: "weights", length_bytes: "4096", sha256: hash }],
      model_root: hash,
      rows: "1",
      engine: "ENGINE_KIND_DETERMINISTIC",
      context_tokens: "1",
    },
  ];
}

/** The first signer; none where an address that the signer follows from is malformed. */
function signerOf(chain: AppChain, typeUrl: string, message: unknown): string | undefined {
  try {
    return chain.app.msgs.find((m) => m.typeUrl === typeUrl)?.signers(message)[0];
  } catch (error) {
    if (error instanceof ModuleError) return undefined;
    throw error;
  }
}

function simulate(chain: AppChain, any: { typeUrl: string; value: Uint8Array }, message: unknown) {
  const { typeUrl, value } = any;
  const bodyBytes = TxBody.encode(TxBody.fromPartial({ messages: [{ typeUrl, value }] })).finish();
  // Who signs: alice has sent one transaction, the others none.
  const sequence = signerOf(chain, typeUrl, message) === alice.address ? 1n : 0n;
  const signer = { sequence, modeInfo: { single: { mode: 1 } } };
  const authInfoBytes = AuthInfo.encode(
    AuthInfo.fromPartial({ signerInfos: [signer], fee: { amount: [], gasLimit: 0n } }),
  ).finish();
  const txBytes = TxRaw.encode({
    bodyBytes,
    authInfoBytes,
    signatures: [new Uint8Array()],
  }).finish();
  const data = SimulateRequest.encode(SimulateRequest.fromPartial({ txBytes })).finish();
  const path = "/cosmos.tx.v1beta1.Service/Simulate";
  return chain.app.query({ path, data, height: 0n, prove: false });
}

function shown(message: unknown): string {
  return JSON.stringify(message, (_, value: unknown) =>
    typeof value === "bigint" ? String(value) : value,
  ).slice(0, 600);
}
