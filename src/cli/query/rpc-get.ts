/** One GET to a CometBFT RPC, with errors that name the node. */
import { CliError, toCliError } from "../errors.ts";
import { httpUrl } from "../settings.ts";

interface Answer {
  readonly result?: unknown;
  readonly error?: { readonly message: string; readonly data?: string };
}

/** The result of a method, such as "status" or "block?height=5". */
export async function rpcGet(node: string, method: string): Promise<unknown> {
  const answer = await get(`${httpUrl(node)}/${method}`, node);
  if (!answer.error) return answer.result;
  const text = answer.error.data ?? answer.error.message;
  const isMissing = /not found/.test(text);
  throw new CliError("failed", isMissing ? "not_found" : "rpc_refused", {
    cause: text,
    fix: isMissing ? "check the hash; a fresh transaction needs a block" : "check the arguments",
  });
}

async function get(url: string, node: string): Promise<Answer> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(10_000) });
    return (await response.json()) as Answer;
  } catch (error) {
    const known = toCliError(error);
    throw new CliError("unreachable", "node_unreachable", {
      cause: `${node}: ${known.message}`,
      fix: "check --node, or start one with `gonkad localnet`",
    });
  }
}
