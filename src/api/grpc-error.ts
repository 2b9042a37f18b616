/** Errors as gRPC and its JSON gateway name them. */
import { ModuleError } from "../modules/errors.ts";

/** google.rpc.Code. */
export const grpcCode = {
  unknown: 2,
  invalidArgument: 3,
  notFound: 5,
  unimplemented: 12,
  internal: 13,
  unavailable: 14,
  unauthenticated: 16,
} as const;

/** Longer texts of refusals are cut: they travel in a header. */
const maxTextLength = 8_192;

/**
 * A refused call: a gRPC status code and a text. The text may quote the request, so it is made one
 * that a header can carry: half a surrogate pair in it would make @grpc/grpc-js throw.
 */
export class GrpcError extends Error {
  readonly code: number;
  constructor(code: number, message: string) {
    super(Buffer.from(message.slice(0, maxTextLength)).toString());
    this.code = code;
  }
}

/** HTTP status per gRPC code (grpc-gateway runtime/errors.go). */
const httpStatuses: Readonly<Record<number, number>> = {
  1: 408,
  3: 400,
  4: 504,
  5: 404,
  6: 409,
  7: 403,
  8: 429,
  9: 400,
  10: 409,
  11: 400,
  12: 501,
  14: 503,
  16: 401,
};

export const httpStatusOf = (code: number): number => httpStatuses[code] ?? 500;

/** The body of a refusal. */
export const errorBody = (code: number, message: string): object => ({
  code,
  message,
  details: [],
});

/** The gRPC code of a refusal that came through ABCI (cosmos-sdk baseapp/abci.go, reversed). */
export function fromAbci(codespace: string, code: number, log: string): GrpcError {
  const text = /^rpc error: code = (\w+) desc = ([\s\S]*)$/.exec(log);
  const named = text ? namedCodes[text[1] ?? ""] : undefined;
  if (named !== undefined) return new GrpcError(named, text?.[2] ?? log);
  if (codespace === "sdk" && abciCodes[code] !== undefined) {
    return new GrpcError(abciCodes[code], log);
  }
  return new GrpcError(grpcCode.unknown, log);
}

const namedCodes: Readonly<Record<string, number>> = {
  NotFound: grpcCode.notFound,
  InvalidArgument: grpcCode.invalidArgument,
  FailedPrecondition: 9,
  Unauthenticated: grpcCode.unauthenticated,
  Unimplemented: grpcCode.unimplemented,
  Internal: grpcCode.internal,
  Unknown: grpcCode.unknown,
};

/** The name of a status as Go prints it. */
export function grpcCodeName(code: number): string {
  return Object.entries(namedCodes).find(([, named]) => named === code)?.[0] ?? "Unknown";
}

const abciCodes: Readonly<Record<number, number>> = {
  4: grpcCode.unauthenticated,
  7: grpcCode.invalidArgument,
  18: grpcCode.invalidArgument,
  22: grpcCode.notFound,
  26: grpcCode.invalidArgument,
  38: grpcCode.notFound,
};

/** Whatever a handler threw, as a status. */
export function toGrpcError(thrown: unknown): GrpcError {
  if (thrown instanceof GrpcError) return thrown;
  if (thrown instanceof ModuleError) return fromAbci(thrown.codespace, thrown.code, thrown.message);
  return new GrpcError(
    grpcCode.internal,
    thrown instanceof Error ? thrown.message : String(thrown),
  );
}
