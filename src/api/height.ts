/** The height that a caller asks for: one name for REST headers and gRPC metadata. */
import { GrpcError, grpcCode } from "./grpc-error.ts";

export const heightHeader = "x-cosmos-block-height";

/** The height of that header; 0, the latest, when there is none. Throws GrpcError. */
export function parseHeight(header: unknown): bigint {
  if (header === undefined || header === "") return 0n;
  if (typeof header === "string" && /^\d{1,18}$/.test(header)) return BigInt(header);
  const text = String(header).slice(0, 40);
  throw new GrpcError(grpcCode.invalidArgument, `invalid height header "${heightHeader}": ${text}`);
}
