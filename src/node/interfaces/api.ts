/** REST, grpc-web and gRPC of a node, whichever engine makes its blocks: one table, three doors. */
import { GrpcServer } from "../../api/grpc/server.ts";
import { RestServer } from "../../api/rest.ts";
import type { Router } from "../../api/router.ts";
import type { Config } from "../config.ts";

/** Ports that were really taken; undefined for what is switched off. */
export interface ApiPorts {
  readonly rest: number | undefined;
  readonly grpc: number | undefined;
}

/** Starts what app.toml enables; stops gets what ends it again. */
export async function startApi(parts: {
  readonly router: Router;
  readonly config: Config;
  readonly stops: (() => void | Promise<void>)[];
}): Promise<ApiPorts> {
  return { rest: await startRest(parts), grpc: await startGrpc(parts) };
}

type Parts = Parameters<typeof startApi>[0];

async function startRest({ router, config, stops }: Parts): Promise<number | undefined> {
  if (!config.boolean("api.enable")) return undefined;
  const rest = new RestServer(router, {
    maxBodyBytes: config.number("api.rpc-max-body-bytes"),
    maxConnections: config.number("api.max-open-connections"),
    maxGrpcMessageBytes: config.boolean("grpc-web.enable")
      ? config.number("grpc.max-recv-msg-size")
      : undefined,
    origins: config.boolean("api.enabled-unsafe-cors") ? "any" : "own",
    page: config.boolean("api.swagger") ? "served" : "none",
  });
  const port = await rest.start(config.address("api.address"));
  stops.push(() => rest.stop());
  return port;
}

async function startGrpc({ router, config, stops }: Parts): Promise<number | undefined> {
  if (!config.boolean("grpc.enable")) return undefined;
  const server = new GrpcServer(router, {
    maxReceiveBytes: config.number("grpc.max-recv-msg-size"),
    maxSendBytes: config.number("grpc.max-send-msg-size"),
  });
  const port = await server.start(config.address("grpc.address"));
  stops.push(() => server.stop());
  return port;
}
