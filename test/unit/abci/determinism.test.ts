/** The same blocks give the same app hashes, however often and with whatever went before. */
import { MsgMultiSend, MsgSend } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import t from "tap";
import { decodeTx } from "../../../src/abci/tx/decode.ts";
import { Registry } from "../../../src/abci/tx/registry.ts";
import { wireModules } from "../../../src/abci/wiring.ts";
import { toHex, utf8 } from "../../../src/encoding/bytes.ts";
import { Addresses } from "../../../src/modules/addresses.ts";
import { ModuleError } from "../../../src/modules/errors.ts";
import { defaultConsensusParams } from "../../../src/types/consensus-params.ts";
import {
  AppChain,
  alice,
  any,
  appState,
  bob,
  carol,
  chainId,
  type Dev,
  dave,
  genesisTime,
  openApp,
  signTx,
  startBalance,
  verifyLater,
} from "../../support/app-chain.ts";
import { prng } from "../../support/prng.ts";

const devs = [alice, bob, carol, dave];
const coins = (amount: bigint) => [{ denom: "ngonka", amount: String(amount) }];

/** Blocks of random sends and multi-sends; some of them fail, some are malformed. */
function randomBlocks(seed: number, count: number): Uint8Array[][] {
  const random = prng(seed);
  const pick = (limit: number) => Math.floor(random() * limit);
  const someone = (): Dev => devs[pick(devs.length)] ?? alice;
  const sequences = new Map(devs.map(({ name }) => [name, 0n]));
  const amount = () => (pick(8) === 0 ? startBalance * 2n : BigInt(1 + pick(1_000_000)));
  const message = (from: Dev) => {
    if (pick(3) > 0) {
      const toAddress = someone().address;
      return any(MsgSend, { fromAddress: from.address, toAddress, amount: coins(amount()) });
    }
    const parts = [amount(), amount()];
    const total = parts.reduce((sum, part) => sum + part, 0n);
    return any(MsgMultiSend, {
      inputs: [{ address: from.address, coins: coins(total) }],
      outputs: parts.map((part) => ({ address: someone().address, coins: coins(part) })),
    });
  };
  const transaction = (): Uint8Array => {
    if (pick(12) === 0) return utf8(`malformed ${pick(1000)}`);
    const from = someone();
    const sequence = sequences.get(from.name) ?? 0n;
    const isStale = pick(10) === 0;
    if (!isStale) sequences.set(from.name, sequence + 1n);
    const messages = Array.from({ length: 1 + pick(2) }, () => message(from));
    return signTx({ from, sequence: isStale ? sequence + 7n : sequence, messages, gas: 400_000n });
  };
  return Array.from({ length: count }, () => Array.from({ length: pick(6) }, transaction));
}

const total = startBalance * BigInt(devs.length);

for (const seed of [11, 12, 13]) {
  t.test(`no coin appears or is lost, no invariant breaks; seed ${seed}`, async (t) => {
    const chain = await AppChain.start();
    let [accepted, refused] = [0, 0];
    for (const txs of randomBlocks(seed, 12)) {
      const { txResults } = await chain.block(txs);
      for (const { code } of txResults) code === 0 ? accepted++ : refused++;
      t.same(chain.app.brokenInvariants(), [], `height ${chain.height}`);
    }
    const collector = chain.balance("gonka17xpfvakm2amg962yls6f84z3kell8c5lqvy7vl");
    const sum = devs.reduce((amount, { address }) => amount + chain.balance(address), collector);
    t.equal(sum, total);
    t.ok(accepted > 5 && refused > 5, `${accepted} accepted, ${refused} refused`);
  });
}

t.test("applications agree, one with CheckTx, one without, one that looks ahead", async (t) => {
  const [a, b] = [await AppChain.start(), await AppChain.start()];
  const c = await AppChain.start({ verifyBatch: verifyLater });
  for (const txs of randomBlocks(21, 8)) {
    for (const tx of txs) a.check(tx); // Warms the signature cache of a alone.
    await c.app.lookAhead?.(txs);
    const [one, two] = [await a.block(txs), await b.block(txs)];
    t.equal(toHex(one.appHash), toHex(two.appHash), `height ${a.height}`);
    t.same(one.txResults, two.txResults);
    t.same(await c.block(txs), two);
  }
});

t.test("FinalizeBlock may be repeated before Commit, with other blocks in between", async (t) => {
  const [a, b] = [await AppChain.start(), await AppChain.start()];
  const blocks = randomBlocks(22, 6);
  for (const [index, txs] of blocks.entries()) {
    const first = a.app.finalizeBlock(a.request(txs));
    const decoy = blocks[(index + 1) % blocks.length] ?? [];
    a.app.finalizeBlock(a.request(decoy.slice(0, 1)));
    const again = await a.block(txs);
    t.equal(toHex(again.appHash), toHex(first.appHash));
    t.equal(toHex(again.appHash), toHex((await b.block(txs)).appHash), `height ${a.height}`);
  }
});

t.test("an application opened again goes on as if it had never stopped", async (t) => {
  const [a, b] = [await AppChain.start(), await AppChain.start()];
  const blocks = randomBlocks(23, 6);
  for (const txs of blocks) {
    a.app.finalizeBlock(a.request(txs)); // Lost with the process: it was not committed.
    a.app = await openApp(a.db);
    const info = a.app.info();
    t.equal(info.lastBlockHeight, a.height);
    if (a.height === 0n) a.initChain(appState());
    const [one, two] = [await a.block(txs), await b.block(txs)];
    t.equal(toHex(one.appHash), toHex(two.appHash));
    t.equal(toHex(a.app.info().lastBlockAppHash), toHex(one.appHash));
  }
});

t.test("an exported state is the genesis of a chain in the same state", async (t) => {
  const a = await AppChain.start();
  for (const txs of randomBlocks(24, 5)) await a.block(txs);
  const exported = a.app.exportState();
  t.equal(exported.height, a.height);
  const json = JSON.parse(JSON.stringify(exported.appState));
  const b = await AppChain.start({ state: json });
  for (const { address } of devs) {
    b.height === 0n && (await b.block());
    t.equal(b.balance(address), a.balance(address));
  }
  const again = JSON.parse(JSON.stringify(b.app.exportState().appState));
  t.same(again.auth, json.auth);
  t.same(again.bank, json.bank);
  t.same(again.gov, json.gov);
  t.same(again.consensus, json.consensus);
});

t.test(
  "InitChain answers the empty hash, and genesis first shows in the hash of block 1",
  async (t) => {
    const chain = await AppChain.start();
    const answer = (await AppChain.start()).initChain(appState());
    t.equal(
      toHex(answer.appHash),
      "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
      "SHA-256 of nothing",
    );
    t.equal(answer.validators.length, 4, "the hosts of the genesis document");
    t.equal(chain.app.info().lastBlockHeight, 0n);
    const first = await chain.block();
    t.equal(chain.app.info().lastBlockHeight, 1n);
    t.same(chain.app.info().lastBlockAppHash, first.appHash);
  },
);

t.test(
  "decodeTx answers 10,000 damaged transactions with a refusal or a transaction",
  async (t) => {
    const registry = new Registry();
    for (const module of wireModules(
      { addresses: new Addresses("gonka"), baseDenom: "ngonka" },
      registry,
    ).modules)
      registry.add(module);
    const seed = 31;
    const random = prng(seed);
    const pick = (limit: number) => Math.floor(random() * limit);
    const [good] = randomBlocks(1, 4)
      .flat()
      .filter((tx) => tx.length > 100);
    if (!good) throw new Error("the seed gives no transaction");
    let [decoded, refused] = [0, 0];
    for (let round = 0; round < 10_000; round++) {
      let bytes = good.slice();
      for (let edits = 1 + pick(4); edits > 0; edits--) {
        const at = pick(bytes.length || 1);
        const kind = pick(4);
        if (kind === 0) bytes[at] = pick(256);
        else if (kind === 1) bytes = bytes.slice(0, at);
        else if (kind === 2)
          bytes = new Uint8Array([...bytes.slice(0, at), pick(256), ...bytes.slice(at)]);
        else bytes = new Uint8Array([...bytes.slice(0, at), ...bytes.slice(at + 1)]);
      }
      try {
        decodeTx(registry, bytes);
        decoded++;
      } catch (error) {
        if (!(error instanceof ModuleError))
          throw new Error(`seed ${seed} round ${round}: ${error}`);
        refused++;
      }
    }
    t.equal(decoded + refused, 10_000);
    t.ok(refused > 5_000 && decoded > 100, `${refused} refused, ${decoded} decoded`);
  },
);

t.test("a chain may start at a later height", async (t) => {
  const chain = await AppChain.start();
  chain.app.initChain({
    time: genesisTime,
    chainId,
    consensusParams: defaultConsensusParams(),
    validators: [],
    appStateBytes: utf8(JSON.stringify(appState())),
    initialHeight: 100n,
  });
  chain.height = 99n;
  const first = await chain.block(randomBlocks(41, 1)[0]);
  t.match(chain.app.info(), { lastBlockHeight: 100n, lastBlockAppHash: first.appHash });
  chain.app = await openApp(chain.db);
  t.match(chain.app.info(), { lastBlockHeight: 100n, lastBlockAppHash: first.appHash });
  await chain.block();
  t.equal(chain.app.info().lastBlockHeight, 101n);
});
