/**
 * Evidence of misbehaviour that the engine put into blocks: who signed two blocks of one height, or
 * took part in an attack on light clients, is jailed for ever. spec/modules/evidence.md.
 */
import { Equivocation } from "cosmjs-types/cosmos/evidence/v1beta1/evidence";
import * as q from "cosmjs-types/cosmos/evidence/v1beta1/query";
import { Any } from "cosmjs-types/google/protobuf/any";
import { type Misbehavior, MisbehaviorType } from "cosmjs-types/tendermint/abci/types";
import { sha256 } from "../../crypto/hash.ts";
import { concat, parseHex } from "../../encoding/bytes.ts";
import { formatTime, toNanos } from "../../encoding/time.ts";
import { type KvStore, prefixRange, type StoreKey } from "../../store/kv.ts";
import { Addresses } from "../addresses.ts";
import { sdkErrors } from "../errors.ts";
import { GenesisValue } from "../genesis-json.ts";
import { refusedAt } from "../genesis-proto.ts";
import { type Context, type Module, type QueryHandler, queryHandler } from "../module.ts";
import { paginate } from "../pagination.ts";
import type { EvidenceAge, Jail } from "./expected.ts";

/** What evidence is built from. */
export interface EvidenceParts {
  readonly addresses: Addresses;
  readonly jail: Jail;
  readonly age: EvidenceAge;
}

/** Hash to the evidence, as an Any: the layout of cosmos-sdk x/evidence 0.50. */
const evidencePrefix = Uint8Array.of(0x00);

const service = "/cosmos.evidence.v1beta1.Query";
const rest = "/cosmos/evidence/v1beta1/evidence";

export function evidenceModule(key: StoreKey, parts: EvidenceParts): Module {
  const kv = (ctx: Context) => ctx.kv(key);
  const validators = new Addresses(`${parts.addresses.prefix}valcons`);
  return {
    name: "evidence",
    stores: ["evidence"],
    msgs: [], // Evidence comes from the engine: nothing that a message could prove is known.
    queries: evidenceQueries(kv),
    anyTypes: { [Equivocation.typeUrl]: Equivocation },
    beginBlock: (ctx) => {
      for (const misbehavior of ctx.block.misbehavior) {
        const evidence = judge(parts, ctx, misbehavior, validators);
        if (evidence) store(kv(ctx), evidence);
      }
    },
    initGenesis: (ctx, state) => {
      const json = new GenesisValue(state, "app_state.evidence");
      for (const entry of json.at("evidence").list()) store(kv(ctx), read(entry, validators));
      return [];
    },
    exportGenesis: (ctx) => ({ evidence: all(kv(ctx)).map(write) }),
    invariants: {
      "whoever evidence names is jailed for ever": (ctx) => {
        const free = all(kv(ctx)).find(({ consensusAddress }) => {
          const operator = parts.jail.signerOf(ctx, validators.parse(consensusAddress));
          return operator && !parts.jail.isTombstoned(ctx, operator);
        });
        return free && `${free.consensusAddress} is free`;
      },
    },
  };
}

/** Jails who misbehaved. Undefined for strangers, old evidence, and those jailed for ever. */
function judge(
  { jail, age }: EvidenceParts,
  ctx: Context,
  { type, validator, height, time }: Misbehavior,
  validators: Addresses,
): Equivocation | undefined {
  const isKnown =
    type === MisbehaviorType.DUPLICATE_VOTE || type === MisbehaviorType.LIGHT_CLIENT_ATTACK;
  const operator = isKnown ? jail.signerOf(ctx, validator.address) : undefined;
  if (!operator || jail.isTombstoned(ctx, operator)) return undefined;
  const { evidence: limits } = age.get(ctx);
  const blocks = ctx.block.height - height;
  const nanos = toNanos(ctx.block.time) - toNanos(time);
  const isOld = limits && blocks > limits.maxAgeNumBlocks && nanos > toNanos(limits.maxAgeDuration);
  if (isOld) return undefined;
  const consensusAddress = validators.text(validator.address);
  ctx.emit("slash", [
    ["address", consensusAddress],
    ["power", String(validator.power)],
    ["reason", "double_sign"],
    ["burned_coins", "0"],
  ]);
  jail.tombstone(ctx, validator.address);
  return { height, time: { ...time }, power: validator.power, consensusAddress };
}

function store(kv: KvStore, evidence: Equivocation): void {
  const value = Equivocation.encode(evidence).finish();
  const any = { typeUrl: Equivocation.typeUrl, value };
  kv.set(concat(evidencePrefix, sha256(value)), Any.encode(any).finish());
}

function all(kv: KvStore): Equivocation[] {
  const pairs = [...kv.iterate(prefixRange(evidencePrefix))];
  return pairs.map(([, bytes]) => Equivocation.decode(Any.decode(bytes).value));
}

function evidenceQueries(kv: (ctx: Context) => KvStore): readonly QueryHandler[] {
  return [
    queryHandler<q.QueryEvidenceRequest, q.QueryEvidenceResponse>({
      path: `${service}/Evidence`,
      request: q.QueryEvidenceRequest,
      response: q.QueryEvidenceResponse,
      http: [{ method: "GET", path: `${rest}/{hash}` }],
      handle: (ctx, { hash }) => {
        if (hash === "") throw sdkErrors.invalidRequest("invalid request; hash is empty");
        const bytes = parseHex(hash.toLowerCase());
        if (!bytes) throw sdkErrors.invalidRequest(`invalid evidence hash: ${hash.slice(0, 100)}`);
        const found = kv(ctx).get(concat(evidencePrefix, bytes));
        if (!found) throw sdkErrors.notFound(`evidence ${hash.slice(0, 100)} not found`);
        return { evidence: Any.decode(found) };
      },
    }),
    queryHandler<q.QueryAllEvidenceRequest, q.QueryAllEvidenceResponse>({
      path: `${service}/AllEvidence`,
      request: q.QueryAllEvidenceRequest,
      response: q.QueryAllEvidenceResponse,
      http: [{ method: "GET", path: rest }],
      handle: (ctx, { pagination }) => {
        const item = (_: Uint8Array, value: Uint8Array) => Any.decode(value);
        const page = paginate({ store: kv(ctx), prefix: evidencePrefix, item }, pagination);
        return { evidence: page.items, pagination: page.pagination };
      },
    }),
  ];
}

function read(json: GenesisValue, validators: Addresses): Equivocation {
  const type = json.at("@type").text();
  if (type !== Equivocation.typeUrl)
    throw json.at("@type").error(`must be ${Equivocation.typeUrl}`);
  const address = json.at("consensus_address");
  refusedAt(address, () => validators.parse(address.text()));
  return {
    height: json.at("height").uint64(),
    time: json.at("time").time(),
    power: json.at("power").uint64(),
    consensusAddress: address.text(),
  };
}

function write({ height, time, power, consensusAddress }: Equivocation): unknown {
  return {
    "@type": Equivocation.typeUrl,
    height: String(height),
    time: formatTime(time),
    power: String(power),
    consensus_address: consensusAddress,
  };
}
