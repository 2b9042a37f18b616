/**
 * Bank sends through CheckTx, FinalizeBlock and Commit, in one process over LevelDB: what the
 * application alone can do, without network, consensus and RPC. Signatures are made beforehand.
 * Rates are per second of processor time of all threads of this process: wall time says little on
 * a shared machine. `npm run bench:execution [-- --accounts 2000 --blocks 12 --txs 1000]`
 */
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { MsgSend } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import type { ResponseFinalizeBlock } from "cosmjs-types/tendermint/abci/types";
import { secp256k1Library } from "../src/crypto/secp256k1.ts";
import { openLevelDb } from "../src/store/leveldb.ts";
import { hashResults } from "../src/types/tx.ts";
import {
  AppChain,
  any,
  appState,
  type Dev,
  dev,
  openApp,
  signTx,
} from "../test/support/app-chain.ts";
import { checkTimes, type Micros, verifications } from "./check-tx.ts";
import { notCounted, shares } from "./stage-profile.ts";

const { values: options } = parseArgs({
  options: {
    accounts: { type: "string", default: "2000" },
    blocks: { type: "string", default: "12" },
    txs: { type: "string", default: "1000" },
  },
});
const [accounts, blocks, blockTxs] = [options.accounts, options.blocks, options.txs].map(
  Number,
) as [number, number, number];
/** Blocks that only warm up the compiler. */
const warmUp = 4;

const coins = (amount: string) => [{ denom: "ngonka", amount }];
const devs: Dev[] = Array.from({ length: accounts }, (_, index) =>
  dev(`sender ${index}`, index + 4),
);

function genesis() {
  return appState({
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
}

function signAll(count: number): Uint8Array[] {
  return Array.from({ length: count }, (_, index) => {
    const from = devs[index % accounts] as Dev;
    const toAddress = (devs[(index * 7 + 1) % accounts] as Dev).address;
    const message = any(MsgSend, { fromAddress: from.address, toAddress, amount: coins("1") });
    return signTx({ from, sequence: BigInt(Math.floor(index / accounts)), messages: [message] });
  });
}

/** Processor time of this process, all threads, in milliseconds. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

interface BlockTimes {
  readonly check: number;
  readonly finalize: number;
  readonly results: number;
  readonly commit: number;
}

async function runBlock(chain: AppChain, txs: readonly Uint8Array[]): Promise<BlockTimes> {
  const t0 = cpuMs();
  for (const tx of txs) chain.check(tx);
  const t1 = cpuMs();
  const response = chain.app.finalizeBlock(chain.request(txs));
  const t2 = cpuMs();
  hashResults(response.txResults);
  const t3 = cpuMs();
  await chain.app.commit();
  const t4 = cpuMs();
  assertAccepted(response);
  chain.height += 1n;
  chain.seconds += 1n;
  return { check: t1 - t0, finalize: t2 - t1, results: t3 - t2, commit: t4 - t3 };
}

function assertAccepted({ txResults }: ResponseFinalizeBlock): void {
  const refused = txResults.find(({ code }) => code !== 0);
  if (refused) throw new Error(`a send was refused: ${refused.log}`);
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

const stages = {
  checkTx: notCounted,
  signAll: notCounted,
  decodeTx: "decode",
  runAnte: "ante",
  verifySignatures: "signatures (cached)",
  runMessages: "messages",
  absorb: "write-back of branches",
  closeBlock: "write-back of the block",
  emit: "events",
  finalizeBlock: "block",
  hashResults: "results hash",
  workingHash: "app hash",
  "commit@multistore": "store commit",
  "(garbage collector)": "garbage collection",
} as const;

const folder = mkdtempSync(path.join(os.tmpdir(), "bench-execution-"));
const state = genesis();
const txs = signAll(blockTxs * (warmUp + 2 * blocks));
const chain = await AppChain.start({ state });
const db = await openLevelDb(folder);
chain.app = await openApp(db);
chain.initChain(state);
await chain.block();
const blockAt = (index: number) => txs.slice(index * blockTxs, (index + 1) * blockTxs);
const times: BlockTimes[] = [];
for (let index = 0; index < warmUp + blocks; index++) {
  const measured = await runBlock(chain, blockAt(index));
  if (index >= warmUp) times.push(measured);
}
const profiled = await shares(stages, async () => {
  for (let index = 0; index < blocks; index++) {
    await runBlock(chain, blockAt(warmUp + blocks + index));
  }
});
await db.close();
rmSync(folder, { recursive: true });

/** The medians of a few rounds; the first one warms up. */
async function mediansOf(run: () => Promise<Record<string, Micros>>) {
  const rounds: Record<string, Micros>[] = [];
  for (let round = 0; round < 6; round++) rounds.push(await run());
  const kept = rounds.slice(1);
  return Object.keys(kept[0] ?? {}).map((name) => {
    const of = (part: keyof Micros) => median(kept.map((round) => round[name]?.[part] ?? 0));
    return { name, cpu: of("cpu"), clock: of("clock") };
  });
}

const [signer] = devs as [Dev];
const all = signAll(accounts + blockTxs);
const checked = [
  ...(await mediansOf(() => verifications(signer))),
  ...(await mediansOf(() =>
    checkTimes(state, { first: all.slice(0, accounts), txs: all.slice(accounts) }),
  )),
];

const rate = (ms: number) => Math.round((blockTxs / ms) * 1000).toLocaleString("en-US");
const part = (name: keyof BlockTimes) => median(times.map((time) => time[name]));
const execution = median(times.map(({ finalize, results, commit }) => finalize + results + commit));
const load = os.loadavg()[0]?.toFixed(1);
console.log(`${blocks} blocks of ${blockTxs} sends, ${accounts} accounts, load ${load}`);
console.log(`signatures by ${secp256k1Library}; medians of one transaction follow, microseconds`);
for (const { name, cpu, clock } of checked) {
  const each = `${cpu.toFixed(1).padStart(7)} of processor ${clock.toFixed(1).padStart(8)} by clock`;
  const perSecond = Math.round(1e6 / cpu).toLocaleString("en-US");
  console.log(`  ${name.padEnd(32)}${each}   ${perSecond} per CPU second`);
}
console.log(`CheckTx while blocks are made       ${rate(part("check"))} per CPU second`);
console.log(`execution, to the durable commit    ${rate(execution)} per CPU second, of which`);
console.log(`  FinalizeBlock with app hash       ${part("finalize").toFixed(1)} ms a block`);
console.log(`  results hash                      ${part("results").toFixed(1)} ms a block`);
console.log(`  Commit                            ${part("commit").toFixed(1)} ms a block`);
console.log("shares of FinalizeBlock, results hash and Commit in a profiled run:");
for (const [stage, share] of profiled) {
  console.log(`  ${stage.padEnd(34)}${(share * 100).toFixed(1).padStart(5)} %`);
}
