/** One transaction: decode, ante chain, messages; for CheckTx, FinalizeBlock and simulation. */
import { TxMsgData } from "cosmjs-types/cosmos/base/abci/v1beta1/abci";
import type { Any } from "cosmjs-types/google/protobuf/any";
import type { Event, ExecTxResult } from "cosmjs-types/tendermint/abci/types";
import { ModuleError, sdkErrors } from "../../modules/errors.ts";
import type { GasMeter } from "../../modules/module.ts";
import { type RunMode, runAnte } from "../ante/chain.ts";
import type { RunContext } from "../state/context.ts";
import { maxGas, TxGasMeter } from "../state/gas.ts";
import type { Runtime } from "../state/runtime.ts";
import type { DecodedTx } from "./decode.ts";

/** Gas for routing a message, whatever it does: without it, failing at once would be cheap. */
const messageCost = 5_000;

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
    // Nobody reads the events of a recheck.
    const ctx = run.ctx.metered(gas, run.mode === "recheck" ? "unheard" : "heard");
    ctx.atomically(() => runAnte(ctx, runtime.parts.ante, { tx, mode: run.mode }));
    events = ctx.takeEvents(); // Signatures, sequence, fee: these stay.
    if (run.mode === "check" || run.mode === "recheck") return success(gas, { events });
    // All messages take effect, or none does.
    const { responses, made } = ctx.atomically(() => {
      const done = runMessages(ctx, tx);
      if (run.mode === "finalize") chargeBlock(run.blockGas, ctx.gas);
      return done;
    });
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
function chargeBlock({ limit, used }: BlockGas, gas: GasMeter): void {
  if (limit === undefined || used + gas.consumed <= limit) return;
  const counts = `gasWanted: ${gas.limit}, gasUsed: ${gas.consumed}`;
  throw sdkErrors.outOfGas(`out of gas in location: block gas meter; ${counts}`);
}

function smaller(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

/** One after the other: when one fails, the caller takes all of them back. */
function runMessages(ctx: RunContext, tx: DecodedTx): { responses: Any[]; made: Event[] } {
  const made: Event[] = [];
  const responses = tx.messages.map(({ handler, message }, index) => {
    let value: Uint8Array;
    try {
      ctx.gas.charge(messageCost, "Message");
      handler.validate(message);
      value = handler.execute(ctx, message);
    } catch (error) {
      if (!(error instanceof ModuleError)) throw error;
      const where = `failed to execute message; message index: ${index}: `;
      const { codespace, code, message: text, detail } = error;
      throw new ModuleError(codespace, code, where + text, where + detail);
    }
    const events = ctx.takeEvents();
    const place = { key: "msg_index", value: String(index), index: true };
    const announced = messageEvent(handler.typeUrl, handler.signers(message)[0], events);
    announced.attributes.push(place);
    made.push(announced);
    for (const event of events) {
      event.attributes.push(place);
      made.push(event);
    }
    return { typeUrl: handler.responseTypeUrl, value };
  });
  return { responses, made };
}

/** The part of a type URL that names the module: "bank" of "/cosmos.bank.v1beta1.MsgSend". */
function moduleOf(typeUrl: string): string | undefined {
  const start = typeUrl.indexOf(".") + 1;
  if (start === 0) return undefined;
  const end = typeUrl.indexOf(".", start);
  return typeUrl.slice(start, end < 0 ? undefined : end);
}

/** The event that names the message: cosmos-sdk baseapp createEvents. */
function messageEvent(
  typeUrl: string,
  sender: string | undefined,
  events: readonly Event[],
): Event {
  const attributes = [{ key: "action", value: typeUrl, index: true }];
  if (sender !== undefined) attributes.push({ key: "sender", value: sender, index: true });
  const value = moduleOf(typeUrl);
  const isNamed = events.some((event) => event.attributes.some(({ key }) => key === "module"));
  if (value !== undefined && !isNamed) attributes.push({ key: "module", value, index: true });
  return { type: "message", attributes };
}
