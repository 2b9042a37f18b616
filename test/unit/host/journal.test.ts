/** What the host agent must not forget: spec/host.md, "Memory". */
import {
  appendFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import t, { type Test } from "tap";
import { toHex } from "../../../src/encoding/bytes.ts";
import { Journal, type JournalId } from "../../../src/host/journal.ts";
import { commitmentOf, type Hit } from "../../../src/sprint/hits.ts";

const id: JournalId = {
  chainId: "host-test-1",
  operator: "gonka1operator",
  hostKey: new Uint8Array(33).fill(2),
  epoch: 7n,
  beacon2: new Uint8Array(32).fill(3),
  tier: 2,
  c: 44_314,
};
const hit = (nonce: bigint): Hit => ({ nonce, digest: new Uint8Array(32).fill(Number(nonce)) });
const fileName = "7.sprint.jsonl";

function tempFolder(t: Test): string {
  const folder = mkdtempSync(path.join(tmpdir(), "journal-"));
  t.teardown(() => rmSync(folder, { recursive: true }));
  return folder;
}

/** A journal of five searched nonces, two hits and the commitment to them. */
async function filled(folder: string): Promise<string> {
  const journal = await Journal.open(folder, id);
  await journal.addBatch({ next: 3n, hits: [hit(1n)] });
  await journal.addBatch({ next: 5n, hits: [hit(4n)] });
  await journal.addPledge(commitmentOf(journal.hits));
  await journal.close();
  return path.join(folder, fileName);
}

const facts = ({ next, hits, pledge, id: { tier, c } }: Journal) => ({
  next,
  hits: hits.map(({ nonce }) => nonce),
  pledge: pledge && toHex(pledge.root),
  tier: [tier, c],
});
const root = toHex(commitmentOf([hit(1n), hit(4n)]).root);
const all = { next: 5n, hits: [1n, 4n], pledge: root, tier: [2, 44_314] };
const nothing = { next: 0n, hits: [], pledge: undefined, tier: [2, 44_314] };

t.test("what was written is read back, and reading changes nothing", async (t) => {
  const folder = tempFolder(t);
  const file = await filled(folder);
  const text = readFileSync(file, "utf8");
  for (let run = 0; run < 2; run++) {
    const journal = await Journal.open(folder, id);
    t.same(facts(journal), all);
    t.equal(toHex(journal.hits[1]!.digest), toHex(hit(4n).digest));
    await journal.close();
    t.equal(readFileSync(file, "utf8"), text);
  }
});

t.test("a file cut anywhere gives a prefix of what was written", async (t) => {
  const folder = tempFolder(t);
  const file = await filled(folder);
  const text = readFileSync(file, "utf8");
  const lines = text.split("\n");
  const states = [
    nothing,
    { ...nothing, next: 3n, hits: [1n] },
    { ...all, pledge: undefined },
    all,
  ];
  const ends = lines.map((_, at) => lines.slice(0, at + 1).join("\n").length);
  const cuts = new Set([0, 1, text.length - 9, ...ends.flatMap((end) => [end - 1, end, end + 1])]);
  for (const length of [...cuts].filter((cut) => cut >= 0 && cut <= text.length)) {
    writeFileSync(file, text);
    truncateSync(file, length);
    const whole = text.slice(0, length).split("\n").length - 1;
    const journal = await Journal.open(folder, id);
    const expected = states[Math.max(0, whole - 1)]!;
    t.same(facts(journal), expected, `cut at ${length}, inside ${lines[whole]}`);
    await journal.close();
  }
});

t.test("the journal of another chain, host, key or beacon is not taken up", async (t) => {
  const others: Partial<JournalId>[] = [
    { chainId: "host-test-2" },
    { operator: "gonka1other" },
    { hostKey: new Uint8Array(33) },
    { beacon2: new Uint8Array(32) },
  ];
  for (const other of others) {
    const folder = tempFolder(t);
    await filled(folder);
    const journal = await Journal.open(folder, { ...id, ...other });
    t.match(facts(journal), { next: 0n, hits: [], pledge: undefined });
    await journal.close();
  }
});

t.test("an epoch keeps the tier that it began with", async (t) => {
  const folder = tempFolder(t);
  await filled(folder);
  const journal = await Journal.open(folder, { ...id, tier: 5, c: 122_019 });
  t.same(facts(journal), all);
  await journal.close();
});

t.test("a new epoch removes the journals of others, and nothing else", async (t) => {
  const folder = tempFolder(t);
  await filled(folder);
  writeFileSync(path.join(folder, "status.json"), "{}");
  const journal = await Journal.open(folder, { ...id, epoch: 8n });
  t.same(facts(journal), nothing);
  await journal.close();
  t.same(readdirSync(folder).sort(), ["8.sprint.jsonl", "status.json"]);
});

t.test("damaged lines end what is believed", async (t) => {
  const damages = [
    "not json",
    "[]",
    "null",
    '{"next":"9"}',
    '{"next":9,"hits":[]}',
    '{"next":"9","hits":[["8"]]}',
    '{"next":"9","hits":[["8","abcd"]]}',
    `{"next":"9","hits":[["4","${"00".repeat(32)}"]]}`, // Not above the last hit.
    `{"next":"9","hits":[["9","${"00".repeat(32)}"]]}`, // Not yet searched.
    '{"next":"2","hits":[]}', // Backwards.
    '{"pledge":"00","count":2}',
  ];
  for (const damage of damages) {
    const folder = tempFolder(t);
    const journal = await Journal.open(folder, id);
    await journal.addBatch({ next: 5n, hits: [hit(1n), hit(4n)] });
    await journal.close();
    appendFileSync(path.join(folder, fileName), `${damage}\n`);
    const again = await Journal.open(folder, id);
    t.same(facts(again), { ...all, pledge: undefined }, damage);
    await again.close();
  }
});

t.test("a commitment binds even when hits before it were lost", async (t) => {
  const folder = tempFolder(t);
  const file = await filled(folder);
  const lines = readFileSync(file, "utf8").split("\n");
  writeFileSync(file, lines.toSpliced(2, 1, "damage").join("\n"));
  const journal = await Journal.open(folder, id);
  t.same(facts(journal), { ...all, next: 3n, hits: [1n] });
  await journal.close();
});

t.test(
  "a decided commitment stays: later batches are dropped, a second decision throws",
  async (t) => {
    const folder = tempFolder(t);
    const journal = await Journal.open(folder, id);
    // Not awaited one by one: they are written in the order of the calls.
    void journal.addBatch({ next: 3n, hits: [hit(1n)] });
    void journal.addBatch({ next: 5n, hits: [hit(4n)] });
    await journal.settled();
    const pledge = commitmentOf(journal.hits);
    await journal.addPledge(pledge);
    await journal.addBatch({ next: 9n, hits: [hit(8n)] });
    t.same(facts(journal), all);
    await t.rejects(journal.addPledge(pledge), /already decided/);
    await journal.close();
    await t.rejects(journal.addBatch({ next: 9n, hits: [] }).then(() => journal.addPledge(pledge)));
  },
);
