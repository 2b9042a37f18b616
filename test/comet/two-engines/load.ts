/** Transactions for one network of two engines, sent to nodes of either. */
import { setTimeout as sleep } from "node:timers/promises";
import { BaseAccount } from "cosmjs-types/cosmos/auth/v1beta1/auth";
import { QueryAccountRequest, QueryAccountResponse } from "cosmjs-types/cosmos/auth/v1beta1/query";
import { MsgSend } from "cosmjs-types/cosmos/bank/v1beta1/tx";
import { fromBase64, toBase64, toHex, utf8 } from "../../../src/encoding/bytes.ts";
import { any, type Dev, signTx } from "../../support/app-chain.ts";
import type { EngineNode } from "./engine-node.ts";

/** Where the transactions of one sender come from. */
export interface Source {
  /** The next transaction; `node` may be asked what it takes. */
  next(node: EngineNode): Promise<Uint8Array>;
  /** Whether the node took the last one. */
  sent(isTaken: boolean): void;
}

/** Keys of their own for the kvstore. */
export function keySource(prefix: string): Source {
  let count = 0;
  return { next: async () => utf8(`${prefix}-${count++}=v`), sent: () => {} };
}

/** One account sends to another. What a kill took out of a mempool is sent again. */
export function bankSource(from: Dev, to: Dev): Source {
  let sequence: bigint | undefined;
  const amount = [{ denom: "ngonka", amount: "1" }];
  const message = { fromAddress: from.address, toAddress: to.address, amount };
  return {
    next: async (node) => {
      sequence ??= await sequenceOf(node, from);
      return signTx({ from, sequence, messages: [any(MsgSend, message)] });
    },
    sent: (isTaken) => {
      sequence = isTaken && sequence !== undefined ? sequence + 1n : undefined;
    },
  };
}

async function sequenceOf(node: EngineNode, { address }: Dev): Promise<bigint> {
  const path = "/cosmos.auth.v1beta1.Query/Account";
  const data = toHex(QueryAccountRequest.encode({ address }).finish());
  type Answer = { response: { value: string } };
  const { response } = await node.rpc<Answer>("abci_query", { path, data });
  const { account } = QueryAccountResponse.decode(fromBase64(response.value));
  return BaseAccount.decode(account?.value ?? new Uint8Array()).sequence;
}

/** Sends from each source to its node, over and over, until it is told to stop. */
export class Load {
  readonly taken = new Map<string, number>();
  #isStopped = false;
  readonly #running: Promise<void>[];

  constructor(senders: readonly { readonly node: EngineNode; readonly source: Source }[]) {
    this.#running = senders.map(({ node, source }) => this.#run(node, source));
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await Promise.all(this.#running);
  }

  async #run(node: EngineNode, source: Source): Promise<void> {
    while (!this.#isStopped) {
      try {
        const tx = toBase64(await source.next(node));
        const { code } = await node.rpc<{ code: number }>("broadcast_tx_sync", { tx });
        source.sent(code === 0);
        if (code === 0) this.taken.set(node.name, (this.taken.get(node.name) ?? 0) + 1);
      } catch {
        source.sent(false); // The node was killed just now, or is starting.
        await sleep(500);
      }
      await sleep(100);
    }
  }
}
