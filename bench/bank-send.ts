/**
 * Bank sends through CheckTx, FinalizeBlock and Commit, in one process over LevelDB: what the
 * application alone can do, without network, consensus and RPC. Signatures are made beforehand.
 * `node --import tsx bench/bank-send.ts`
 */
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { MsgSend } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import { openLevelDb } from "../src/store/leveldb.ts";
import {
  AppChain,
  any,
  appState,
  type Dev,
  dev,
  openApp,
  signTx,
} from "../test/support/app-chain.ts";

const [senders, rounds, blockTxs] = [500, 8, 1000];
const coins = (amount: string) => [{ denom: "ngonka", amount }];
const devs: Dev[] = Array.from({ length: senders }, (_, index) =>
  dev(`sender ${index}`, index + 4),
);
const state = appState({
  edit: ({ auth, bank }) => {
    for (const { address, number } of devs) {
      (auth as { accounts: unknown[] }).accounts.push({
        "@type": "/cosmos.auth.v1beta1.BaseAccount",
        address,
        pub_key: null,
        account_number: String(number),
        sequence: "0",
      });
      (bank as { balances: unknown[] }).balances.push({ address, coins: coins("1000000000") });
    }
  },
});
const txs = Array.from({ length: senders * rounds }, (_, index) => {
  const from = devs[index % senders] as Dev;
  const toAddress = (devs[(index * 7 + 1) % senders] as Dev).address;
  const message = any(MsgSend, { fromAddress: from.address, toAddress, amount: coins("1") });
  return signTx({ from, sequence: BigInt(Math.floor(index / senders)), messages: [message] });
});

const folder = mkdtempSync(path.join(os.tmpdir(), "bank-send-"));
const chain = await AppChain.start({ state });
const db = await openLevelDb(folder);
chain.app = await openApp(db);
chain.initChain(state);
await chain.block();

/** CPU time of this process, all threads: wall time says little on a shared machine. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

let [checkMs, finalizeMs, commitMs, accepted] = [0, 0, 0, 0];
for (let start = 0; start < txs.length; start += blockTxs) {
  const block = txs.slice(start, start + blockTxs);
  const t0 = cpuMs();
  for (const tx of block) chain.check(tx);
  const t1 = cpuMs();
  const { txResults } = chain.app.finalizeBlock(chain.request(block));
  const t2 = cpuMs();
  await chain.app.commit();
  const t3 = cpuMs();
  chain.height += 1n;
  chain.seconds += 1n;
  accepted += txResults.filter(({ code }) => code === 0).length;
  [checkMs, finalizeMs, commitMs] = [checkMs + t1 - t0, finalizeMs + t2 - t1, commitMs + t3 - t2];
}
await db.close();
rmSync(folder, { recursive: true });

const rate = (ms: number) => Math.round((txs.length / ms) * 1000).toLocaleString("en");
console.log(`${accepted} of ${txs.length} sends accepted, ${blockTxs} in a block`);
console.log(`CheckTx        ${rate(checkMs)} per CPU second`);
console.log(`FinalizeBlock  ${rate(finalizeMs)} per CPU second, app hash included`);
console.log(
  `Commit         ${(commitMs / (txs.length / blockTxs)).toFixed(1)} ms of CPU per block`,
);
