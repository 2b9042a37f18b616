/**
 * Codes and texts that wallets, explorers and scripts look for, as cosmos-sdk registers them:
 * types/errors/errors.go, x/bank, x/authz, x/feegrant errors.go.
 */
import t from "tap";
import { authzErrors } from "../../../../src/modules/authz/errors.ts";
import { bankErrors } from "../../../../src/modules/bank/errors.ts";
import { grpcStatus, type Refusal, sdkErrors } from "../../../../src/modules/errors.ts";
import { feegrantErrors } from "../../../../src/modules/feegrant/errors.ts";

const tables: Readonly<
  Record<string, [Readonly<Record<string, Refusal>>, Readonly<Record<number, string>>]>
> = {
  sdk: [
    sdkErrors,
    {
      2: "tx parse error",
      3: "invalid sequence",
      4: "unauthorized",
      5: "insufficient funds",
      6: "unknown request",
      7: "invalid address",
      8: "invalid pubkey",
      9: "unknown address",
      10: "invalid coins",
      11: "out of gas",
      12: "memo too large",
      13: "insufficient fee",
      14: "maximum number of signatures exceeded",
      15: "no signatures supplied",
      16: "failed to marshal JSON bytes",
      17: "failed to unmarshal JSON bytes",
      18: "invalid request",
      19: "tx already in mempool",
      20: "mempool is full",
      21: "tx too large",
      22: "key not found",
      23: "invalid account password",
      24: "tx intended signer does not match the given signer",
      25: "invalid gas adjustment",
      26: "invalid height",
      27: "invalid version",
      28: "invalid chain-id",
      29: "invalid type",
      30: "tx timeout height",
      31: "unknown extension options",
      32: "incorrect account sequence",
      33: "failed packing protobuf message to Any",
      34: "failed unpacking protobuf message from Any",
      35: "internal logic error",
      36: "conflict",
      37: "feature not supported",
      38: "not found",
      39: "Internal IO error",
      40: "error in app.toml",
      41: "invalid gas limit",
      42: "tx timeout",
    },
  ],
  bank: [
    bankErrors,
    {
      2: "no inputs to send transaction",
      3: "no outputs to send transaction",
      4: "sum inputs != sum outputs",
      5: "send transactions are disabled",
      6: "client denom metadata not found",
      7: "invalid key",
      8: "duplicate entry",
      9: "multiple senders not allowed",
    },
  ],
  authz: [
    authzErrors,
    {
      2: "authorization not found",
      3: "expiration time of authorization should be more than current time",
      4: "unknown authorization type",
      5: "grant key not found",
      6: "authorization expired",
      7: "grantee and granter should be different",
      9: "authorization can be given to msg with only one signer",
    },
  ],
  feegrant: [
    feegrantErrors,
    {
      2: "fee limit exceeded",
      3: "fee allowance expired",
      4: "invalid duration",
      5: "no allowance",
      6: "allowed messages are empty",
      7: "message not allowed",
    },
  ],
};

for (const [space, [refusals, expected]] of Object.entries(tables)) {
  t.test(`codes and texts of ${space}`, (t) => {
    const got = Object.values(refusals).map((refuse) => {
      const { code, codespace, message } = refuse("what was wrong");
      t.equal(codespace, space);
      t.match(message, /^what was wrong: /);
      t.equal(refuse("").message, message.replace("what was wrong: ", ""));
      return [String(code), message.replace("what was wrong: ", "")];
    });
    t.same(Object.fromEntries(got), expected);
    t.end();
  });
}

t.test("the gRPC status of a refusal, by which gateways choose the HTTP status", (t) => {
  const names = (["keyNotFound", "notFound", "invalidRequest", "invalidAddress"] as const).map(
    (name) => grpcStatus(sdkErrors[name]("")).name,
  );
  t.same(names, ["NotFound", "NotFound", "InvalidArgument", "InvalidArgument"]);
  t.equal(grpcStatus(sdkErrors.unauthorized("")).name, "Unauthenticated");
  t.equal(grpcStatus(authzErrors.noAuthorizationFound("")).name, "Unknown");
  t.end();
});
