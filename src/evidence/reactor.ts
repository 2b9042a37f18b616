/** Evidence over the network: CometBFT's channel 0x38, one tendermint.types.EvidenceList each. */
import { type Evidence, EvidenceList } from "cosmjs-types/tendermint/types/evidence";
import { decodeTotal } from "../encoding/wire.ts";
import type { Clock, Logger, Network, Peer } from "./expected.ts";
import type { EvidencePool } from "./pool.ts";

/** CometBFT's evidence channel. */
const evidenceChannel = 0x38;
const maxMessageBytes = 1_048_576;
/** Pending evidence is sent again this often: a peer may have been too far behind for it. */
const resendMs = 10_000;

interface ReactorParts {
  readonly pool: EvidencePool;
  readonly network: Network;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The evidence reactor. */
export class EvidenceReactor {
  readonly #parts: ReactorParts;
  readonly #peers = new Map<string, Peer>();
  #cancel: (() => void) | undefined;

  /** Registers its channel and listens to the pool. */
  constructor(parts: ReactorParts) {
    this.#parts = parts;
    const spec = { id: evidenceChannel, maxMessageBytes, sendQueueCapacity: 10 };
    parts.network.register([{ ...spec, stream: "evidence" }], this);
    parts.pool.onPending((evidence) => {
      for (const peer of this.#peers.values()) this.#send(peer, [evidence]);
    });
  }

  start(): void {
    this.#cancel = this.#parts.clock.after(resendMs, () => {
      for (const peer of this.#peers.values()) this.#sendPending(peer);
      this.start();
    });
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  addPeer(peer: Peer): void {
    this.#peers.set(peer.id, peer);
    this.#sendPending(peer);
  }

  removePeer(peer: Peer): void {
    if (this.#peers.get(peer.id) === peer) this.#peers.delete(peer.id);
  }

  receive(_channel: number, peer: Peer, bytes: Uint8Array): void {
    const list = decodeTotal(EvidenceList, bytes, { maxBytes: maxMessageBytes });
    if (!list || list.evidence.length === 0) {
      this.#parts.network.ban(peer, "no evidence list");
      return;
    }
    for (const evidence of list.evidence) {
      const verdict = this.#parts.pool.add(evidence);
      if (typeof verdict === "string") continue;
      this.#parts.log.warn("evidence refused", { peer: peer.id, reason: verdict.refused });
      this.#parts.network.ban(peer, `evidence: ${verdict.refused}`);
      return;
    }
  }

  #sendPending(peer: Peer): void {
    const evidence = this.#parts.pool.pending(BigInt(maxMessageBytes));
    if (evidence.length > 0) this.#send(peer, evidence);
  }

  #send(peer: Peer, evidence: readonly Evidence[]): void {
    peer.send(evidenceChannel, EvidenceList.encode({ evidence: [...evidence] }).finish());
  }
}
