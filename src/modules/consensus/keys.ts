/** Every key of the consensus store. */
import { utf8 } from "../../encoding/bytes.ts";

/** Active parameters: tendermint.types.ConsensusParams, where cosmos-sdk x/consensus keeps them. */
export const paramsKey = utf8("Consensus");
/** Time of the block that made this state: queries and restarts need it. Not an SDK key. */
export const blockTimeKey = Uint8Array.of(0xf1);
/** Parameters that the next epoch starts with. Not an SDK key. */
export const scheduledParamsKey = Uint8Array.of(0xf0);
