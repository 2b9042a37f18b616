/**
 * The validators of a height, in set order, with the proposer's turn. Immutable: every change is
 * a new set (CometBFT types/validator_set.go).
 */
import type { ValidatorSet as ProtoValidatorSet } from "cosmjs-types/tendermint/types/validator";
import { merkleRoot } from "../crypto/merkle.ts";
import { equalBytes, toHex } from "../encoding/bytes.ts";
import { applyChanges, type ValidatorChange } from "./validators/changes.ts";
import {
  byPriority,
  centerPriorities,
  maxTotalPower,
  rescalePriorities,
  takeTurn,
} from "./validators/priorities.ts";
import {
  simpleValidatorBytes,
  type Validator,
  validatorFromProto,
  validatorToProto,
} from "./validators/validator.ts";

/** A validator and its place in the set. */
export interface Member {
  readonly index: number;
  readonly validator: Validator;
}

/** What a set is made of. */
interface Parts {
  readonly validators: readonly Validator[];
  readonly totalPower: bigint;
  readonly proposer: Validator | undefined;
}

export class ValidatorSet {
  /** Power descending, then address ascending. */
  readonly validators: readonly Validator[];
  readonly totalPower: bigint;
  readonly #proposer: Validator | undefined;
  #members: Map<string, Member> | undefined;
  #hash: Uint8Array | undefined;

  private constructor(parts: Parts) {
    this.validators = parts.validators;
    this.totalPower = parts.totalPower;
    this.#proposer = parts.proposer;
  }

  /**
   * A set of new validators after its first turn (NewValidatorSet). Throws when they are no set:
   * a repeated address, a power that is not positive, too much power in all.
   */
  static from(validators: readonly ValidatorChange[]): ValidatorSet {
    const empty = new ValidatorSet({ validators: [], totalPower: 0n, proposer: undefined });
    if (validators.length === 0) return empty;
    const removal = validators.find((each) => each.power === 0n);
    if (removal) throw new Error(`validator ${toHex(removal.address)} has no voting power`);
    const set = empty.update(validators);
    if ("refused" in set) throw new Error(set.refused);
    return set.incrementPriority(1);
  }

  get size(): number {
    return this.validators.length;
  }

  at(index: number): Validator | undefined {
    return this.validators[index];
  }

  byAddress(address: Uint8Array): Member | undefined {
    this.#members ??= new Map(
      this.validators.map((validator, index) => [toHex(validator.address), { index, validator }]),
    );
    return this.#members.get(toHex(address));
  }

  /** Who proposes. Throws on an empty set. */
  proposer(): Validator {
    const found = this.#proposer ?? this.validators.reduce(byPriority); // Throws when empty.
    return this.byAddress(found.address)?.validator ?? found;
  }

  /**
   * The set so many turns later; rounds is at least 1. Scaling and centring happen once per call,
   * so two calls of one turn may differ from one call of two.
   */
  incrementPriority(rounds: number): ValidatorSet {
    if (this.size === 0 || rounds < 1)
      throw new Error(`${rounds} turns of ${this.size} validators`);
    let validators = centerPriorities(rescalePriorities(this.validators, this.totalPower));
    let proposer: Validator | undefined;
    for (let turn = 0; turn < rounds; turn++) {
      ({ validators, proposer } = takeTurn(validators, this.totalPower));
    }
    return new ValidatorSet({ validators, totalPower: this.totalPower, proposer });
  }

  /** The set with the changes of a block (power 0 removes), or why they are refused. */
  update(changes: readonly ValidatorChange[]): ValidatorSet | { refused: string } {
    if (changes.length === 0) return this;
    const changed = applyChanges(this.validators, changes);
    if ("refused" in changed) return changed;
    return new ValidatorSet({ ...changed, proposer: this.#proposer });
  }

  /** The validators hash of headers: keys and powers in set order, no priorities. */
  hash(): Uint8Array {
    this.#hash ??= merkleRoot(this.validators.map(simpleValidatorBytes));
    return this.#hash;
  }

  toProto(): ProtoValidatorSet {
    const validators = this.validators.map(validatorToProto);
    // CometBFT leaves the total out: nobody may trust a peer's sum.
    if (this.size === 0) return { validators, totalVotingPower: 0n };
    return { validators, proposer: validatorToProto(this.proposer()), totalVotingPower: 0n };
  }

  /**
   * The set of a message, priorities included; the empty set for the empty message. Undefined when
   * a validator is malformed or there twice, the proposer is not one of them, or they have too much
   * power.
   */
  static fromProto(proto: ProtoValidatorSet): ValidatorSet | undefined {
    const validators: Validator[] = [];
    const names = new Set<string>();
    let totalPower = 0n;
    for (const each of proto.validators) {
      const validator = validatorFromProto(each);
      if (!validator) return undefined;
      validators.push(validator);
      names.add(toHex(validator.address));
      totalPower += validator.power;
    }
    if (totalPower > maxTotalPower || names.size < validators.length) return undefined;
    const claimed = proto.proposer;
    if (!claimed) {
      const isEmpty = validators.length === 0;
      return isEmpty
        ? new ValidatorSet({ validators, totalPower, proposer: undefined })
        : undefined;
    }
    const proposer = validators.find((each) => equalBytes(each.address, claimed.address));
    return proposer && new ValidatorSet({ validators, totalPower, proposer });
  }
}
