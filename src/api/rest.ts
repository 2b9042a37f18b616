/**
 * The REST gateway on port 1317: every route answers what its gRPC method answers, in the SDK's
 * JSON (cosmos-sdk server/api/server.go, grpc-gateway v1). spec/rest.md.
 */
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";
import { type AnyJsonCodecs, protoJson } from "../encoding/proto-json.ts";
import type { HttpRule } from "../modules/module.ts";
import { anyCodecs, anyJsonCodecs } from "./any-json.ts";
import { errorBody, GrpcError, grpcCode, httpStatusOf, toGrpcError } from "./grpc-error.ts";
import { answerGrpcWeb, isGrpcWeb } from "./grpc-web.ts";
import { heightHeader, parseHeight } from "./height.ts";
import { openApiDocument } from "./openapi/document.ts";
import { type AnyCodecs, messageFromJson, messageFromParams } from "./request-json.ts";
import type { Route, Router } from "./router.ts";
import { swaggerFiles } from "./swagger.ts";

export interface RestOptions {
  /** Body of a POST, in bytes. */
  readonly maxBodyBytes: number;
  /** Connections at once. */
  readonly maxConnections: number;
  /** Body of a grpc-web call, in bytes; undefined switches grpc-web off. */
  readonly maxGrpcMessageBytes: number | undefined;
  /** Whose pages may ask: a browser tells pages of other origins nothing unless "any". */
  readonly origins: "any" | "own";
  /** Whether /swagger/ is there. */
  readonly page: "served" | "none";
}

export class RestServer {
  readonly #server: FastifyInstance;

  constructor(router: Router, options: RestOptions) {
    const { maxBodyBytes, maxGrpcMessageBytes } = options;
    this.#server = Fastify({
      bodyLimit: maxBodyBytes,
      exposeHeadRoutes: false,
      routerOptions: { maxParamLength: 512 },
      forceCloseConnections: true,
      // A path that is not a URL never reaches a route.
      frameworkErrors: (error, _, typed) => {
        const reply = typed as unknown as FastifyReply; // Its type lacks the default of the body.
        void refusal(reply, bodyError(error));
      },
    });
    this.#server.addContentTypeParser(
      "*",
      { parseAs: "string", bodyLimit: maxBodyBytes },
      (_, body, done) => done(null, body),
    );
    this.#server.removeContentTypeParser("application/json");
    this.#server.server.maxConnections = options.maxConnections;
    if (options.origins === "any") {
      this.#server.addHook("onRequest", async (request, reply) => {
        allowEveryOrigin(reply);
        if (request.method === "OPTIONS") await reply.code(204).send();
      });
    }
    this.#server.setNotFoundHandler(async (_, reply) => refusal(reply, notImplemented()));
    this.#server.setErrorHandler(async (error, _, reply) => refusal(reply, bodyError(error)));
    const any = { read: anyCodecs(router), show: anyJsonCodecs(router) };
    for (const route of router.routes) {
      for (const rule of route.http) this.#add(route, rule, any);
    }
    if (maxGrpcMessageBytes !== undefined) this.#addGrpcWeb(router, maxGrpcMessageBytes);
    this.#addDocument(router, options.page);
  }

  /** Every method at its gRPC path. */
  #addGrpcWeb(router: Router, bodyLimit: number): void {
    this.#server.addContentTypeParser(
      /^application\/grpc-web/i,
      { parseAs: "buffer", bodyLimit },
      (_, body, done) => done(null, body),
    );
    for (const route of router.routes) {
      const handler = async (request: FastifyRequest, reply: FastifyReply) => {
        const contentType = request.headers["content-type"] ?? "";
        if (!isGrpcWeb(contentType)) return refusal(reply, notImplemented());
        const body = request.body as Uint8Array; // Its parser gives bytes.
        const height = request.headers[heightHeader];
        const answer = await answerGrpcWeb(route, { contentType, body, height });
        reply.type(answer.contentType).headers(answer.headers);
        return Buffer.from(answer.body);
      };
      this.#server.post(route.path, { bodyLimit }, handler);
    }
  }

  /** The OpenAPI document, made when it is first asked for, and the page that shows it. */
  #addDocument(router: Router, page: "served" | "none"): void {
    let text: string | undefined;
    this.#server.get("/openapi.json", async (_, reply) => {
      text ??= JSON.stringify(openApiDocument(router));
      return reply.type("application/json").send(text);
    });
    if (page === "none") return;
    for (const [path, { type, read }] of Object.entries(swaggerFiles)) {
      this.#server.get(path, async (_, reply) => reply.type(type).send(read()));
    }
  }

  #add(route: Route, rule: HttpRule, any: Anys): void {
    this.#server.route({
      method: rule.method,
      url: fastifyPath(rule.path),
      handler: async (request, reply) => {
        try {
          const message = readMessage(route, rule, request, any.read);
          const { response, height } = await route.call(message, {
            height: parseHeight(request.headers[heightHeader]),
          });
          reply.header(heightHeader, String(height));
          return sendJson(reply, protoJson(route.response, response, any.show));
        } catch (error) {
          return refusal(reply, toGrpcError(error));
        }
      },
    });
  }

  /** Resolves with the port that was really taken. */
  async start(address: { readonly host: string; readonly port: number }): Promise<number> {
    await this.#server.listen(address);
    const [bound] = this.#server.addresses();
    return typeof bound === "object" ? bound.port : address.port;
  }

  async stop(): Promise<void> {
    await this.#server.close();
  }
}

const notImplemented = (): GrpcError => new GrpcError(grpcCode.unimplemented, "Not Implemented");

/** What Fastify itself refuses: a body that is too long, a broken URL. */
function bodyError(error: unknown): GrpcError {
  const text = error instanceof Error ? error.message : String(error);
  return new GrpcError(grpcCode.invalidArgument, text);
}

/** Codecs of what stands in an Any. */
interface Anys {
  readonly read: AnyCodecs;
  readonly show: AnyJsonCodecs;
}

/** JSON without a charset: clients compare the content type, and JSON has but one. */
function sendJson(reply: FastifyReply, body: unknown): FastifyReply {
  const text = JSON.stringify(body);
  reply.removeHeader("content-type");
  reply.raw.setHeader("content-type", "application/json");
  return reply.send(Buffer.from(text));
}

/** Sets the status and sends the body. */
function refusal(reply: FastifyReply, error: GrpcError): FastifyReply {
  reply.code(httpStatusOf(error.code));
  return sendJson(reply, errorBody(error.code, error.message));
}

function allowEveryOrigin(reply: FastifyReply): void {
  reply.header("Access-Control-Allow-Origin", "*");
  reply.header("Access-Control-Allow-Methods", "GET, POST, OPTIONS");
  const asked = "Content-Type, X-Grpc-Web, X-User-Agent, Grpc-Timeout";
  reply.header("Access-Control-Allow-Headers", `${asked}, ${heightHeader}`);
  reply.header("Access-Control-Expose-Headers", `Grpc-Status, Grpc-Message, ${heightHeader}`);
}

/** {address} is :address; {denom=**} takes the rest of the path. */
function fastifyPath(template: string): string {
  return template.replace(/\{\w+=\*\*\}/g, "*").replace(/\{(\w+)\}/g, ":$1");
}

function readMessage(
  route: Route,
  rule: HttpRule,
  request: FastifyRequest,
  any: AnyCodecs,
): object {
  if (rule.method === "POST") {
    return messageFromJson(route.request, parseJson(String(request.body ?? "")), any);
  }
  return messageFromParams(route.request, [...queryParams(request), ...pathParams(rule, request)]);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new GrpcError(grpcCode.invalidArgument, reason);
  }
}

function queryParams(request: FastifyRequest): [string, string][] {
  const query = request.url.indexOf("?");
  return query < 0 ? [] : [...new URLSearchParams(request.url.slice(query + 1))];
}

function pathParams(rule: HttpRule, request: FastifyRequest): [string, string][] {
  const values = request.params as Readonly<Record<string, string>>;
  const rest = /\{(\w+)=\*\*\}/.exec(rule.path)?.[1];
  return Object.entries(values).map(([name, value]) => [
    name === "*" && rest !== undefined ? rest : name,
    value,
  ]);
}
