/** From the Request of the socket protocol to a call of the application and back to a Response. */
import { Request, type Response } from "cosmjs-types/tendermint/abci/types";
import type { Application } from "../abci/application.ts";

/** Bytes or a request that this protocol does not have: the sender is at fault. */
export class ProtocolError extends Error {
  override readonly name = "ProtocolError";
}

/** Reads a message. Throws nothing but ProtocolError, whatever the bytes are. */
export function decodeRequest(bytes: Uint8Array): Request {
  try {
    return Request.decode(bytes);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ProtocolError(`error reading message: ${reason}`);
  }
}

/** The name of the call, as the protocol has it; undefined when the request holds none. */
export function callOf(request: Request): keyof Request | undefined {
  const names = Object.keys(request) as (keyof Request)[];
  return names.find((name) => request[name] !== undefined);
}

/** The height that a request is about, for the log; undefined when it is about none. */
export function heightOf(request: Request): bigint | undefined {
  const about =
    request.finalizeBlock ??
    request.prepareProposal ??
    request.processProposal ??
    request.extendVote ??
    request.verifyVoteExtension;
  return about?.height ?? request.initChain?.initialHeight;
}

/** Makes the call. Throws ProtocolError on an empty request, else what the application throws. */
export async function answer(app: Application, request: Request): Promise<Response> {
  if (request.echo) return { echo: { message: request.echo.message } };
  if (request.flush) return { flush: {} };
  if (request.info) return { info: await app.info(request.info) };
  if (request.query) return { query: await app.query(request.query) };
  if (request.checkTx) return { checkTx: await app.checkTx(request.checkTx) };
  if (request.commit) return { commit: await app.commit() };
  const ofBlocks = await answerAboutBlocks(app, request);
  const response = ofBlocks ?? (await answerAboutSnapshots(app, request));
  if (response) return response;
  throw new ProtocolError("unknown request from client");
}

async function answerAboutBlocks(app: Application, request: Request) {
  const { initChain, prepareProposal, processProposal, finalizeBlock } = request;
  if (initChain) return { initChain: await app.initChain(initChain) };
  if (prepareProposal) return { prepareProposal: await app.prepareProposal(prepareProposal) };
  const block = processProposal ?? finalizeBlock;
  if (block) await app.lookAhead?.(block.txs);
  if (processProposal) return { processProposal: await app.processProposal(processProposal) };
  if (finalizeBlock) return { finalizeBlock: await app.finalizeBlock(finalizeBlock) };
  const { extendVote, verifyVoteExtension: verify } = request;
  if (extendVote) return { extendVote: await app.extendVote(extendVote) };
  if (verify) return { verifyVoteExtension: await app.verifyVoteExtension(verify) };
  return undefined;
}

async function answerAboutSnapshots(app: Application, request: Request) {
  const { offerSnapshot, loadSnapshotChunk, applySnapshotChunk } = request;
  if (request.listSnapshots) return { listSnapshots: await app.listSnapshots() };
  if (offerSnapshot) return { offerSnapshot: await app.offerSnapshot(offerSnapshot) };
  if (loadSnapshotChunk) {
    return { loadSnapshotChunk: await app.loadSnapshotChunk(loadSnapshotChunk) };
  }
  if (applySnapshotChunk) {
    return { applySnapshotChunk: await app.applySnapshotChunk(applySnapshotChunk) };
  }
  return undefined;
}
