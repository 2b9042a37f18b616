/**
 * Light blocks from a node's RPC, CometBFT's or ours (light/provider/http). Uses fetch alone, so
 * that it runs in a browser. Nothing that comes back is trusted, its size included.
 */
import type { LightClientAttackEvidence } from "cosmjs-types/tendermint/types/evidence";
import { readBody } from "../encoding/response-body.ts";
import { type Fields, readFields, readInt64, readList } from "../types/json/fields.ts";
import {
  readCommit,
  readHeader,
  readValidator,
  validatorSetOf,
} from "../types/json/light-block.ts";
import type { LightBlock } from "../types/light/light-block.ts";
import type { ValidatorSet } from "../types/validator-set.ts";
import type { Validator } from "../types/validators/validator.ts";
import { ProviderError } from "./errors.ts";
import type { Provider } from "./expected.ts";

const maxBodyBytes = 8_388_608;
const timeoutMs = 10_000;
/** What CometBFT gives at most on a page. */
const perPage = 100;
const maxPages = 100;

export interface RpcProviderParts {
  /** Such as http://localhost:26657. */
  readonly url: string;
  /** The evidence as CometBFT's JSON (rpc broadcast_evidence). */
  readonly evidenceJson: (evidence: LightClientAttackEvidence) => unknown;
  readonly fetch?: typeof fetch;
}

export class RpcProvider implements Provider {
  readonly name: string;
  readonly #parts: RpcProviderParts;
  #calls = 0;

  constructor(parts: RpcProviderParts) {
    this.#parts = parts;
    this.name = parts.url;
  }

  async lightBlock(height: bigint | "latest"): Promise<LightBlock> {
    const params = height === "latest" ? {} : { height: String(height) };
    const signed = readFields((await this.call("commit", params)).signed_header);
    const header = readHeader(signed?.header);
    const commit = readCommit(signed?.commit);
    if (!header || !commit) throw this.#bad("commit: no header with a commit");
    return { header, commit, validators: await this.#validators(header.height) };
  }

  async reportAttack(evidence: LightClientAttackEvidence): Promise<void> {
    await this.call("broadcast_evidence", { evidence: this.#parts.evidenceJson(evidence) });
  }

  async #validators(height: bigint): Promise<ValidatorSet> {
    const members: Validator[] = [];
    for (let page = 1; page <= maxPages; page++) {
      const params = { height: String(height), page: String(page), per_page: String(perPage) };
      const answer = await this.call("validators", params);
      const total = readInt64(answer.total);
      const entries = readList(answer.validators)?.map(readValidator) ?? [];
      if (total === undefined || entries.length === 0) throw this.#bad("validators: an empty page");
      for (const entry of entries) {
        if (!entry) throw this.#bad("validators: a malformed entry");
        members.push(entry);
      }
      if (BigInt(members.length) < total) continue;
      const set = validatorSetOf(members);
      if (!set) throw this.#bad("validators: no set");
      return set;
    }
    throw this.#bad("validators: too many");
  }

  /** The result of any method. Throws ProviderError. */
  async call(method: string, params: object): Promise<Fields> {
    const request = { jsonrpc: "2.0", id: ++this.#calls, method, params };
    const answer = readFields(parse(await this.#post(JSON.stringify(request))));
    const error = readFields(answer?.error);
    if (error) throw this.#refusal(method, error);
    const result = readFields(answer?.result);
    if (!result) throw this.#bad(`${method}: neither a result nor an error`);
    return result;
  }

  async #post(body: string): Promise<string> {
    const { url, fetch: send = fetch } = this.#parts;
    const headers = { "content-type": "application/json" };
    let text: string | undefined;
    try {
      const signal = AbortSignal.timeout(timeoutMs);
      text = await readBody(
        await send(url, { method: "POST", headers, body, signal }),
        maxBodyBytes,
      );
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new ProviderError("no response", `${this.name}: ${why}`);
    }
    if (text === undefined) throw this.#bad("an answer that is too long");
    return text;
  }

  /** The two heights that a node cannot give (CometBFT rpc/core/env.go getHeight). */
  #refusal(method: string, error: Fields): ProviderError {
    const why = [error.message, error.data].filter((part) => typeof part === "string").join(": ");
    const text = `${this.name}: ${method}: ${why.slice(0, 300)}`;
    if (/must be less than or equal to/.test(why)) return new ProviderError("too high", text);
    if (/is not available/.test(why)) return new ProviderError("not found", text);
    return new ProviderError("no response", text);
  }

  #bad(what: string): ProviderError {
    return new ProviderError("bad block", `${this.name}: ${what}`);
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
