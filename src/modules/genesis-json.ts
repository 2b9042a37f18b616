/** Reading genesis JSON: every refusal names the JSON path and what was expected there. */
import { type Coin, fromProtoCoins } from "../encoding/coins.ts";
import { parseDuration, parseTime, type Time } from "../encoding/time.ts";
import { GenesisError } from "./module.ts";

const maxUint64 = (1n << 64n) - 1n;

/** A place in a genesis document: the value there and its JSON path. */
export class GenesisValue {
  readonly path: string;
  readonly value: unknown;
  constructor(value: unknown, path: string) {
    this.value = value;
    this.path = path;
  }

  /** The refusal of this value. */
  error(problem: string): GenesisError {
    return new GenesisError(this.path, problem);
  }

  /** The member of an object; a missing member is undefined, which the readers below refuse. */
  at(name: string): GenesisValue {
    const { value } = this;
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw this.error("must be an object");
    }
    const members = value as Readonly<Record<string, unknown>>;
    const member = Object.hasOwn(members, name) ? members[name] : undefined;
    return new GenesisValue(member, `${this.path}.${name}`);
  }

  /** Whether something other than null is there. */
  get isPresent(): boolean {
    return this.value !== undefined && this.value !== null;
  }

  /** The elements of a list. A missing or null list is empty. */
  list(): GenesisValue[] {
    if (!this.isPresent) return [];
    if (!Array.isArray(this.value)) throw this.error("must be a list");
    return this.value.map((item, index) => new GenesisValue(item, `${this.path}[${index}]`));
  }

  text(): string {
    if (typeof this.value !== "string") throw this.error("must be a string");
    return this.value;
  }

  boolean(): boolean {
    if (typeof this.value !== "boolean") throw this.error("must be true or false");
    return this.value;
  }

  /** An unsigned 64-bit number, as decimal text or as a JSON integer. */
  uint64(): bigint {
    const text = typeof this.value === "number" ? String(this.value) : this.value;
    if (typeof text !== "string" || !/^\d{1,20}$/.test(text)) {
      throw this.error('must be a whole number in quotes, such as "7"');
    }
    const number = BigInt(text);
    if (number > maxUint64) throw this.error("must fit 64 bits");
    return number;
  }

  time(): Time {
    const time = parseTime(this.text());
    if (!time) throw this.error("must be a time such as 2026-01-31T12:00:00Z");
    return time;
  }

  /** In seconds, not below zero. */
  duration(): Time {
    const duration = parseDuration(this.text());
    if (!duration || duration.seconds < 0n || duration.nanos < 0) {
      throw this.error('must be seconds such as "172800s"');
    }
    return duration;
  }

  /** A list of {denom, amount}: sorted, positive, each denomination once. */
  coins(): Coin[] {
    const coins = fromProtoCoins(
      this.list().map((coin) => ({
        denom: coin.at("denom").text(),
        amount: coin.at("amount").text(),
      })),
    );
    if (!coins) {
      throw this.error("must be coins sorted by denom, each denom once, amounts above zero");
    }
    return coins;
  }
}
