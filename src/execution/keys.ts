/** Every key of the state store's database. spec/execution.md (clause S2) lists the same. */
import { concat, u64be } from "../encoding/bytes.ts";

const [validatorsPrefix, paramsPrefix] = [Uint8Array.of(0x01), Uint8Array.of(0x02)];
const responsePrefix = Uint8Array.of(0x03);

/** tendermint.state.State: what the engine knows after the last applied block. */
export const stateKey = Uint8Array.of(0x00);
/** tendermint.state.ValidatorsInfo: the set that decides a height. */
export const validatorsKey = (height: bigint): Uint8Array =>
  concat(validatorsPrefix, u64be(height));
/** tendermint.state.ConsensusParamsInfo: the parameters that hold for a height. */
export const paramsKey = (height: bigint): Uint8Array => concat(paramsPrefix, u64be(height));
/** tendermint.state.ABCIResponsesInfo: what FinalizeBlock of a height answered. */
export const responseKey = (height: bigint): Uint8Array => concat(responsePrefix, u64be(height));
