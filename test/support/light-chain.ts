/** A chain of light blocks with real signatures, whose validators and forks the test decides. */
import type { Commit, Header } from "cosmjs-types/tendermint/types/types";
import { ed25519Sign } from "../../src/crypto/ed25519.ts";
import { sha256 } from "../../src/crypto/hash.ts";
import { equalBytes, utf8 } from "../../src/encoding/bytes.ts";
import type { Time } from "../../src/encoding/time.ts";
import { type ValidatorKey, validatorKey } from "../../src/privval/key-file.ts";
import { zeroBlockId } from "../../src/types/block-id.ts";
import { absentCommitSig, blockIdFlagCommit } from "../../src/types/commit.ts";
import { blockProtocol, hashHeader } from "../../src/types/header.ts";
import type { LightBlock } from "../../src/types/light/light-block.ts";
import { ValidatorSet } from "../../src/types/validator-set.ts";
import { newValidator } from "../../src/types/validators/validator.ts";
import { precommitType, voteSignBytes } from "../../src/types/vote.ts";

export const chainId = "light-1";
const start = 1_700_000_000n;
const secondsPerBlock = 10n;

/** The key pair of a number. */
export const lightKey = (n: number): ValidatorKey => validatorKey(sha256(utf8(`light ${n}`)));
export const timeOf = (height: bigint): Time => ({
  seconds: start + height * secondsPerBlock,
  nanos: 0,
});

/** What a block differs in from the honest one of its height. */
export interface Forgery {
  readonly header?: Partial<Header>;
  readonly round?: number;
  /** Who signs; everybody by default. */
  readonly signers?: readonly number[];
  /** Another set than the height's. */
  readonly members?: readonly number[];
}

/** A chain whose set of each height is given by the numbers of its keys; every power is 10. */
export class LightChain {
  readonly #membersAt: (height: bigint) => readonly number[];
  readonly #timeOf: (height: bigint) => Time;
  readonly #made = new Map<bigint, LightBlock>();

  constructor(membersAt: (height: bigint) => readonly number[], times = timeOf) {
    this.#membersAt = membersAt;
    this.#timeOf = times;
  }

  /** The honest block of a height. */
  at(height: bigint): LightBlock {
    let block = this.#made.get(height);
    if (!block) {
      block = this.forge(height);
      this.#made.set(height, block);
    }
    return block;
  }

  /** A block of a height after the honest block before it. */
  forge(height: bigint, forgery: Forgery = {}): LightBlock {
    const members = forgery.members ?? this.#membersAt(height);
    const validators = setOf(members);
    const last = height > 1n ? this.at(height - 1n) : undefined;
    const header: Header = {
      version: { block: blockProtocol, app: 0n },
      chainId,
      height,
      time: this.#timeOf(height),
      lastBlockId: last?.commit.blockId ?? zeroBlockId(),
      lastCommitHash: sha256(utf8(`commit ${height}`)),
      dataHash: sha256(utf8("data")),
      validatorsHash: validators.hash(),
      nextValidatorsHash: setOf(this.#membersAt(height + 1n)).hash(),
      consensusHash: sha256(utf8("params")),
      appHash: sha256(utf8(`state ${height}`)),
      lastResultsHash: sha256(utf8(`results ${height}`)),
      evidenceHash: sha256(new Uint8Array(0)),
      proposerAddress: validators.proposer().address,
      ...forgery.header,
    };
    const signers = forgery.signers ?? members;
    return { header, validators, commit: commitOf(header, validators, signers, forgery.round) };
  }
}

const setOf = (members: readonly number[]): ValidatorSet =>
  ValidatorSet.from(members.map((n) => newValidator(lightKey(n).pubKey, 10n)));

function commitOf(
  header: Header,
  validators: ValidatorSet,
  signers: readonly number[],
  round = 0,
): Commit {
  const hash = hashHeader(header);
  const blockId = { hash, partSetHeader: { total: 1, hash } };
  const { height, time: timestamp } = header;
  const keys = signers.map(lightKey);
  const signatures = validators.validators.map(({ address }) => {
    const key = keys.find((each) => equalBytes(each.address, address));
    if (!key) return absentCommitSig();
    const vote = { type: precommitType, height, round, blockId, timestamp };
    const signature = ed25519Sign(key.seed, voteSignBytes(header.chainId, vote));
    return { blockIdFlag: blockIdFlagCommit, validatorAddress: address, timestamp, signature };
  });
  return { height, round, blockId, signatures };
}
