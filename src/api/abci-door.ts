/**
 * ABCI query of the methods that the node answers itself: relayers ask GetNodeInfo there. Answers
 * and refusals look like those of the application's own queries (cosmos-sdk baseapp/abci.go).
 */
import { ResponseQuery } from "cosmjs-types/tendermint/abci/types";
import { grpcCode, grpcCodeName, toGrpcError } from "./grpc-error.ts";
import type { Router } from "./router.ts";

interface Question {
  readonly path: string;
  readonly data: Uint8Array;
  readonly height: bigint;
}

/** The answer; undefined when the application has to be asked. Never rejects. */
export function answerAbci(router: Router, question: Question): Promise<ResponseQuery> | undefined {
  const route = router.service(question.path);
  if (!route) return undefined;
  return route.callBytes(question.data, { height: question.height }).then(
    ({ response, height }) => ResponseQuery.fromPartial({ value: response, height }),
    (thrown: unknown) => {
      const { code, message } = toGrpcError(thrown);
      return ResponseQuery.fromPartial({
        code: sdkCodes[code] ?? unknownRequest,
        codespace: "sdk",
        log: `rpc error: code = ${grpcCodeName(code)} desc = ${message}`,
        height: question.height,
      });
    },
  );
}

/** gRPC code to code of codespace sdk. */
const sdkCodes: Readonly<Record<number, number>> = {
  [grpcCode.notFound]: 22,
  [grpcCode.invalidArgument]: 18,
  9: 18,
  [grpcCode.unauthenticated]: 4,
};
const unknownRequest = 6;
