/** The consensus parameters. spec/modules/consensus.md. Their change by vote is tested with gov. */
import { MsgUpdateParams } from "cosmjs-types/cosmos/consensus/v1/tx";
import t from "tap";
import { defaultConsensusParams } from "../../../../src/types/consensus-params.ts";
import { AppChain, alice, any, signTx } from "../../../support/app-chain.ts";

const { block, evidence, validator } = defaultConsensusParams();
const update = (change: Partial<MsgUpdateParams>) =>
  signTx({
    from: alice,
    sequence: 0n,
    messages: [
      any(MsgUpdateParams, { authority: alice.address, block, evidence, validator, ...change }),
    ],
  });

t.test("a change is refused unless gov makes it and the engine can obey it", async (t) => {
  const chain = await AppChain.start();
  await chain.block();
  const bad = { ...block, maxBytes: 0n };
  t.match(chain.attempt(update({ block: bad })), { code: 18, log: /block.max_bytes must be/ });
  const none = update({ evidence: undefined as never });
  t.match(chain.attempt(none), { code: 18, log: /all parameters must be set/ });
  for (const [change, log] of [
    [{ validator: { pubKeyTypes: ["secp256k1"] } }, /must name ed25519/],
    [{ block: { ...block, maxGas: 1n } }, /block.max_gas must be -1 or at least/],
    [{ block: { ...block, maxGas: 0n } }, /block.max_gas must be -1 or at least/],
    [
      { block: { ...block, maxBytes: 2000n }, evidence: { ...evidence, maxBytes: 0n } },
      /block.max_bytes must be -1 or at least/,
    ],
  ] as const) {
    t.match(chain.attempt(update(change as Partial<MsgUpdateParams>)), { code: 18, log });
  }
  const { txResults, consensusParamUpdates } = await chain.block([update({})]);
  t.match(txResults[0], { code: 4, log: /invalid authority/ });
  t.equal(consensusParamUpdates, undefined);
});

t.test("InitChain refuses another chain id and missing parameters", async (t) => {
  const chain = await AppChain.start();
  const request = {
    time: { seconds: 1n, nanos: 0 },
    chainId: "other-1",
    validators: [],
    appStateBytes: new Uint8Array(),
    initialHeight: 1n,
  };
  t.throws(() => chain.app.initChain(request), { message: /^chain_id: expected "gonka-test-1"/ });
  const nothing = { ...request, chainId: "gonka-test-1" };
  t.throws(() => chain.app.initChain(nothing), { message: /^app_state: / });
  const empty = { ...nothing, appStateBytes: new TextEncoder().encode("{}") };
  t.throws(() => chain.app.initChain(empty), { message: /^consensus_params: are missing/ });
});
