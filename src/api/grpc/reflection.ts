/**
 * gRPC server reflection, v1 and v1alpha (grpc/reflection/v1/reflection.proto): what buf, grpcurl
 * and other clients without .proto files read. Pure: a request and what the stream has sent so far
 * to an answer.
 */
import {
  type ServerReflectionRequest,
  ServerReflectionResponse,
} from "../../gen/grpc/reflection/v1/reflection.ts";
import type { DescriptorPool } from "../descriptors/pool.ts";
import { GrpcError, grpcCode } from "../grpc-error.ts";

/** Both names serve the same messages. */
export const reflectionServices: readonly string[] = [
  "grpc.reflection.v1.ServerReflection",
  "grpc.reflection.v1alpha.ServerReflection",
];

/** One stream of questions. */
export class ReflectionSession {
  readonly #descriptors: DescriptorPool;
  readonly #services: readonly string[];
  /** Files that this stream has: a file is sent with its imports, but not twice. */
  readonly #sent = new Set<string>();

  constructor(descriptors: DescriptorPool, services: readonly string[]) {
    this.#descriptors = descriptors;
    this.#services = services;
  }

  /** Throws GrpcError for a request that asks nothing: that ends the stream. */
  answer(request: ServerReflectionRequest): ServerReflectionResponse {
    return {
      ...ServerReflectionResponse.fromPartial({ validHost: request.host }),
      originalRequest: request,
      ...this.#content(request),
    };
  }

  #content(request: ServerReflectionRequest): Partial<ServerReflectionResponse> {
    const pool = this.#descriptors;
    if (request.listServices !== undefined) {
      const service = this.#services.map((name) => ({ name }));
      return { listServicesResponse: { service } };
    }
    if (request.fileByFilename !== undefined) {
      const name = request.fileByFilename;
      return this.#file(pool.fileBytes(name) && name, `file not found: ${shorten(name)}`);
    }
    if (request.fileContainingSymbol !== undefined) {
      const symbol = request.fileContainingSymbol.replace(/^\./, "");
      return this.#file(pool.fileOfSymbol(symbol), `symbol not found: ${shorten(symbol)}`);
    }
    if (request.fileContainingExtension !== undefined) {
      const { containingType, extensionNumber } = request.fileContainingExtension;
      const file = pool.fileOfExtension(containingType, extensionNumber);
      return this.#file(file, `extension not found: ${shorten(containingType)}`);
    }
    if (request.allExtensionNumbersOfType !== undefined) {
      const baseTypeName = request.allExtensionNumbersOfType;
      const numbers = pool.extensionNumbers(baseTypeName);
      if (!numbers) return notFound(`type not found: ${shorten(baseTypeName)}`);
      return { allExtensionNumbersResponse: { baseTypeName, extensionNumber: [...numbers] } };
    }
    throw new GrpcError(grpcCode.invalidArgument, "invalid MessageRequest: nothing is asked");
  }

  #file(name: string | undefined, otherwise: string): Partial<ServerReflectionResponse> {
    if (name === undefined) return notFound(otherwise);
    const files = this.#descriptors.fileWithImports(name);
    // The file that was asked for is always there, whatever was sent before.
    const fresh = files.filter((file, index) => index === 0 || !this.#sent.has(file));
    for (const file of fresh) this.#sent.add(file);
    const fileDescriptorProto = fresh.flatMap((file) => this.#descriptors.fileBytes(file) ?? []);
    return { fileDescriptorResponse: { fileDescriptorProto } };
  }
}

/** What a client sent, as far as an answer repeats it. */
const shorten = (text: string): string => text.slice(0, 200);

const notFound = (errorMessage: string): Partial<ServerReflectionResponse> => ({
  errorResponse: { errorCode: grpcCode.notFound, errorMessage },
});
