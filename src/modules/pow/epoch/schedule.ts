/** When what happens in an epoch: spec/modules/pow.md, "Epoch". Pure. */
import type { Params } from "../../../gen/gonka/pow/v1/params.ts";
import { type Epoch, Phase } from "../../../gen/gonka/pow/v1/types.ts";

type Lengths = Pick<
  Params,
  | "epochBlocks"
  | "generateBlocks"
  | "commitBlocks"
  | "openBlocks"
  | "verifyBlocks"
  | "beacon1LeadBlocks"
>;

const settleBlocks = 1n;
/** Beacon 3 comes so many blocks after the last block that may carry a commitment. */
const beacon3DelayBlocks = 2n;

/** Blocks that the serve phase gets: what the others leave. Negative when they do not fit. */
export function serveBlocks(lengths: Lengths): bigint {
  const { epochBlocks, generateBlocks, commitBlocks, openBlocks, verifyBlocks } = lengths;
  return epochBlocks - generateBlocks - commitBlocks - openBlocks - verifyBlocks - settleBlocks;
}

/** The epoch that starts at this height, no beacon drawn yet. */
export function planEpoch(index: bigint, startHeight: bigint, lengths: Lengths): Epoch {
  const generateHeight = startHeight + serveBlocks(lengths);
  const commitHeight = generateHeight + lengths.generateBlocks;
  const openHeight = commitHeight + lengths.commitBlocks;
  const verifyHeight = openHeight + lengths.openBlocks;
  return {
    index,
    startHeight,
    beacon1Height: generateHeight - lengths.beacon1LeadBlocks,
    generateHeight,
    commitHeight,
    openHeight,
    beacon3Height: openHeight - 1n + beacon3DelayBlocks,
    verifyHeight,
    settleHeight: verifyHeight + lengths.verifyBlocks,
    beacon1: new Uint8Array(),
    beacon2: new Uint8Array(),
    beacon3: new Uint8Array(),
  };
}

/** The phase of a height of this epoch; unspecified outside of it. */
export function phaseAt(epoch: Epoch, height: bigint): Phase {
  if (height < epoch.startHeight || height > epoch.settleHeight) return Phase.PHASE_UNSPECIFIED;
  if (height === epoch.settleHeight) return Phase.PHASE_SETTLE;
  if (height >= epoch.verifyHeight) return Phase.PHASE_VERIFY;
  if (height >= epoch.openHeight) return Phase.PHASE_OPEN;
  if (height >= epoch.commitHeight) return Phase.PHASE_COMMIT;
  return height >= epoch.generateHeight ? Phase.PHASE_GENERATE : Phase.PHASE_SERVE;
}

/** First block of the phase after the one of this height. */
export function nextPhaseHeight(epoch: Epoch, height: bigint): bigint {
  const boundaries = [
    epoch.generateHeight,
    epoch.commitHeight,
    epoch.openHeight,
    epoch.verifyHeight,
    epoch.settleHeight,
  ];
  return boundaries.find((boundary) => boundary > height) ?? epoch.settleHeight + 1n;
}
