/**
 * Results of transactions and blocks as JSON. CometBFT writes ExecTxResult in two ways: complete in
 * answers (jsonpb with defaults), sparse inside websocket events (zero fields vanish).
 */
import type {
  Event,
  ExecTxResult,
  ResponseCheckTx,
  ResponseFinalizeBlock,
  ResponseQuery,
  ValidatorUpdate,
} from "cosmjs-types/tendermint/abci/types";
import type { ConsensusParams } from "cosmjs-types/tendermint/types/params";
import { toBase64, toUpperHex } from "../../encoding/bytes.ts";
import { base64OrNull, pubKeyJson } from "../../types/json/block.ts";
import type { Validator } from "../../types/validators/validator.ts";

/** Only what is not zero: Go's omitempty. */
function sparse(fields: Readonly<Record<string, unknown>>): object {
  const kept = Object.entries(fields).filter(([, value]) => {
    if (value === "" || value === 0 || value === "0" || value === null || value === false) {
      return false;
    }
    return !(Array.isArray(value) && value.length === 0);
  });
  return Object.fromEntries(kept);
}

export function eventJson(event: Event): object {
  const attributes = event.attributes.map(({ key, value, index }) => ({ key, value, index }));
  return sparse({ type: event.type, attributes });
}

/** Every field, as in tx, tx_search, block_results and broadcast_tx_commit. */
export function txResultJson(result: ExecTxResult | ResponseCheckTx): object {
  return {
    code: result.code,
    data: base64OrNull(result.data),
    log: result.log,
    info: result.info,
    gas_wanted: String(result.gasWanted),
    gas_used: String(result.gasUsed),
    events: result.events.map(eventJson),
    codespace: result.codespace,
  };
}

/** Only the fields that are not zero, as in websocket events. */
export function sparseTxResultJson(result: ExecTxResult): object {
  return sparse({
    code: result.code,
    data: base64OrNull(result.data),
    log: result.log,
    info: result.info,
    gas_wanted: String(result.gasWanted),
    gas_used: String(result.gasUsed),
    events: result.events.map(eventJson),
    codespace: result.codespace,
  });
}

export function finalizeBlockJson(result: ResponseFinalizeBlock): object {
  return {
    ...sparse({
      events: result.events.map(eventJson),
      tx_results: result.txResults.map(sparseTxResultJson),
    }),
    // The only member that CometBFT shows even when it is empty.
    validator_updates: result.validatorUpdates.map(validatorUpdateJson),
    ...sparse({
      consensus_param_updates: paramUpdatesJson(result.consensusParamUpdates),
      app_hash: base64OrNull(result.appHash),
    }),
  };
}

export function validatorUpdateJson(update: ValidatorUpdate): object {
  const { ed25519, secp256k1 } = update.pubKey;
  const Sum = ed25519
    ? { type: "tendermint.crypto.PublicKey_Ed25519", value: { ed25519: toBase64(ed25519) } }
    : {
        type: "tendermint.crypto.PublicKey_Secp256K1",
        value: { secp256k1: toBase64(secp256k1 ?? new Uint8Array()) },
      };
  return { pub_key: { Sum }, ...sparse({ power: String(update.power) }) };
}

export function queryResponseJson(r: ResponseQuery): object {
  const ops = r.proofOps?.ops.map(({ type, key, data }) => ({
    type,
    key: base64OrNull(key),
    data: base64OrNull(data),
  }));
  return {
    code: r.code,
    log: r.log,
    info: r.info,
    index: String(r.index),
    key: base64OrNull(r.key),
    value: base64OrNull(r.value),
    proofOps: ops ? { ops } : null,
    height: String(r.height),
    codespace: r.codespace,
  };
}

export function validatorJson(validator: Validator): object {
  return {
    address: toUpperHex(validator.address),
    pub_key: pubKeyJson(validator.pubKey),
    voting_power: String(validator.power),
    proposer_priority: String(validator.priority),
  };
}

export function consensusParamsJson(params: ConsensusParams): object {
  return {
    block: {
      max_bytes: String(params.block?.maxBytes ?? 0n),
      max_gas: String(params.block?.maxGas ?? 0n),
    },
    evidence: {
      max_age_num_blocks: String(params.evidence?.maxAgeNumBlocks ?? 0n),
      max_age_duration: nanosOf(params),
      max_bytes: String(params.evidence?.maxBytes ?? 0n),
    },
    validator: { pub_key_types: params.validator?.pubKeyTypes ?? [] },
    version: { app: String(params.version?.app ?? 0n) },
    abci: {
      vote_extensions_enable_height: String(params.abci?.voteExtensionsEnableHeight ?? 0n),
    },
  };
}

/** The parameters that a block changed: only these groups, without their zero fields. */
export function paramUpdatesJson(params: ConsensusParams | undefined): object | null {
  if (!params) return null;
  const all = Object.entries(consensusParamsJson(params)) as [keyof ConsensusParams, Fields][];
  const changed = all.filter(([group]) => params[group] !== undefined);
  return Object.fromEntries(
    changed.map(([group, { max_age_duration, ...fields }]) => {
      const age = max_age_duration === undefined ? {} : { max_age_duration };
      return [group, { ...sparse(fields), ...age }];
    }),
  );
}

type Fields = Readonly<Record<string, unknown>>;

/** The maximum age of evidence as a Go Duration: nanoseconds. */
function nanosOf({ evidence }: ConsensusParams): string {
  const age = evidence?.maxAgeDuration ?? { seconds: 0n, nanos: 0 };
  return String(age.seconds * 1_000_000_000n + BigInt(age.nanos));
}
