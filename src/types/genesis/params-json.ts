/** The consensus_params of a genesis document. */
import {
  type CompleteConsensusParams,
  maxBlockSizeBytes,
  validateConsensusParams,
} from "../consensus-params.ts";
import type { JsonNode, JsonObject } from "./json-node.ts";

const nanosPerSecond = 1_000_000_000n;
/** No more key types than this can be known. */
const maxKeyTypes = 8;

/**
 * Reads the parameters: block, evidence and validator in full; version and abci may be missing.
 * Throws GenesisDocError.
 */
export function readConsensusParams(node: JsonNode): CompleteConsensusParams {
  const sections = node.object(["block", "evidence", "validator", "version", "abci"]);
  const version = sections.optional("version")?.object(["app"]);
  const abci = sections.optional("abci")?.object(["vote_extensions_enable_height"]);
  const params: CompleteConsensusParams = {
    block: readBlock(sections),
    evidence: readEvidence(sections),
    validator: readValidator(sections),
    version: { app: version?.optional("app")?.int64({ min: 0n }) ?? 0n },
    abci: {
      voteExtensionsEnableHeight:
        abci?.optional("vote_extensions_enable_height")?.int64({ min: 0n }) ?? 0n,
    },
  };
  const problem = validateConsensusParams(params);
  return problem === undefined ? params : node.fail(problem, "correct that value");
}

function readBlock(sections: JsonObject) {
  const block = sections
    .required("block", '{"max_bytes": "22020096", "max_gas": "-1"}')
    .object(["max_bytes", "max_gas"]);
  const maxBytesNode = block.required("max_bytes", '"22020096"');
  const maxBytes = maxBytesNode.int64({ min: -1n, max: maxBlockSizeBytes });
  if (maxBytes === 0n) maxBytesNode.fail("0 bytes", "write -1 for the largest blocks");
  return { maxBytes, maxGas: block.required("max_gas", '"-1"').int64({ min: -1n }) };
}

function readEvidence(sections: JsonObject) {
  const names = ["max_age_num_blocks", "max_age_duration", "max_bytes"];
  const evidence = sections
    .required("evidence", '{"max_age_num_blocks": "100000", ...}')
    .object(names);
  const nanos = evidence
    .required("max_age_duration", '"172800000000000" (nanoseconds)')
    .int64({ min: 1n });
  return {
    maxAgeNumBlocks: evidence.required("max_age_num_blocks", '"100000"').int64({ min: 1n }),
    maxAgeDuration: {
      seconds: nanos / nanosPerSecond, // Floors; the rest are the nanos.
      nanos: Number(nanos % nanosPerSecond),
    },
    maxBytes: evidence
      .required("max_bytes", '"1048576"')
      .int64({ min: 0n, max: maxBlockSizeBytes }),
  };
}

function readValidator(sections: JsonObject) {
  const types = sections
    .required("validator", '{"pub_key_types": ["ed25519"]}')
    .object(["pub_key_types"])
    .required("pub_key_types", '["ed25519"]');
  return { pubKeyTypes: types.array(maxKeyTypes).map((each) => each.string()) };
}
