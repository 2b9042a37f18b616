/** After a block the rest is asked about again, in turns where the application looks ahead. */
import { type RequestCheckTx, ResponseCheckTx } from "cosmjs-types/tendermint/abci/types";
import t from "tap";
import { fromUtf8, utf8 } from "../../../src/encoding/bytes.ts";
import { defaultMempoolLimits, Mempool } from "../../../src/mempool/mempool.ts";
import { silentLog } from "../../support/test-chain.ts";

const unlimited = { maxDataBytes: -1n, maxGas: -1n };
const tx = (n: number) => utf8(`tx ${n}`);
const again = 1;

/** Notes what it is asked, and refuses every third transaction when asked again. */
function appOf(looksAhead: boolean) {
  const asked: string[] = [];
  const checkTx = ({ tx, type }: RequestCheckTx) => {
    asked.push(`${type === again ? "again" : "new"} ${fromUtf8(tx)}`);
    const isBad = type === again && Number(fromUtf8(tx).slice(3)) % 3 === 0;
    return ResponseCheckTx.fromPartial({ code: isBad ? 1 : 0 });
  };
  return looksAhead ? { asked, checkTx, lookAhead: () => undefined } : { asked, checkTx };
}

async function filled(looksAhead: boolean) {
  const app = appOf(looksAhead);
  const mempool = new Mempool(app, defaultMempoolLimits, silentLog);
  await Promise.all(Array.from({ length: 300 }, (_, n) => mempool.checkTx(tx(n))));
  app.asked.length = 0;
  return { app, mempool };
}

const decided = { height: 1n, txs: [tx(1)], results: [] };
const waiting = (mempool: Mempool) => mempool.reapMaxTxs(1_000).map(fromUtf8);

t.test("in turns or at once, the same is asked and the same is left", async (t) => {
  const [inTurns, atOnce] = [await filled(true), await filled(false)];
  let turns = 0;
  const count = () => {
    turns++;
    if (isRunning) setImmediate(count);
  };
  let isRunning = true;
  setImmediate(count);
  inTurns.mempool.lock();
  const updated = inTurns.mempool.update(decided, unlimited);
  t.ok(inTurns.app.asked.length < 100, "others have the thread before all are asked");
  const late = inTurns.mempool.checkTx(utf8("late"));
  await updated;
  isRunning = false;
  t.ok(turns >= 3, `${turns} turns`);
  t.notOk(inTurns.app.asked.includes("new late"), "who comes meanwhile waits until it is open");
  inTurns.mempool.unlock();
  t.match(await late, { code: 0 });
  atOnce.mempool.lock();
  void atOnce.mempool.update(decided, unlimited);
  t.equal(atOnce.app.asked.length, 299, "all are asked before anybody else has the thread");
  atOnce.mempool.unlock();
  await atOnce.mempool.checkTx(utf8("late"));
  t.same(inTurns.app.asked, atOnce.app.asked);
  t.same(waiting(inTurns.mempool), waiting(atOnce.mempool));
  t.equal(inTurns.mempool.size, 300 - 100 - 1 + 1);
  t.equal(inTurns.mempool.totalBytes, atOnce.mempool.totalBytes);
});

t.test("what is flushed between the turns is not asked about", async (t) => {
  const { app, mempool } = await filled(true);
  mempool.lock();
  const updated = mempool.update(decided, unlimited);
  const before = app.asked.length;
  mempool.flush();
  await updated;
  mempool.unlock();
  t.equal(app.asked.length, before);
  t.equal(mempool.size, 0);
});
