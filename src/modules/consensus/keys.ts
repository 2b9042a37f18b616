/** Every key of the consensus store. */
import { utf8 } from "../../encoding/bytes.ts";

/** Active parameters: tendermint.types.ConsensusParams, where cosmos-sdk x/consensus keeps them. */
export const paramsKey = utf8("Consensus");
/** Parameters that the next epoch starts with. Not an SDK key. */
export const scheduledParamsKey = Uint8Array.of(0xf0);
