/**
 * The gRPC server on port 9090: every method of the table, and reflection. Bytes go from the wire
 * to the application and back without being decoded here. spec/grpc.md.
 */
import {
  Server as GrpcCore,
  Metadata,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type ServiceDefinition,
  type sendUnaryData,
} from "@grpc/grpc-js";
import { decodeTotal } from "../../encoding/wire.ts";
import {
  ServerReflectionRequest,
  ServerReflectionResponse,
} from "../../gen/grpc/reflection/v1/reflection.ts";
import { GrpcError, grpcCode, toGrpcError } from "../grpc-error.ts";
import { heightHeader, parseHeight } from "../height.ts";
import type { Route, Router } from "../router.ts";
import { ReflectionSession, reflectionServices } from "./reflection.ts";

/** Calls that one connection may have open at once. */
const maxConcurrentStreams = 250;
/** How long open calls get to end when the node stops. */
const stopGraceMs = 500;
const reflectionLimits = { maxBytes: 64 * 1024, maxDepth: 8 };

export interface GrpcOptions {
  /** Sizes of one message, in bytes. */
  readonly maxReceiveBytes: number;
  readonly maxSendBytes: number;
}

export class GrpcServer {
  readonly #server: GrpcCore;

  constructor(router: Router, { maxReceiveBytes, maxSendBytes }: GrpcOptions) {
    this.#server = new GrpcCore({
      "grpc.max_receive_message_length": maxReceiveBytes,
      "grpc.max_send_message_length": maxSendBytes,
      "grpc.max_concurrent_streams": maxConcurrentStreams,
    });
    for (const service of router.serviceNames) this.#addService(router, service);
    for (const service of reflectionServices) this.#addReflection(router, service);
  }

  /** Resolves with the port that was really taken: port 0 asks for any. */
  start({ host, port }: { readonly host: string; readonly port: number }): Promise<number> {
    const address = `${host.includes(":") ? `[${host}]` : host}:${port}`;
    return new Promise((resolve, reject) => {
      this.#server.bindAsync(address, ServerCredentials.createInsecure(), (error, bound) => {
        if (error) reject(error);
        else resolve(bound);
      });
    });
  }

  /** No new calls; those that run get a moment, then their connections close. */
  async stop(): Promise<void> {
    const ended = new Promise<void>((resolve) => this.#server.tryShutdown(() => resolve()));
    const timer = setTimeout(() => this.#server.forceShutdown(), stopGraceMs);
    await ended;
    clearTimeout(timer);
  }

  #addService(router: Router, service: string): void {
    const routes = router.routes.filter(({ path }) => path.split("/")[1] === service);
    const definitions = routes.map((route) => [nameOf(route), unaryDefinition(route.path)]);
    const handlers = routes.map((route) => [nameOf(route), unaryHandler(route)]);
    this.#server.addService(
      Object.fromEntries(definitions) as ServiceDefinition,
      Object.fromEntries(handlers),
    );
  }

  #addReflection(router: Router, service: string): void {
    const name = "ServerReflectionInfo";
    const definition = {
      path: `/${service}/${name}`,
      requestStream: true,
      responseStream: true,
      requestSerialize: identity,
      requestDeserialize: readReflectionRequest,
      responseSerialize: (message: ServerReflectionResponse) =>
        Buffer.from(ServerReflectionResponse.encode(message).finish()),
      responseDeserialize: identity,
    };
    this.#server.addService(
      { [name]: definition },
      {
        [name]: (call: ReflectionStream) => serveReflection(router, call),
      },
    );
  }
}

const nameOf = ({ path }: Route): string => path.split("/")[2] ?? "";
const identity = (bytes: Buffer): Buffer => bytes;

/** Methods see bytes: what they mean is the route's business. */
const unaryDefinition = (path: string) => ({
  path,
  requestStream: false,
  responseStream: false,
  requestSerialize: identity,
  requestDeserialize: identity,
  responseSerialize: identity,
  responseDeserialize: identity,
});

type UnaryCall = ServerUnaryCall<Buffer, Buffer>;

const unaryHandler = (route: Route) => (call: UnaryCall, done: sendUnaryData<Buffer>) => {
  answer(route, call).then(
    (response) => done(null, response),
    (thrown: unknown) => {
      const { code, message } = toGrpcError(thrown);
      done({ code, details: message });
    },
  );
};

async function answer(route: Route, call: UnaryCall): Promise<Buffer> {
  const [height] = call.metadata.get(heightHeader);
  const options = { height: parseHeight(height) };
  const { response, height: answered } = await route.callBytes(call.request, options);
  const metadata = new Metadata();
  metadata.set(heightHeader, String(answered));
  call.sendMetadata(metadata);
  return Buffer.from(response.buffer, response.byteOffset, response.byteLength);
}

type ReflectionStream = ServerDuplexStream<ServerReflectionRequest, ServerReflectionResponse>;

/** A request; throwing ends the stream with a status. */
function readReflectionRequest(bytes: Buffer): ServerReflectionRequest {
  const request = decodeTotal(ServerReflectionRequest, bytes, reflectionLimits);
  if (!request) throw new GrpcError(grpcCode.invalidArgument, "not a reflection request");
  return request;
}

function serveReflection(router: Router, call: ReflectionStream): void {
  const services = [...router.serviceNames, ...reflectionServices].sort();
  const session = new ReflectionSession(router.descriptors, services);
  call.on("data", (request: ServerReflectionRequest) => {
    try {
      if (call.write(session.answer(request))) return;
      // A client that asks without reading waits.
      call.pause();
      call.once("drain", () => call.resume());
    } catch (thrown) {
      const { code, message } = toGrpcError(thrown);
      call.emit("error", { code, details: message });
    }
  });
  call.on("error", () => undefined); // The client went away, or was told why.
  call.on("end", () => call.end());
}
