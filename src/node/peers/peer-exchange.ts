/** Peer exchange as the configuration wants it, with its book in the home directory. */
import type { PeerNetwork } from "../../p2p/network.ts";
import { AddressBook } from "../../p2p/peers/address-book.ts";
import { readBook, writeBook } from "../../p2p/peers/book-file.ts";
import { PexReactor } from "../../p2p/peers/pex-reactor.ts";
import { machineClock } from "../clock.ts";
import { type Config, ConfigError } from "../config.ts";
import type { Logger } from "../logger.ts";

/**
 * Undefined where it is switched off. Throws ConfigError on private ids that are none: a typing
 * error there would give a validator away.
 */
export function buildPeerExchange(parts: {
  readonly file: string;
  readonly config: Config;
  readonly network: PeerNetwork;
  readonly log: Logger;
}): PexReactor | undefined {
  const { file, config, network, log } = parts;
  const privateIds = config.list("p2p.private_peer_ids");
  const wrong = privateIds.find((id) => !/^[0-9a-f]{40}$/.test(id));
  if (wrong !== undefined) {
    throw new ConfigError([`p2p.private_peer_ids: ${wrong} is no id of 40 hex digits`]);
  }
  if (!config.boolean("p2p.pex")) return undefined;
  const nowMs = () => Date.now();
  const book = new AddressBook({
    excluded: new Set([network.id, ...privateIds]),
    accepts: config.boolean("p2p.addr_book_strict") ? "routable" : "any",
    nowMs,
    random: Math.random,
  });
  const entries = readBook(file);
  if ("refused" in entries) log.warn("address book not read", { file, ...entries });
  else book.restore(entries);
  let saved = book.changes;
  const save = () => {
    if (saved === book.changes) return;
    writeBook(file, book.entries());
    saved = book.changes;
  };
  return new PexReactor({
    network,
    book,
    seeds: config.list("p2p.seeds"),
    mode: config.boolean("p2p.seed_mode") ? "seed" : "keep",
    maxOutboundPeers: config.number("p2p.max_num_outbound_peers"),
    clock: { nowMs, after: machineClock.after },
    random: Math.random,
    log,
    save,
  });
}
