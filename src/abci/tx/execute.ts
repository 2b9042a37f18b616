/** One transaction: decode, ante chain, messages; for CheckTx, FinalizeBlock and simulation. */
import { TxMsgData } from "cosmjs-types/cosmos/base/abci/v1beta1/abci";
import type { Any } from "cosmjs-types/google/protobuf/any";
import type { Event, ExecTxResult } from "cosmjs-types/tendermint/abci/types";
import { ModuleError, sdkErrors } from "../../modules/errors.ts";
import { type RunMode, runAnte } from "../ante/chain.ts";
import type { RunContext } from "../state/context.ts";
import { maxGas, TxGasMeter } from "../state/gas.ts";
import type { Runtime } from "../state/runtime.ts";
import type { DecodedTx } from "./decode.ts";

/** Gas for routing a message, whatever it does: without it, failing at once would be cheap. */
const messageCost = 5_000n;

/** What all transactions of a block may use together. limit is undefined when there is none. */
export interface BlockGas {
  readonly limit: bigint | undefined;
  used: bigint;
}

/** How to run: the state it branches from and takes effect on, the reason, the block's gas. */
export interface TxRun {
  readonly ctx: RunContext;
  readonly mode: RunMode;
  readonly blockGas: BlockGas;
}

/** Runs a transaction. A refusal is a result with its code; other errors are thrown on. */
export function runTx(runtime: Runtime, bytes: Uint8Array, run: TxRun): ExecTxResult {
  let gas = new TxGasMeter(0n);
  let events: Event[] = [];
  try {
    if (run.mode === "finalize" && isSpent(run.blockGas)) {
      throw sdkErrors.outOfGas("no block gas left to run tx");
    }
    const { txs } = runtime.parts;
    const tx = run.mode === "check" ? txs.remember(bytes) : txs.decode(bytes);
    gas = new TxGasMeter(run.mode === "simulate" ? maxGas : tx.fee.gasLimit);
    precheckMessages(tx);
    checkGasLimit(tx, run);
    const ante = run.ctx.branch(gas);
    runAnte(ante, runtime.parts.ante, { tx, mode: run.mode });
    events = run.ctx.absorb(ante); // Signatures, sequence, fee: these stay.
    if (run.mode === "check" || run.mode === "recheck") return success(gas, { events });
    const messages = run.ctx.branch(gas);
    const { responses, made } = runMessages(messages, tx);
    if (run.mode === "finalize") chargeBlock(run.blockGas, gas);
    run.ctx.absorb(messages); // All messages take effect, or none does.
    events = events.concat(made);
    const data = TxMsgData.encode({ data: [], msgResponses: responses }).finish();
    return success(gas, { events, data });
  } catch (error) {
    if (!(error instanceof ModuleError)) throw error; // A bug or a bad disk: halt, do not diverge.
    const { code, codespace, message: log } = error;
    return { ...success(gas, { events }), code, codespace, log };
  } finally {
    if (run.mode === "finalize") run.blockGas.used += smaller(gas.consumed, gas.limit);
  }
}

function success(gas: TxGasMeter, result: { events: Event[]; data?: Uint8Array }): ExecTxResult {
  return {
    code: 0,
    data: result.data ?? new Uint8Array(),
    log: "",
    info: "",
    gasWanted: gas.limit,
    gasUsed: gas.consumed,
    events: result.events,
    codespace: "",
  };
}

/** What is refused without a look at signatures; no state is read. */
function precheckMessages(tx: DecodedTx): void {
  if (tx.messages.length === 0) {
    throw sdkErrors.invalidRequest("must contain at least one message");
  }
  if (tx.found.isValid) return;
  for (const { handler, message } of tx.messages) handler.precheck?.(message);
  tx.found.isValid = true;
}

function checkGasLimit(tx: DecodedTx, { mode, blockGas: { limit } }: TxRun): void {
  if (mode === "simulate" || limit === undefined || tx.fee.gasLimit <= limit) return;
  const numbers = `tx gas limit ${tx.fee.gasLimit} exceeds block max gas ${limit}`;
  throw sdkErrors.invalidGasLimit(numbers);
}

function isSpent({ limit, used }: BlockGas): boolean {
  return limit !== undefined && used >= limit;
}

/** Refuses a transaction that would take more than is left of the block. */
function chargeBlock({ limit, used }: BlockGas, gas: TxGasMeter): void {
  if (limit === undefined || used + gas.consumed <= limit) return;
  const counts = `gasWanted: ${gas.limit}, gasUsed: ${gas.consumed}`;
  throw sdkErrors.outOfGas(`out of gas in location: block gas meter; ${counts}`);
}

function smaller(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

/** One after the other on one branch: when one fails, the caller drops all of them. */
function runMessages(ctx: RunContext, tx: DecodedTx): { responses: Any[]; made: Event[] } {
  const made: Event[] = [];
  const responses = tx.messages.map(({ handler, message }, index) => {
    let value: Uint8Array;
    try {
      ctx.gas.consume(messageCost, "Message");
      handler.validate(message);
      value = handler.execute(ctx, message);
    } catch (error) {
      if (!(error instanceof ModuleError)) throw error;
      const where = `failed to execute message; message index: ${index}: `;
      const { codespace, code, message: text, detail } = error;
      throw new ModuleError(codespace, code, where + text, where + detail);
    }
    const events = ctx.takeEvents();
    const announced = messageEvent(handler.typeUrl, handler.signers(message)[0], events);
    const place = { key: "msg_index", value: String(index), index: true };
    for (const event of [announced, ...events]) {
      event.attributes.push(place);
      made.push(event);
    }
    return { typeUrl: handler.responseTypeUrl, value };
  });
  return { responses, made };
}

/** The event that names the message: cosmos-sdk baseapp createEvents. */
function messageEvent(
  typeUrl: string,
  sender: string | undefined,
  events: readonly Event[],
): Event {
  const pairs = [["action", typeUrl]];
  if (sender !== undefined) pairs.push(["sender", sender]);
  const moduleName = typeUrl.split(".")[1];
  const isNamed = events.some((event) => event.attributes.some(({ key }) => key === "module"));
  if (moduleName !== undefined && !isNamed) pairs.push(["module", moduleName]);
  const attributes = pairs.map(([key = "", value = ""]) => ({ key, value, index: true }));
  return { type: "message", attributes };
}
