/** What all worlds have in common. */
import type { Logger } from "../../src/consensus/expected.ts";
import type { ConsensusTimeouts } from "../../src/consensus/waiting/timeouts.ts";
import { type ValidatorKey, validatorKey } from "../../src/privval/key-file.ts";
import { defaultConsensusParams } from "../../src/types/consensus-params.ts";
import type { GenesisDoc } from "../../src/types/genesis/genesis.ts";

export const chainId = "sim";
export const validators = 4;
export const genesisSeconds = 1_700_000_000n;

/** The same keys in all worlds: making them costs more than a world. */
export const keys: readonly ValidatorKey[] = Array.from({ length: validators }, (_, index) =>
  validatorKey(new Uint8Array(32).fill(index + 1)),
);

/** Quick heights, so that many fit into the time of the faults. */
export const quickTimeouts: ConsensusTimeouts = {
  proposeMs: 300,
  proposeDeltaMs: 100,
  prevoteMs: 150,
  prevoteDeltaMs: 50,
  precommitMs: 150,
  precommitDeltaMs: 50,
  commitMs: 200,
  skipCommitWait: false,
};

/** Under attack: more rounds in the same time. */
export const shortTimeouts: ConsensusTimeouts = {
  proposeMs: 150,
  proposeDeltaMs: 50,
  prevoteMs: 80,
  prevoteDeltaMs: 30,
  precommitMs: 80,
  precommitDeltaMs: 30,
  commitMs: 80,
  skipCommitWait: false,
};

export const evenPowers = [10n, 10n, 10n, 10n];
/** Some validators have exactly two thirds; the last, which may be faulty, has a sixth. */
export const unevenPowers = [20n, 20n, 10n, 10n];

/**
 * The genesis of a world: powers, how many blocks until evidence may be too old, and from which
 * height on votes are extended, 0n for none.
 */
export function genesisDoc(of: {
  readonly powers: readonly bigint[];
  readonly evidenceBlocks: bigint;
  readonly extensionsFrom: bigint;
}): GenesisDoc {
  const params = defaultConsensusParams();
  return {
    genesisTime: { seconds: genesisSeconds, nanos: 0 },
    chainId,
    initialHeight: 1n,
    consensusParams: {
      ...params,
      evidence: { ...params.evidence, maxAgeNumBlocks: of.evidenceBlocks },
      abci: { voteExtensionsEnableHeight: of.extensionsFrom },
    },
    validators: keys.map(({ address, pubKey }, index) => {
      const power = of.powers[index] ?? 0n;
      return { address, pubKey, power, name: "" };
    }),
    appHash: new Uint8Array(0),
    appState: {},
  };
}

/** Says nothing. */
export const silent: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
};

/** A log that names the node. */
export function named(log: Logger, node: string): Logger {
  if (log === silent) return silent;
  return {
    debug: (message, fields) => log.debug(message, { node, ...fields }),
    info: (message, fields) => log.info(message, { node, ...fields }),
    warn: (message, fields) => log.warn(message, { node, ...fields }),
    error: (message, fields) => log.error(message, { node, ...fields }),
  };
}
