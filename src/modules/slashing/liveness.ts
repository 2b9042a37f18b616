/**
 * Counting missed blocks, as cosmos-sdk x/slashing HandleValidatorSignature does: a window of the
 * last blocks per validator, and jail for who missed too many of them.
 */
import type { Params, ValidatorSigningInfo } from "cosmjs-types/cosmos/slashing/v1beta1/slashing";
import type { VoteInfo } from "cosmjs-types/tendermint/abci/types";
import { BlockIDFlag } from "cosmjs-types/tendermint/types/validator";
import { toHex } from "../../encoding/bytes.ts";
import { addNanos, compareTime } from "../../encoding/time.ts";
import type { Context } from "../module.ts";
import type { SlashingKeeper } from "./keeper.ts";
import { durationNanos, maxMissed } from "./params.ts";

/** Takes in who signed the block before. */
export function countSignatures(slashing: SlashingKeeper, ctx: Context): void {
  const params = slashing.params.get(ctx);
  const { lastVotes } = ctx.block;
  const joined = slashing.noteSet(
    ctx,
    lastVotes.map(({ validator }) => validator.address),
  );
  for (const vote of lastVotes) {
    const { address } = vote.validator;
    const info = joined.has(toHex(address)) ? slashing.info(ctx, address) : undefined;
    // Whoever joins again has a whole window before it can be jailed.
    if (info) slashing.setInfo(ctx, address, { ...info, startHeight: ctx.block.height });
    countOne(slashing, ctx, { vote, params });
  }
}

function countOne(
  slashing: SlashingKeeper,
  ctx: Context,
  { vote, params }: { readonly vote: VoteInfo; readonly params: Params },
): void {
  const { address: consensus, power } = vote.validator;
  const owner = slashing.parts.validators().operatorOf(ctx, consensus);
  if (owner) slashing.setSigner(ctx, consensus, owner);
  const before = slashing.info(ctx, consensus) ?? slashing.newInfo(ctx, consensus);
  const missed = vote.blockIdFlag === BlockIDFlag.BLOCK_ID_FLAG_ABSENT;
  const index = before.indexOffset % params.signedBlocksWindow;
  const wasMissed = slashing.isMissed(ctx, consensus, index);
  if (missed !== wasMissed) slashing.setMissed(ctx, consensus, { index, missed });
  const change = (missed ? 1n : 0n) - (wasMissed ? 1n : 0n);
  const missedBlocksCounter = before.missedBlocksCounter + change;
  const info = { ...before, indexOffset: before.indexOffset + 1n, missedBlocksCounter };
  if (missed) {
    ctx.emit("liveness", [
      ["address", info.address],
      ["missed_blocks", String(missedBlocksCounter)],
      ["height", String(ctx.block.height)],
    ]);
  }
  const isOld = ctx.block.height > info.startHeight + params.signedBlocksWindow;
  const isTooMuch = isOld && missedBlocksCounter > maxMissed(params);
  const operator = isTooMuch ? slashing.signerOf(ctx, consensus) : undefined;
  const isFree = operator !== undefined && !slashing.isJailed(ctx, operator);
  const next = isFree ? jail(slashing, ctx, { consensus, operator, info, power, params }) : info;
  slashing.setInfo(ctx, consensus, next);
}

/** Jails for downtime. The count starts anew, or the validator would be jailed again at once. */
function jail(
  slashing: SlashingKeeper,
  ctx: Context,
  who: {
    readonly consensus: Uint8Array;
    readonly operator: Uint8Array;
    readonly info: ValidatorSigningInfo;
    readonly power: bigint;
    readonly params: Params;
  },
): ValidatorSigningInfo {
  const { consensus, operator, info, power, params } = who;
  const until = addNanos(ctx.block.time, durationNanos(params.downtimeJailDuration));
  slashing.setJail(ctx, operator, { until, isForever: false });
  slashing.clearMissed(ctx, consensus);
  ctx.emit("slash", [
    ["address", info.address],
    ["power", String(power)],
    ["reason", "missing_signature"],
    ["jailed", info.address],
    ["burned_coins", "0"],
  ]);
  const jailedUntil = compareTime(info.jailedUntil, until) > 0 ? info.jailedUntil : { ...until };
  return { ...info, jailedUntil, missedBlocksCounter: 0n, indexOffset: 0n };
}

/** At an epoch start. Places in a window of another length mean nothing: the counts start anew. */
export function activateParams(slashing: SlashingKeeper, ctx: Context): void {
  const { signedBlocksWindow: before } = slashing.params.get(ctx);
  if (!slashing.params.activate(ctx)) return;
  if (slashing.params.get(ctx).signedBlocksWindow === before) return;
  for (const { consensus, info } of slashing.infos(ctx)) {
    slashing.clearMissed(ctx, consensus);
    const startHeight = ctx.block.height;
    const anew = { ...info, startHeight, indexOffset: 0n, missedBlocksCounter: 0n };
    slashing.setInfo(ctx, consensus, anew);
  }
}
