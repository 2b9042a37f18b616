/**
 * The events of an applied block, in the order in which CometBFT publishes them (cometbft
 * state/execution.go fireEvents, types/event_bus.go).
 */
import type { Event } from "cosmjs-types/tendermint/abci/types";
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

/** One event: its JSON for subscribers, and the values that queries look at. */
export interface PublishedEvent {
  /** Built when the first subscriber needs it: most events have none. */
  data(): { readonly type: string; readonly value: unknown };
  readonly values: ReadonlyMap<string, readonly string[]>;
}

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

function published(
  name: string,
  events: readonly Event[],
  value: () => unknown,
  reserved: readonly (readonly [string, string])[] = [],
): PublishedEvent {
  const values = valuesOf(events);
  for (const [key, text] of [["tm.event", name] as const, ...reserved]) {
    values.set(key, [...(values.get(key) ?? []), text]);
  }
  let built: { readonly type: string; readonly value: unknown } | undefined;
  const data = () => {
    built ??= { type: `tendermint/event/${name}`, value: value() };
    return built;
  };
  return { data, values };
}

/** "type.key" to its values in order; nameless events and attributes are dropped. */
function valuesOf(events: readonly Event[]): Map<string, string[]> {
  const values = new Map<string, string[]>();
  for (const event of events) {
    if (event.type === "") continue;
    for (const { key, value } of event.attributes) {
      if (key === "") continue;
      const composite = `${event.type}.${key}`;
      const list = values.get(composite);
      if (list) list.push(value);
      else values.set(composite, [value]);
    }
  }
  return values;
}
