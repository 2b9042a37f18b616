/**
 * What stands in an Any, for JSON: the codecs that modules name, and for the rest the descriptors,
 * so that Msg responses are shown as their fields too.
 */
import { fromBinary, toJson } from "@bufbuild/protobuf";
import { Tx } from "cosmjs-types/cosmos/tx/v1beta1/tx";
import type { AnyJsonCodecs, JsonCodec } from "../encoding/proto-json.ts";
import type { Codec } from "../modules/module.ts";
import type { AnyCodecs } from "./request-json.ts";
import type { Router } from "./router.ts";

/** Codecs for reading: the transaction itself stands in an Any of tx_response. */
export function anyCodecs({ backend }: Router): AnyCodecs {
  return (typeUrl) => (typeUrl === Tx.typeUrl ? (Tx as Codec<object>) : backend.anyType(typeUrl));
}

/** Codecs for showing. */
export function anyJsonCodecs(router: Router): AnyJsonCodecs {
  const named = anyCodecs(router);
  return (typeUrl) => named(typeUrl) ?? describedCodec(router, typeUrl);
}

/** A codec whose messages are their JSON already. */
function describedCodec(router: Router, typeUrl: string): JsonCodec<object> | undefined {
  const { registry } = router.descriptors;
  const message = registry.getMessage(typeUrl.replace(/^\//, ""));
  if (!message) return undefined;
  const options = { registry, useProtoFieldName: true, alwaysEmitImplicit: true };
  return {
    decode: (bytes) => toJson(message, fromBinary(message, bytes), options) as object,
    toJSON: (shown) => shown,
  };
}
