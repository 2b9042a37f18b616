/** Every key of the inference store. spec/modules/inference.md, "State", lists the same. */
import { concat, lengthPrefixed, utf8 } from "../../encoding/bytes.ts";

export const activeParamsKey: Uint8Array = Uint8Array.of(0x00);
export const scheduledParamsKey: Uint8Array = Uint8Array.of(0x01);
export const modelPrefix: Uint8Array = Uint8Array.of(0x02); // model id
export const offerPrefix: Uint8Array = Uint8Array.of(0x03); // operator, model id

/** A model. Ids have at most 128 bytes, so the length fits a byte. */
export const modelKey = (id: string): Uint8Array => concat(modelPrefix, lengthPrefixed(utf8(id)));

/** All offers of a host. */
export const hostOffersPrefix = (operator: Uint8Array): Uint8Array =>
  concat(offerPrefix, lengthPrefixed(operator));

/** An offer. */
export const offerKey = (operator: Uint8Array, modelId: string): Uint8Array =>
  concat(hostOffersPrefix(operator), lengthPrefixed(utf8(modelId)));
