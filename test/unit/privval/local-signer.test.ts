/**
 * The double-sign guard, spec/consensus.md clause S; scenarios of CometBFT privval/file_test.go.
 */
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { Proposal, Vote } from "cosmjs-types/tendermint/types/types";
import t from "tap";
import { loadOrCreateKey, openSignState, stateFileAt } from "../../../src/privval/files.ts";
import {
  formatKeyFile,
  PrivvalFileError,
  parseKeyFile,
  validatorKey,
} from "../../../src/privval/key-file.ts";
import { LocalSigner, type StateFile } from "../../../src/privval/local-signer.ts";
import { parseStateFile } from "../../../src/privval/sign-state.ts";
import { zeroBlockId } from "../../../src/types/block-id.ts";
import { verifyProposal, verifyVote, verifyVoteExtension } from "../../../src/types/vote.ts";

const chainId = "test-chain";
const key = validatorKey(new Uint8Array(32).fill(7));
const id = (fill: number) => ({
  hash: new Uint8Array(32).fill(fill),
  partSetHeader: { total: 1, hash: new Uint8Array(32).fill(fill + 1) },
});
const time = (seconds: bigint) => ({ seconds, nanos: 5 });

function vote(fields: Partial<Vote> = {}): Vote {
  return {
    ...Vote.fromPartial({ type: 1, height: 10n, round: 1, timestamp: time(100n) }),
    blockId: id(1),
    validatorAddress: key.address,
    ...fields,
  };
}
function proposal(fields: Partial<Proposal> = {}): Proposal {
  const base = Proposal.fromPartial({ type: 32, height: 10n, round: 1, polRound: -1 });
  return { ...base, timestamp: time(100n), blockId: id(1), ...fields };
}
function memoryFile(): StateFile & { text: string | undefined } {
  return {
    text: undefined,
    read() {
      return this.text;
    },
    replace(text) {
      this.text = text;
    },
  };
}

t.test("S1: signs ahead, refuses whatever lies behind", async (t) => {
  const signer = new LocalSigner(key, memoryFile());
  const first = signer.signVote(chainId, vote());
  t.ok("signature" in first && verifyVote(chainId, first, key.pubKey));
  for (const [name, behind] of [
    ["height", vote({ height: 9n, round: 5, type: 2 })],
    ["round", vote({ round: 0, type: 2 })],
  ] as const) {
    t.match(signer.signVote(chainId, behind), { refused: /is before 10\/1\/2/ }, name);
  }
  t.match(signer.signProposal(chainId, proposal()), { refused: /before/ }, "step");
  t.ok("signature" in signer.signVote(chainId, vote({ type: 2 })), "the next step");
  t.ok("signature" in signer.signVote(chainId, vote({ height: 11n, round: 0 })), "next height");
});

t.test("S2: the same vote again gets its old signature and its old time", async (t) => {
  const signer = new LocalSigner(key, memoryFile());
  const first = signer.signVote(chainId, vote());
  t.same(signer.signVote(chainId, vote()), first, "byte for byte");
  t.same(signer.signVote(chainId, vote({ timestamp: time(200n) })), first, "with another time");
  const later = new LocalSigner(key, memoryFile());
  const proposed = later.signProposal(chainId, proposal());
  t.ok("signature" in proposed && verifyProposal(chainId, proposed, key.pubKey));
  t.same(later.signProposal(chainId, proposal({ timestamp: time(9n) })), proposed);
});

t.test("S2: another vote at the same point is refused", async (t) => {
  const signer = new LocalSigner(key, memoryFile());
  signer.signVote(chainId, vote());
  const refused = { refused: /something else is signed at 10\/1/ };
  t.match(signer.signVote(chainId, vote({ blockId: id(9) })), refused);
  t.match(signer.signVote(chainId, vote({ blockId: id(9), timestamp: time(1n) })), refused);
  t.match(signer.signVote("other-chain", vote()), refused);
  const proposer = new LocalSigner(key, memoryFile());
  proposer.signProposal(chainId, proposal());
  t.match(proposer.signProposal(chainId, proposal({ polRound: 0 })), refused);
});

t.test("S3: the state is in the file before the signature leaves, and survives", async (t) => {
  const file = memoryFile();
  const first = new LocalSigner(key, file).signVote(chainId, vote());
  const state = parseStateFile(file.text ?? "");
  t.same([state.height, state.round, state.step], [10n, 1, 2]);
  const restarted = new LocalSigner(key, file);
  t.match(restarted.signVote(chainId, vote({ blockId: id(9) })), { refused: /something else/ });
  t.same(restarted.signVote(chainId, vote({ timestamp: time(300n) })), first);
  const failing: StateFile = {
    read: () => undefined,
    replace() {
      throw new Error("disk full");
    },
  };
  t.throws(() => new LocalSigner(key, failing).signVote(chainId, vote()), /disk full/);
});

t.test("S2: an extension is signed anew at the same point, an empty one too", async (t) => {
  // cometbft v0.38.25 privval/file_test.go, TestVoteExtensionsAreAlwaysSigned.
  const signer = new LocalSigner(key, memoryFile());
  const extension = Uint8Array.of(1, 2);
  const only = { refused: /only a precommit for a block/ };
  t.match(signer.signVote(chainId, vote({ extension })), { refused: /are off/ });
  t.match(signer.signExtendedVote(chainId, vote({ extension })), only);
  t.match(signer.signExtendedVote(chainId, vote({ type: 2, blockId: zeroBlockId() })), only);
  const precommit = vote({ type: 2, extension });
  const made = [extension, Uint8Array.of(3), new Uint8Array(0)].map((extension, index) => {
    const timestamp = time(100n + BigInt(index));
    return signer.signExtendedVote(chainId, { ...precommit, timestamp, extension });
  });
  const signed = made.filter((one) => "signature" in one);
  t.equal(signed.length, 3);
  for (const one of signed) {
    t.same([one.signature, one.timestamp], [signed[0]?.signature, signed[0]?.timestamp]);
    t.ok(verifyVote(chainId, one, key.pubKey) && verifyVoteExtension(chainId, one, key.pubKey));
  }
  t.equal(new Set(signed.map((one) => String(one.extensionSignature))).size, 3);
  t.match(signer.signExtendedVote(chainId, { ...precommit, blockId: id(9) }), {
    refused: /something else/,
  });
});

t.test("the files are CometBFT's: JSON names, encodings and mode", async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), "privval-"));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const keyFile = path.join(folder, "config", "priv_validator_key.json");
  const made = loadOrCreateKey(keyFile);
  t.same(loadOrCreateKey(keyFile), made, "the second start finds the first one's key");
  t.equal(statSync(keyFile).mode & 0o777, 0o600);
  // Shape and values as `cometbft init` writes them; the seed is 32 times 07.
  t.same(JSON.parse(formatKeyFile(key)), {
    address: Buffer.from(key.address).toString("hex").toUpperCase(),
    pub_key: {
      type: "tendermint/PubKeyEd25519",
      value: "6kpsY+KcUgq+9VB7Ey7F+ZVHdq6+vnuSQh7qaRRG0iw=",
    },
    priv_key: {
      type: "tendermint/PrivKeyEd25519",
      value:
        "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwfqSmxj4pxSCr71UHsTLsX5lUd2rr6+e5JCHuppFEbSLA==",
    },
  });
  const stateFile = path.join(folder, "data", "priv_validator_state.json");
  new LocalSigner(key, stateFileAt(stateFile)).signVote(chainId, vote());
  const state = JSON.parse(readFileSync(stateFile, "utf8"));
  t.same([state.height, state.round, state.step], ["10", 1, 2]);
  t.match(state.signbytes, /^[0-9A-F]+$/);
  t.match(new LocalSigner(key, stateFileAt(stateFile)).signVote(chainId, vote({ round: 0 })), {
    refused: /before/,
  });
  writeFileSync(stateFile, '{"height": "0", "round": 0, "step": 0}'); // As cometbft init does.
  t.ok("signature" in new LocalSigner(key, stateFileAt(stateFile)).signVote(chainId, vote()));
});

t.test("a validator of a running chain does not start without its state file", async (t) => {
  const folder = mkdtempSync(path.join(tmpdir(), "gonka-privval-"));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const file = path.join(folder, "data", "priv_validator_state.json");
  const running = { lastHeight: 9n, isValidator: true };
  t.throws(() => openSignState(file, running), PrivvalFileError);
  for (const chain of [
    { lastHeight: 0n, isValidator: true },
    { lastHeight: 9n, isValidator: false },
  ]) {
    rmSync(file, { force: true });
    t.equal(
      openSignState(file, chain).read()?.includes('"step": 0'),
      true,
      "made where it is safe",
    );
    t.ok(
      "signature" in new LocalSigner(key, openSignState(file, running)).signVote(chainId, vote()),
    );
    t.match(openSignState(file, running).read(), /signbytes/, "and not made anew");
  }
});

t.test("broken files are refused, and no secret is repeated", async (t) => {
  const good = formatKeyFile(key);
  const mixed = good.replace(/BwcH/, "AAAA");
  for (const text of ["", "[]", "{}", "null", good.replace("PrivKeyEd", "PrivKeyXd"), mixed]) {
    t.throws(() => parseKeyFile(text), PrivvalFileError, text.slice(0, 20));
  }
  for (const text of [
    "",
    "{}",
    '{"height":1,"round":0,"step":0}',
    '{"height":"1","round":-1,"step":0}',
    '{"height":"1","round":0,"step":4}',
    '{"height":"1","round":0,"step":1,"signature":"AA=="}',
  ]) {
    t.throws(() => parseStateFile(text), PrivvalFileError, text);
  }
});
