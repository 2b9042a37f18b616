/**
 * Refusals. A message, a transaction or a query that must not take effect throws a ModuleError:
 * codespace and code are part of consensus results, the text is for people. Anything else that is
 * thrown inside the state machine is a bug or a bad disk, and stops the node.
 */

/** A refusal with its codespace, its code in that codespace, and what was wrong. */
export class ModuleError extends Error {
  readonly codespace: string;
  readonly code: number;
  constructor(codespace: string, code: number, message: string) {
    super(message);
    this.name = "ModuleError";
    this.codespace = codespace;
    this.code = code;
  }
}

/** Makes the refusal of one code; the argument says which value was wrong. */
export type Refusal = (detail: string) => ModuleError;

/**
 * The refusals of one codespace: name to code. Codes are consensus data: add at the end, never
 * renumber. Codes below 2 are reserved (0 is success, 1 an internal error).
 */
export function moduleErrors<const Codes extends Record<string, number>>(
  codespace: string,
  codes: Codes,
): { readonly [Name in keyof Codes]: Refusal } {
  const entries = Object.entries(codes).map(([name, code]) => {
    const refuse: Refusal = (detail) => new ModuleError(codespace, code, detail);
    return [name, refuse] as const;
  });
  return Object.fromEntries(entries) as { readonly [Name in keyof Codes]: Refusal };
}

/** The SDK's own codespace (cosmos-sdk types/errors/errors.go): clients match these codes. */
export const sdkErrors = moduleErrors("sdk", {
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
});
