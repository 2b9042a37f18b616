/** Legacy amino JSON of MsgUpdateParams: zero values are left out, 64-bit numbers are text. */
import type { MsgUpdateParams } from "cosmjs-types/cosmos/consensus/v1/tx";

export function updateParamsAmino(msg: MsgUpdateParams): unknown {
  const { block, evidence, validator, abci } = msg;
  const age = evidence?.maxAgeDuration;
  return {
    authority: msg.authority,
    block: block && { max_bytes: int64(block.maxBytes), max_gas: int64(block.maxGas) },
    evidence: evidence && {
      max_age_num_blocks: int64(evidence.maxAgeNumBlocks),
      // Amino writes a duration as its nanoseconds.
      max_age_duration: String((age?.seconds ?? 0n) * 1_000_000_000n + BigInt(age?.nanos ?? 0)),
      max_bytes: int64(evidence.maxBytes),
    },
    validator: validator && {
      pub_key_types: validator.pubKeyTypes.length > 0 ? validator.pubKeyTypes : undefined,
    },
    abci: abci && { vote_extensions_enable_height: int64(abci.voteExtensionsEnableHeight) },
  };
}

function int64(value: bigint): string | undefined {
  return value === 0n ? undefined : String(value);
}
