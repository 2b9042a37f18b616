/** Where an ABCI server listens, as engines write it. */

/** A TCP port or a unix socket. */
export type SocketAddress =
  | { readonly host: string; readonly port: number }
  | { readonly path: string };

/** Of tcp://host:port, host:port and unix://path; undefined when it is none of them. */
export function parseSocketAddress(text: string): SocketAddress | undefined {
  const path = /^unix:\/\/(\S+)$/.exec(text)?.[1];
  if (path !== undefined) return { path };
  const match = /^(?:tcp:\/\/)?(\[[0-9a-fA-F:]+\]|[^:/\s]+):(\d{1,5})$/.exec(text);
  const port = Number(match?.[2]);
  if (!match || port > 65_535) return undefined;
  return { host: (match[1] ?? "").replace(/^\[|\]$/g, ""), port };
}
