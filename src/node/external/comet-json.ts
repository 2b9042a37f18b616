/** Reads what CometBFT's RPC answers about transactions and blocks. Undefined when malformed. */
import { Event, ExecTxResult } from "cosmjs-types/tendermint/abci/types";
import type { FoundBlock, FoundTx } from "../../api/expected.ts";
import { evidenceFromJson } from "../../types/json/evidence.ts";
import {
  type Fields,
  readBase64,
  readFields,
  readInt64,
  readList,
  readSmall,
} from "../../types/json/fields.ts";
import { readBlockId, readCommit, readHeader } from "../../types/json/light-block.ts";

/** All of them, or undefined when one is undefined. */
function every<T>(items: readonly (T | undefined)[]): T[] | undefined {
  return items.every((item) => item !== undefined) ? (items as T[]) : undefined;
}

/** Of the method "tx", and of one entry of "tx_search". */
export function readTx(value: unknown): FoundTx | undefined {
  const f = readFields(value);
  const [height, index] = [readInt64(f?.height), readSmall(f?.index)];
  const [tx, result] = [readBase64(f?.tx), readTxResult(f?.tx_result)];
  if (height === undefined || index === undefined || !tx || !result) return undefined;
  return { height, index, tx, result };
}

function readTxResult(value: unknown): ExecTxResult | undefined {
  const f = readFields(value);
  if (!f) return undefined;
  const events = every((readList(f.events) ?? [undefined]).map(readEvent));
  const [gasWanted, gasUsed] = [readInt64(f.gas_wanted ?? "0"), readInt64(f.gas_used ?? "0")];
  const [code, data] = [readCode(f.code), readBase64(f.data ?? "")];
  if (!events || gasWanted === undefined || gasUsed === undefined) return undefined;
  if (code === undefined || !data) return undefined;
  const texts = { log: text(f.log), info: text(f.info), codespace: text(f.codespace) };
  return ExecTxResult.fromPartial({ code, data, gasWanted, gasUsed, events, ...texts });
}

/** A text that may be missing. */
export const text = (value: unknown): string => (typeof value === "string" ? value : "");

/** A uint32 that is left out when it is zero. */
export function readCode(value: unknown = 0): number | undefined {
  const isCode = Number.isInteger(value) && Number(value) >= 0 && Number(value) < 2 ** 32;
  return isCode ? Number(value) : undefined;
}

function readEvent(value: unknown): Event | undefined {
  const f = readFields(value);
  const attributes = readList(f?.attributes)?.map((each) => {
    const { key, value: shown, index } = readFields(each) ?? {};
    return { key: text(key), value: text(shown), index: index === true };
  });
  return f && attributes ? Event.fromPartial({ type: text(f.type), attributes }) : undefined;
}

/** Of the method "block". */
export function readBlock({ block_id, block }: Fields): FoundBlock | undefined {
  const f = readFields(block);
  const [blockId, header] = [readBlockId(block_id), readHeader(f?.header)];
  const txs = every((readList(readFields(f?.data)?.txs) ?? [undefined]).map(readBase64));
  const pieces = readList(readFields(f?.evidence)?.evidence)?.map(evidenceFromJson);
  const lastCommit = readCommit(f?.last_commit);
  if (!blockId || !header || !txs || !pieces || !lastCommit) return undefined;
  const evidence = pieces.filter((piece) => typeof piece !== "string");
  if (evidence.length < pieces.length) return undefined;
  return { blockId, block: { header, data: { txs }, evidence: { evidence }, lastCommit } };
}
