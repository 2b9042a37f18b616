/** The Application over any set of modules. Each call is a file of its own; this joins them. */
import type * as abci from "cosmjs-types/tendermint/abci/types";
import { ResponseVerifyVoteExtension_VerifyStatus } from "cosmjs-types/tendermint/abci/types";
import type { Codec, MsgHandler, QueryHandler } from "../modules/module.ts";
import type { Application } from "./application.ts";
import { checkTx } from "./check-tx.ts";
import type { Turn } from "./expected.ts";
import { finalizeBlock, finalizeInTurns } from "./finalize-block.ts";
import { type ExportedState, exportState, initChain } from "./genesis.ts";
import { prepareProposal, processProposal } from "./proposal.ts";
import { query } from "./query.ts";
import type { Snapshots } from "./snapshots/snapshots.ts";
import type { Runtime } from "./state/runtime.ts";
import { lookAhead } from "./tx/look-ahead.ts";
import type { Registry } from "./tx/registry.ts";

/** Version.app of the headers: rises when the rules of the state machine change. */
const appVersion = 1n;

export class StateMachine implements Application {
  readonly #runtime: Runtime;
  readonly #keepBlocks: bigint;
  /** Whole states for nodes that catch up. */
  readonly snapshots: Snapshots;
  readonly lookAhead: Application["lookAhead"];
  readonly finalizeInTurns: Application["finalizeInTurns"];

  /** keepBlocks: blocks that the engine is asked to keep at least; 0 keeps all. */
  constructor(
    runtime: Runtime,
    parts: {
      readonly keepBlocks: bigint;
      readonly snapshots: Snapshots;
      readonly turn?: Turn | undefined;
    },
  ) {
    this.#runtime = runtime;
    this.#keepBlocks = parts.keepBlocks;
    this.snapshots = parts.snapshots;
    if (runtime.parts.ante.verifier.hasThreads) this.lookAhead = (txs) => lookAhead(runtime, txs);
    const { turn } = parts;
    if (turn) this.finalizeInTurns = (request) => finalizeInTurns(runtime, request, turn);
  }

  /** How many signatures of transactions were verified since the start. */
  get verifiedSignatures(): number {
    return this.#runtime.parts.ante.verifier.count;
  }

  /** Of account addresses. */
  get bech32Prefix(): string {
    return this.#runtime.parts.ante.accounts.addresses.prefix;
  }

  /** Messages, queries and Any types, for REST, gRPC and the command line. */
  get registry(): Registry {
    return this.#runtime.parts.registry;
  }

  /** Every message type that a transaction may hold. */
  get msgs(): readonly MsgHandler[] {
    return this.registry.msgs;
  }

  /** Every gRPC method, with its REST paths. */
  get queries(): readonly QueryHandler[] {
    return this.registry.queries;
  }

  /** What may stand in an Any, by type URL: messages, accounts, keys. */
  get anyTypes(): ReadonlyMap<string, Codec<unknown>> {
    return this.registry.anyTypes;
  }

  info(): abci.ResponseInfo {
    const { store, version } = this.#runtime.parts;
    const isNew = store.version === 0n;
    return {
      data: "gonka-ts",
      version,
      appVersion,
      lastBlockHeight: store.version,
      lastBlockAppHash: isNew ? new Uint8Array() : store.appHash(),
    };
  }

  query(request: abci.RequestQuery): abci.ResponseQuery {
    return query(this.#runtime, request);
  }

  checkTx(request: abci.RequestCheckTx): abci.ResponseCheckTx {
    return checkTx(this.#runtime, request);
  }

  initChain(request: abci.RequestInitChain): abci.ResponseInitChain {
    return initChain(this.#runtime, request);
  }

  prepareProposal(request: abci.RequestPrepareProposal): abci.ResponsePrepareProposal {
    return prepareProposal(this.#runtime, request);
  }

  processProposal(request: abci.RequestProcessProposal): abci.ResponseProcessProposal {
    return processProposal(this.#runtime, request);
  }

  extendVote(): abci.ResponseExtendVote {
    return { voteExtension: new Uint8Array() };
  }

  /** This application has no extensions, so only empty ones are right. */
  verifyVoteExtension({
    voteExtension,
  }: abci.RequestVerifyVoteExtension): abci.ResponseVerifyVoteExtension {
    const { ACCEPT, REJECT } = ResponseVerifyVoteExtension_VerifyStatus;
    return { status: voteExtension.length === 0 ? ACCEPT : REJECT };
  }

  finalizeBlock(request: abci.RequestFinalizeBlock): abci.ResponseFinalizeBlock {
    return finalizeBlock(this.#runtime, request);
  }

  async commit(): Promise<abci.ResponseCommit> {
    await this.#runtime.commit();
    this.snapshots.committed(this.#runtime.parts.store.version);
    const first = this.#runtime.parts.store.version - this.#keepBlocks + 1n;
    return { retainHeight: this.#keepBlocks > 0n && first > 0n ? first : 0n };
  }

  listSnapshots(): abci.ResponseListSnapshots {
    return { snapshots: this.snapshots.list() };
  }

  offerSnapshot(request: abci.RequestOfferSnapshot): Promise<abci.ResponseOfferSnapshot> {
    return this.snapshots.offer(request);
  }

  loadSnapshotChunk(request: abci.RequestLoadSnapshotChunk): abci.ResponseLoadSnapshotChunk {
    return { chunk: this.snapshots.load(request) };
  }

  applySnapshotChunk(
    request: abci.RequestApplySnapshotChunk,
  ): Promise<abci.ResponseApplySnapshotChunk> {
    return this.snapshots.apply(request, () => this.#runtime.adopted());
  }

  /** The last committed state as app_state of a genesis document. */
  exportState(): ExportedState {
    return exportState(this.#runtime);
  }

  /** Every invariant that the last committed state breaks: "module: name: what". */
  brokenInvariants(): string[] {
    const runtime = this.#runtime;
    const ctx = runtime.contextAt(runtime.lastBlock.height);
    if (!ctx) return [];
    return runtime.parts.modules.flatMap((module) =>
      Object.entries(module.invariants).flatMap(([name, check]) => {
        const problem = check(ctx);
        return problem === undefined ? [] : [`${module.name}: ${name}: ${problem}`];
      }),
    );
  }
}
