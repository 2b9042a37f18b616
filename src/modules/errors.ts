/**
 * Refusals. A message, a transaction or a query that must not take effect throws a ModuleError:
 * codespace and code are part of consensus results, the text is for people. Anything else that is
 * thrown inside the state machine is a bug or a bad disk, and stops the node.
 */

/** A refusal with its codespace, its code in that codespace, and what was wrong. */
export class ModuleError extends Error {
  readonly codespace: string;
  readonly code: number;
  /** What was wrong, without the description of the code that the message ends with. */
  readonly detail: string;
  constructor(codespace: string, code: number, message: string, detail: string = message) {
    super(message);
    this.detail = detail;
    this.name = "ModuleError";
    this.codespace = codespace;
    this.code = code;
  }
}

/** Makes the refusal of one code; the argument says which value was wrong. */
export type Refusal = (detail: string) => ModuleError;

/**
 * The refusals of one codespace: name to code. Codes are consensus data: add at the end, never
 * renumber. Codes below 2 are reserved (0 is success, 1 an internal error). A description is put
 * after the detail, "detail: description", as the SDK does and as clients match it.
 */
export function moduleErrors<const Codes extends Record<string, number>>(
  codespace: string,
  codes: Codes,
  descriptions?: Readonly<Partial<Record<keyof Codes, string>>>,
): { readonly [Name in keyof Codes]: Refusal } {
  const entries = Object.entries(codes).map(([name, code]) => {
    const description = descriptions?.[name];
    const refuse: Refusal = (detail) => {
      const text = detail === "" ? description : description && `${detail}: ${description}`;
      return new ModuleError(codespace, code, text ?? detail, detail);
    };
    return [name, refuse] as const;
  });
  return Object.fromEntries(entries) as { readonly [Name in keyof Codes]: Refusal };
}

const sdkCodes = {
  txDecode: 2,
  invalidSequence: 3,
  unauthorized: 4,
  insufficientFunds: 5,
  unknownRequest: 6,
  invalidAddress: 7,
  invalidPubKey: 8,
  unknownAddress: 9,
  invalidCoins: 10,
  outOfGas: 11,
  memoTooLarge: 12,
  insufficientFee: 13,
  tooManySignatures: 14,
  noSignatures: 15,
  jsonMarshal: 16,
  jsonUnmarshal: 17,
  invalidRequest: 18,
  txInMempoolCache: 19,
  mempoolIsFull: 20,
  txTooLarge: 21,
  keyNotFound: 22,
  wrongPassword: 23,
  invalidSigner: 24,
  invalidGasAdjustment: 25,
  invalidHeight: 26,
  invalidVersion: 27,
  invalidChainId: 28,
  invalidType: 29,
  txTimeoutHeight: 30,
  unknownExtensionOptions: 31,
  wrongSequence: 32,
  packAny: 33,
  unpackAny: 34,
  logic: 35,
  conflict: 36,
  notSupported: 37,
  notFound: 38,
  io: 39,
  appConfig: 40,
  invalidGasLimit: 41,
  txTimeout: 42,
} as const;

const sdkDescriptions = {
  txDecode: "tx parse error",
  invalidSequence: "invalid sequence",
  unauthorized: "unauthorized",
  insufficientFunds: "insufficient funds",
  unknownRequest: "unknown request",
  invalidAddress: "invalid address",
  invalidPubKey: "invalid pubkey",
  unknownAddress: "unknown address",
  invalidCoins: "invalid coins",
  outOfGas: "out of gas",
  memoTooLarge: "memo too large",
  insufficientFee: "insufficient fee",
  tooManySignatures: "maximum number of signatures exceeded",
  noSignatures: "no signatures supplied",
  jsonMarshal: "failed to marshal JSON bytes",
  jsonUnmarshal: "failed to unmarshal JSON bytes",
  invalidRequest: "invalid request",
  txInMempoolCache: "tx already in mempool",
  mempoolIsFull: "mempool is full",
  txTooLarge: "tx too large",
  keyNotFound: "key not found",
  wrongPassword: "invalid account password",
  invalidSigner: "tx intended signer does not match the given signer",
  invalidGasAdjustment: "invalid gas adjustment",
  invalidHeight: "invalid height",
  invalidVersion: "invalid version",
  invalidChainId: "invalid chain-id",
  invalidType: "invalid type",
  txTimeoutHeight: "tx timeout height",
  unknownExtensionOptions: "unknown extension options",
  wrongSequence: "incorrect account sequence",
  packAny: "failed packing protobuf message to Any",
  unpackAny: "failed unpacking protobuf message from Any",
  logic: "internal logic error",
  conflict: "conflict",
  notSupported: "feature not supported",
  notFound: "not found",
  io: "Internal IO error",
  appConfig: "error in app.toml",
  invalidGasLimit: "invalid gas limit",
  txTimeout: "tx timeout",
} as const;

/** The SDK's own codespace (cosmos-sdk types/errors/errors.go): clients match codes and texts. */
export const sdkErrors = moduleErrors("sdk", sdkCodes, sdkDescriptions);

/** A gRPC status: what a refused query is to its clients. */
export interface GrpcStatus {
  readonly code: number;
  readonly name: string;
}

const invalidArgument: GrpcStatus = { code: 3, name: "InvalidArgument" };
const notFound: GrpcStatus = { code: 5, name: "NotFound" };
const sdkStatus: ReadonlyMap<number, GrpcStatus> = new Map([
  [sdkCodes.keyNotFound, notFound],
  [sdkCodes.notFound, notFound],
  [sdkCodes.invalidRequest, invalidArgument],
  [sdkCodes.invalidAddress, invalidArgument],
  [sdkCodes.invalidCoins, invalidArgument],
  [sdkCodes.invalidHeight, invalidArgument],
  [sdkCodes.txDecode, invalidArgument],
  [sdkCodes.unauthorized, { code: 16, name: "Unauthenticated" }],
  [sdkCodes.notSupported, { code: 12, name: "Unimplemented" }],
]);

/** The gRPC status of a refusal: Unknown unless its code says more. */
export function grpcStatus({ codespace, code }: ModuleError): GrpcStatus {
  const status = codespace === "sdk" ? sdkStatus.get(code) : undefined;
  return status ?? { code: 2, name: "Unknown" };
}
