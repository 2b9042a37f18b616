/**
 * The address book and the gate for inbound connections: spec/p2p.md, 5 and 7. Scenarios of
 * cometbft v0.38.25 p2p/pex/addrbook_test.go and p2p/netaddress_test.go in parentheses.
 */
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import t from "tap";
import { fromHex, toHex } from "../../../src/encoding/bytes.ts";
import { AddressBook, type NodeAddress } from "../../../src/p2p/peers/address-book.ts";
import { Admission } from "../../../src/p2p/peers/admission.ts";
import { readBook, writeBook } from "../../../src/p2p/peers/book-file.ts";
import { groupOf, isRoutable } from "../../../src/p2p/peers/ip-groups.ts";
import { decodePex, encodePex } from "../../../src/p2p/peers/pex-messages.ts";
import { prng } from "../../support/prng.ts";

const hour = 3_600_000;
const idOf = (n: number): string => n.toString(16).padStart(40, "0");
/** The n-th of many addresses: 100 in each /16. */
const address = (n: number, first = 20): NodeAddress => ({
  id: idOf(first * 1_000_000 + n),
  ip: `${first + Math.floor(n / 25_600)}.${Math.floor(n / 100) % 256}.${n % 100}.1`,
  port: 26_656,
});

function bookAt(
  options: { excluded?: string[]; accepts?: "routable" | "any"; seed?: number } = {},
) {
  const { excluded = [], accepts = "routable", seed = 1 } = options;
  const clock = { nowMs: hour };
  const random = prng(seed);
  const nowMs = () => clock.nowMs;
  return { clock, book: new AddressBook({ excluded: new Set(excluded), accepts, nowMs, random }) };
}

t.test("messages encode as CometBFT's [TestPexVectors]", async (t) => {
  t.equal(toHex(encodePex({ type: "request" })), "0a00");
  t.same(decodePex(fromHex("0a00")), { type: "request" });
  const addresses = [{ id: "1", ip: "127.0.0.1", port: 9090 }];
  const bytes = encodePex({ type: "addresses", addresses });
  t.equal(toHex(bytes), "12130a110a013112093132372e302e302e31188247");
  t.equal(decodePex(bytes), undefined, "1 is no node id");
  const good = [address(1), { ...address(2), ip: "2a00::1" }];
  t.same(decodePex(encodePex({ type: "addresses", addresses: good })), {
    type: "addresses",
    addresses: good,
  });
});

t.test("foreign bytes are a message or nothing", async (t) => {
  for (const change of [{ ip: "a.example" }, { port: 0 }, { port: 65_536 }, { id: "g" }]) {
    const addresses = [{ ...address(1), ...change }];
    t.equal(decodePex(encodePex({ type: "addresses", addresses })), undefined);
  }
  const many = Array.from({ length: 251 }, (_, n) => address(n));
  t.equal(decodePex(encodePex({ type: "addresses", addresses: many })), undefined);
  for (const hex of ["", "0a001200", "1a00", "0a"]) t.equal(decodePex(fromHex(hex)), undefined);
  for (let seed = 1; seed <= 1_000; seed++) {
    const random = prng(seed);
    const bytes = Uint8Array.from({ length: Math.floor(random() * 60) }, () => random() * 256);
    t.doesNotThrow(() => decodePex(bytes), `seed ${seed}`);
  }
});

t.test(
  "which addresses are public, and which belong together (TestNetAddressProperties)",
  async (t) => {
    const local =
      "127.0.0.1 0.0.0.0 10.1.2.3 172.16.0.1 172.31.255.255 192.168.1.1 169.254.1.1 100.64.0.1 " +
      "192.0.2.1 198.51.100.1 203.0.113.9 224.0.0.1 255.255.255.255 ::1 :: fe80::1 fd00::1 ff02::1 " +
      "2001:db8::1";
    for (const ip of local.split(" ")) t.notOk(isRoutable(ip), ip);
    for (const ip of ["8.8.8.8", "172.32.0.1", "192.169.0.1", "2a00:1450::1"])
      t.ok(isRoutable(ip), ip);
    t.equal(groupOf("20.30.40.50"), "20.30");
    t.equal(groupOf("2a00:0450:1::5"), groupOf("2a00:450::9"));
    t.not(groupOf("2a00:451::1"), groupOf("2a00:450::1"));
    t.equal(groupOf("2a00::1"), "2a00:0");
  },
);

t.test("itself, private peers and local addresses never get in (TestPrivatePeers)", async (t) => {
  const { book } = bookAt({ excluded: [address(1).id] });
  t.notOk(book.add(address(1), "9.9.9.9"));
  book.markGood(address(1));
  t.notOk(book.add({ ...address(2), ip: "10.0.0.1" }, "9.9.9.9"));
  book.restore([
    { address: address(1), source: "9.9", attempts: 0, lastAttemptMs: 0, lastSuccessMs: 1 },
  ]);
  t.equal(book.size, 0);
  const loose = bookAt({ accepts: "any" }).book;
  t.ok(loose.add({ ...address(2), ip: "10.0.0.1" }, "9.9.9.9"));
});

t.test("hearsay does not move an address that is known", async (t) => {
  const { book } = bookAt();
  t.ok(book.add(address(1), "9.9.9.9"));
  t.notOk(book.add({ ...address(1), ip: "66.6.6.6" }, "6.6.6.6"));
  t.same(book.entries()[0]?.address, address(1));
  book.markGood({ ...address(1), port: 30_000 });
  t.equal(book.entries()[0]?.address.port, 30_000, "a connection does");
});

t.test("one peer fills its share of the book and nobody else's", async (t) => {
  const { book } = bookAt();
  for (let n = 0; n < 50; n++) book.markGood(address(n * 100));
  for (let n = 0; n < 600; n++) book.add(address(n * 3, 40), "50.1.1.1");
  const taken = () => book.entries().filter(({ source }) => source === "66.6").length;
  for (let n = 0; n < 2_000; n++) book.add(address(n, 70), `66.6.${n % 256}.1`);
  t.equal(taken(), 512, "from one /16, whatever address of it speaks");
  const honest = book.entries().filter(({ source }) => source === "50.1").length;
  t.equal(honest, 512);
  // Even many groups at once push out only what tells more than its share.
  for (let source = 0; source < 20; source++) {
    for (let n = 0; n < 256; n++) {
      book.add(address(source * 256 + n, 120), `${100 + source}.1.1.1`);
    }
  }
  const heard = book.entries().filter(({ lastSuccessMs }) => lastSuccessMs === 0);
  t.equal(heard.length, 4_096);
  const left = heard.filter(({ source }) => source === "50.1").length;
  t.ok(left >= Math.floor(4_096 / 22), `the first keeps a fair share: ${left}`);
  t.equal(book.size - heard.length, 50, "what was connected to stays");
});

t.test("one network does not fill it either, by hearsay or by connections", async (t) => {
  const { book } = bookAt();
  const near = (n: number) => ({ ...address(n), ip: `77.7.${Math.floor(n / 250)}.${n % 250}` });
  for (let n = 0; n < 1_000; n++) book.add(near(n), `${n % 200}.5.5.5`);
  t.equal(book.size, 128);
  for (let n = 2_000; n < 3_000; n++) book.markGood(near(n));
  t.equal(book.size, 256);
});

t.test("attempts back off, and what never answers is forgotten", async (t) => {
  const { book, clock } = bookAt();
  book.add(address(1), "9.9.9.9");
  const nobody = new Set<string>();
  const waits: number[] = [];
  while (book.has(address(1).id)) {
    const before = clock.nowMs;
    while (!book.pick(nobody, 50)) clock.nowMs += 1_000;
    waits.push((clock.nowMs - before) / 1_000);
    book.markAttempt(address(1).id);
  }
  t.same(waits, [0, 5, 10, 20]);
  book.markGood(address(2));
  for (let n = 0; n < 10; n++) book.markAttempt(address(2).id);
  t.ok(book.has(address(2).id));
  clock.nowMs += hour;
  t.same(book.pick(nobody, 0), address(2), "at most an hour");
  book.markGood(address(2));
  t.equal(book.entries()[0]?.attempts, 0);
  for (let n = 0; n < 11; n++) book.markAttempt(address(2).id);
  t.equal(book.size, 0);
});

t.test("who is connected is not picked; hearsay as often as asked for", async (t) => {
  const { book } = bookAt({ seed: 7 });
  book.markGood(address(1));
  book.add(address(200), "9.9.9.9");
  t.same(book.pick(new Set([address(1).id]), 0), address(200), "there is nothing else");
  t.equal(book.pick(new Set([address(1).id, address(200).id]), 50), undefined);
  let fresh = 0;
  for (let n = 0; n < 1_000; n++) if (book.pick(new Set(), 30)?.id === address(200).id) fresh++;
  t.ok(fresh > 200 && fresh < 400, `${fresh} of 1000, seed 7`);
});

t.test("a selection is a random part, each once (TestAddrBookGetSelection)", async (t) => {
  const { book } = bookAt();
  t.same(book.selection(250), []);
  book.add(address(0), "9.9.9.9");
  t.equal(book.selection(250).length, 1);
  for (let n = 1; n < 2_000; n++) book.add(address(n * 100), `${n % 200}.5.5.5`);
  const chosen = book.selection(250);
  t.equal(chosen.length, 250);
  t.equal(new Set(chosen.map(({ id }) => id)).size, 250);
  const ids = (list: readonly NodeAddress[]) => list.map(({ id }) => id).join();
  t.not(ids(chosen), ids(book.selection(250)));
  const small = bookAt().book;
  for (let n = 0; n < 100; n++) small.add(address(n * 100), `${n}.5.5.5`);
  t.equal(small.selection(250).length, 32, "at least 32, else 23 %");
});

t.test("the file holds it all; a broken one is an empty book (TestAddrBookSaveLoad)", async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), "book-"));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const file = path.join(folder, "config", "addrbook.json");
  t.same(readBook(file), []);
  const { book } = bookAt();
  for (let n = 0; n < 300; n++) book.add(address(n * 100), `${n % 200}.5.5.5`);
  book.markGood(address(5 * 100));
  book.markAttempt(address(7 * 100).id);
  writeBook(file, book.entries());
  const again = bookAt().book;
  const entries = readBook(file);
  if ("refused" in entries) throw new Error(entries.refused);
  again.restore(entries);
  t.equal(JSON.stringify(again.entries()), JSON.stringify(book.entries()));
  t.same(readdirSync(path.dirname(file)), ["addrbook.json"], "nothing is left beside it");
  for (const text of ["{", "{}", "null", '{"addrs":[{}]}', '{"addrs":[{"address":{"id":"x"}}]}']) {
    writeFileSync(file, text);
    t.ok("refused" in readBook(file), text);
  }
});

t.test("inbound connections are counted by address, bans too", async (t) => {
  let now = 0;
  const gate = new Admission({ maxInboundPeers: 5, maxInboundPerIp: 2 }, () => now);
  t.notOk(gate.refuses("1.2.3.4", ["1.2.3.4"]));
  t.ok(gate.refuses("1.2.3.4", ["1.2.3.4", "1.2.3.4"]));
  t.notOk(gate.refuses("5.6.7.8", ["1.2.3.4", "1.2.3.4"]));
  t.notOk(gate.refuses("127.0.0.1", ["127.0.0.1", "127.0.0.1", "127.0.0.1"]), "this machine");
  t.ok(gate.refuses("5.6.7.8", ["a", "b", "c", "d", "e"]), "full");
  for (let n = 0; n < 3; n++) {
    t.notOk(gate.refuses("6.6.6.6", []), `after ${n} banned keys`);
    gate.noteBan("6.6.6.6");
    gate.noteBan("127.0.0.1");
  }
  t.ok(gate.refuses("6.6.6.6", []), "new keys from there do not help");
  t.notOk(gate.refuses("127.0.0.1", []));
  now += 30_001;
  t.notOk(gate.refuses("6.6.6.6", []), "for a while");
});
