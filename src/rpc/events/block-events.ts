import { toBase64, toUpperHex } from "../../encoding/bytes.ts";
import { blockIdJson, blockJson, evidenceJson, headerJson } from "../../types/json/block.ts";
import { txHash } from "../../types/tx.ts";
import { newValidator, publicKeyFromProto } from "../../types/validators/validator.ts";
import type { AppliedBlock } from "../expected.ts";
import {
  eventJson,
  finalizeBlockJson,
  sparseTxResultJson,
  validatorJson,
} from "../json/results.ts";
import { type PublishedEvent, published } from "./published.ts";

/** Everything subscribers may hear about this block. */
export function eventsOf(applied: AppliedBlock): PublishedEvent[] {
  const { block, blockId, result } = applied;
  const height = block.header.height;
  const events: PublishedEvent[] = [
    published("NewBlock", result.events, () => ({
      block: blockJson(block),
      block_id: blockIdJson(blockId),
      result_finalize_block: finalizeBlockJson(result),
    })),
    published("NewBlockHeader", [], () => ({ header: headerJson(block.header) })),
    published("NewBlockEvents", result.events, () => ({
      height: String(height),
      events: result.events.map(eventJson),
      num_txs: String(block.data.txs.length),
    })),
  ];
  for (const evidence of block.evidence.evidence) {
    const value = () => ({ evidence: evidenceJson(evidence), height: String(height) });
    events.push(published("NewEvidence", [], value));
  }
  block.data.txs.forEach((tx, index) => {
    const txEvent = txEventOf(applied, tx, index);
    if (txEvent) events.push(txEvent);
  });
  if (result.validatorUpdates.length > 0) {
    const updates = result.validatorUpdates.flatMap(({ pubKey, power }) => {
      const key = publicKeyFromProto(pubKey);
      return key ? validatorJson(newValidator(key, power)) : [];
    });
    events.push(published("ValidatorSetUpdates", [], () => ({ validator_updates: updates })));
  }
  return events;
}

function txEventOf(
  { block, result }: AppliedBlock,
  tx: Uint8Array,
  index: number,
): PublishedEvent | undefined {
  const txResult = result.txResults[index];
  if (!txResult) return undefined;
  const height = String(block.header.height);
  const value = () => ({
    TxResult: {
      height,
      ...(index === 0 ? {} : { index }),
      tx: toBase64(tx),
      result: sparseTxResultJson(txResult),
    },
  });
  return published("Tx", txResult.events, value, [
    ["tx.hash", toUpperHex(txHash(tx))],
    ["tx.height", height],
  ]);
}
