/** Blocks made of another one: as valid as it, or invalid in one way that a header can be. */
import type { Block } from "cosmjs-types/tendermint/types/block";
import type { BlockID } from "cosmjs-types/tendermint/types/types";
import { addNanos } from "../../../src/encoding/time.ts";
import { encodeBlock, hashCommit, hashData } from "../../../src/types/block.ts";
import { hashHeader } from "../../../src/types/header.ts";
import { PartSet } from "../../../src/types/part-set.ts";

/** A block ready to be sent. */
export interface AlteredBlock {
  readonly id: BlockID;
  readonly parts: PartSet;
  readonly bytes: Uint8Array;
}

const flipped = (bytes: Uint8Array): Uint8Array =>
  bytes.map((byte, index) => (index === 0 ? byte ^ 1 : byte));

function ready(block: Block): AlteredBlock {
  const bytes = encodeBlock(block);
  const parts = PartSet.fromBytes(bytes);
  const id = { hash: hashHeader(block.header), partSetHeader: parts.header };
  return { id, parts, bytes };
}

/** The block without its transactions, which is as valid; undefined when it has none. */
export function alteredBlock(block: Block): AlteredBlock | undefined {
  if (block.data.txs.length === 0) return undefined;
  const header = { ...block.header, dataHash: hashData([]) };
  return ready({ ...block, header, data: { txs: [] } });
}

/** A block that may not follow the state. */
export function invalidBlock(block: Block, choice: number): AlteredBlock {
  const { header, lastCommit } = block;
  const invalid: (() => Block)[] = [
    () => ({ ...block, header: { ...header, appHash: flipped(new Uint8Array(32)) } }),
    () => ({ ...block, header: { ...header, lastResultsHash: flipped(header.lastResultsHash) } }),
    () => ({ ...block, header: { ...header, validatorsHash: flipped(header.validatorsHash) } }),
    () => ({
      ...block,
      header: { ...header, nextValidatorsHash: flipped(header.nextValidatorsHash) },
    }),
    () => ({ ...block, header: { ...header, time: addNanos(header.time, 1_000_000_000n) } }),
    () => ({ ...block, header: { ...header, proposerAddress: flipped(header.proposerAddress) } }),
    () => ({ ...block, header: { ...header, dataHash: flipped(header.dataHash) } }),
    () => ({ ...block, header: { ...header, height: header.height + 1n } }),
    () => {
      // A commit in which one signature is false.
      const signatures = (lastCommit?.signatures ?? []).map((entry) =>
        entry.signature.length > 0 ? { ...entry, signature: flipped(entry.signature) } : entry,
      );
      const commit = lastCommit && { ...lastCommit, signatures };
      if (!commit) return block;
      const lastCommitHash = hashCommit(commit);
      return { ...block, lastCommit: commit, header: { ...header, lastCommitHash } };
    },
  ];
  const make = invalid[choice % invalid.length];
  return ready(make ? make() : block);
}
