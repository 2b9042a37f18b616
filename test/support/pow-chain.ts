/**
 * The pow module alone on a chain of empty blocks: a store in memory, a bank of one map, and hosts
 * that answer the Sprint. No engine and no application, so a whole epoch takes milliseconds.
 */
import { readFileSync } from "node:fs";
import type { ValidatorUpdate, VoteInfo } from "cosmjs-types/tendermint/abci/types";
import { ed25519PublicKey } from "../../src/crypto/ed25519.ts";
import { sha256, sha256Parts } from "../../src/crypto/hash.ts";
import { secp256k1Address, secp256k1PublicKey } from "../../src/crypto/secp256k1.ts";
import { toBase64, toHex, u64le, utf8 } from "../../src/encoding/bytes.ts";
import { addCoins, type Coin, subtractCoins } from "../../src/encoding/coins.ts";
import type { Params } from "../../src/gen/gonka/pow/v1/params.ts";
import type { Settlement } from "../../src/gen/gonka/pow/v1/types.ts";
import { Addresses, moduleAddress } from "../../src/modules/addresses.ts";
import { sdkErrors } from "../../src/modules/errors.ts";
import {
  type Context,
  checkMessage,
  type EventAttributes,
  type Module,
} from "../../src/modules/module.ts";
import type {
  Bank,
  NonceAnswer,
  NonceQuestion,
  SprintOracle,
} from "../../src/modules/pow/expected.ts";
import { PowKeeper } from "../../src/modules/pow/keeper.ts";
import { powModule } from "../../src/modules/pow/module.ts";
import { Branch } from "../../src/store/branch.ts";
import { type KvStore, type ReadStore, StoreKey } from "../../src/store/kv.ts";

const nothing: ReadStore = { get: () => undefined, has: () => false, iterate: () => [] };

export const chainId = "pow-test-1";
export const addresses = new Addresses("gonka");
export const authority = addresses.text(moduleAddress("gov"));

/** A bank that only knows balances. */
export class MapBank implements Bank {
  readonly balancesByOwner = new Map<string, readonly Coin[]>();
  balances(_ctx: Context, owner: Uint8Array): readonly Coin[] {
    return this.balancesByOwner.get(toHex(owner)) ?? [];
  }
  isBlocked(address: Uint8Array): boolean {
    return toHex(address) === toHex(moduleAddress("pow"));
  }
  send(ctx: Context, from: Uint8Array, to: Uint8Array, coins: readonly Coin[]): void {
    const left = subtractCoins(this.balances(ctx, from), coins);
    if (!left) throw sdkErrors.insufficientFunds("too little");
    this.balancesByOwner.set(toHex(from), left);
    this.mint(ctx, to, coins);
  }
  mint(ctx: Context, to: Uint8Array, coins: readonly Coin[]): void {
    this.balancesByOwner.set(toHex(to), addCoins(this.balances(ctx, to), coins));
  }
}

/** A Sprint that costs nothing: every nonce is a hit, its digest a hash. */
export class HashOracle implements SprintOracle {
  recomputed = 0;
  recompute({ beacon2, hostKey, nonce }: NonceQuestion): NonceAnswer {
    this.recomputed++;
    const digest = sha256Parts(beacon2, hostKey, u64le(nonce));
    return { digest, isHit: nonce < 1n << 40n, tagOf: (key) => sha256Parts(key, digest) };
  }
}

/** The keys of a host, from its name. */
export function hostKeys(name: string) {
  const workerPubKey = secp256k1PublicKey(sha256(utf8(`worker of ${name}`)));
  const operator = addresses.text(sha256(utf8(`operator ${name}`)).slice(0, 20));
  return {
    operator,
    workerPubKey,
    worker: addresses.text(secp256k1Address(workerPubKey)),
    consensusPubKey: ed25519PublicKey(sha256(utf8(`consensus key of ${name}`))),
  };
}

type Json = Record<string, unknown>;

/** app_state.pow of the localnet profile with short phases, these hosts, and these changes. */
export function powGenesis(
  weights: Readonly<Record<string, bigint>>,
  changes: Json = {},
): Json & { params: Json } {
  const profile = new URL("../../genesis/localnet.json", import.meta.url);
  const { app_state } = JSON.parse(readFileSync(profile, "utf8")) as {
    app_state: { pow: Json & { params: Json } };
  };
  const short = {
    epoch_blocks: "20",
    generate_blocks: "2",
    commit_blocks: "2",
    verify_blocks: "2",
  };
  const params = { ...app_state.pow.params, ...short, ...changes };
  const hosts = Object.keys(weights).map((name) => {
    const { operator, workerPubKey, consensusPubKey } = hostKeys(name);
    return {
      operator,
      worker_pub_key: toBase64(workerPubKey),
      consensus_pub_key: toBase64(consensusPubKey),
      moniker: name,
      worker_grants: ["MsgCommitSprint", "MsgOpenSprint", "MsgAttestSprint"].map(
        (message) => `/gonka.pow.v1.${message}`,
      ),
    };
  });
  const standings = Object.entries(weights).map(([name, weight]) => ({
    operator: hostKeys(name).operator,
    reference_weight: String(weight),
  }));
  return { ...app_state.pow, params, hosts, standings };
}

/** Blocks over the pow module. */
export class PowChain {
  readonly pow: PowKeeper;
  readonly module: Module;
  readonly bank: MapBank;
  readonly oracle: SprintOracle;
  /** Every event of the last block, as "type key=value ...". */
  events: string[] = [];
  readonly validators = new Map<string, bigint>();
  #kv: KvStore = new Branch(nothing);
  #height = 0n;
  lastVotes: VoteInfo[] = [];
  /** Operators that are in jail, in hex. */
  readonly jailed = new Set<string>();

  constructor(
    genesis: unknown,
    oracle: SprintOracle = new HashOracle(),
    bank: MapBank = new MapBank(),
  ) {
    this.bank = bank;
    this.oracle = oracle;
    const store = new StoreKey("pow");
    const jail = { isJailed: (_: Context, who: Uint8Array) => this.jailed.has(toHex(who)) };
    this.pow = new PowKeeper({
      denom: "ngonka",
      store,
      addresses,
      authority,
      bank: this.bank,
      jail,
      oracle,
    });
    this.module = powModule(this.pow);
    this.#apply(this.module.initGenesis(this.context(), genesis));
  }

  get height(): bigint {
    return this.#height;
  }

  /** The state as messages of the current block see it. */
  context(kv: KvStore = this.#kv): Context {
    return {
      chainId,
      block: {
        height: this.#height,
        time: { seconds: this.#height, nanos: 0 },
        hash: sha256(u64le(this.#height)),
        proposerAddress: new Uint8Array(20),
        lastVotes: this.lastVotes,
        misbehavior: [],
      },
      gas: { limit: 0n, consumed: 0n, consume: () => {} },
      isSimulation: false,
      kv: () => kv,
      emit: (type, attributes) => this.events.push(shown(type, attributes)),
      atomically: (run) => {
        const branch = new Branch(kv);
        const result = run(this.context(branch));
        branch.flush(kv);
        return result;
      },
    };
  }

  /** One block: hooks, `act` as its messages, hooks; then every invariant must hold. */
  block(act: () => void = () => {}): readonly ValidatorUpdate[] {
    this.#height++;
    this.events = [];
    const ctx = this.context();
    if (this.pow.beginsEpoch(ctx)) this.module.beginEpoch?.(ctx);
    this.module.beginBlock?.(ctx);
    act();
    const updates = this.module.endBlock?.(ctx) ?? [];
    this.#apply(updates);
    const broken = this.broken();
    if (broken.length > 0) throw new Error(`height ${this.#height}: ${broken.join("; ")}`);
    return updates;
  }

  /** Blocks up to the one before this height. */
  advanceTo(height: bigint): void {
    while (this.#height < height - 1n) this.block();
  }

  /** Sends a message as the application does: validate, then execute on a branch. */
  send(name: string, message: object): void {
    const handler = this.module.msgs.find(({ typeUrl }) => typeUrl === `/gonka.pow.v1.${name}`);
    if (!handler) throw new Error(`no message ${name}`);
    const decoded = handler.codec.decode(handler.codec.encode(message).finish());
    checkMessage({ handler, message: decoded });
    this.context().atomically((ctx) => handler.execute(ctx, decoded));
  }

  /** Asks a query as a gRPC client does, through the bytes. */
  ask<Response>(name: string, request: object): Response {
    const path = `/gonka.pow.v1.Query/${name}`;
    const query = this.module.queries.find((candidate) => candidate.path === path);
    if (!query) throw new Error(`no query ${name}`);
    const answer = query.handle(this.context(), query.request.decode(requestBytes(query, request)));
    return query.response.decode(query.response.encode(answer).finish()) as Response;
  }

  get params(): Params {
    return this.pow.params.get(this.context());
  }

  settlement(epoch: bigint): Settlement {
    return this.ask<{ settlement: Settlement }>("Settlement", { epoch }).settlement;
  }

  broken(): string[] {
    const ctx = this.context();
    return Object.entries(this.module.invariants).flatMap(([name, check]) => {
      const problem = check(ctx);
      return problem === undefined ? [] : [`${name}: ${problem}`];
    });
  }

  #apply(updates: readonly ValidatorUpdate[]): void {
    for (const { pubKey, power } of updates) {
      const key = toHex(pubKey?.ed25519 ?? new Uint8Array());
      if (power === 0n && !this.validators.delete(key)) throw new Error(`removed unknown ${key}`);
      if (power > 0n) this.validators.set(key, power);
    }
  }
}

function requestBytes(query: Module["queries"][number], request: object): Uint8Array {
  return query.request.encode(query.request.fromJSON(request)).finish();
}

function shown(type: string, attributes: EventAttributes): string {
  return [type, ...attributes.map((pair) => pair.join("="))].join(" ");
}
