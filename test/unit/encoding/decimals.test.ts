/** Decimals: the roundings of LegacyDec, and how REST shows them. */
import { QueryDelegationRewardsResponse } from "cosmjs-types/cosmos/distribution/v1beta1/query";
import { QueryParamsResponse } from "cosmjs-types/cosmos/slashing/v1beta1/query";
import t from "tap";
import { utf8 } from "../../../src/encoding/bytes.ts";
import {
  mulRound,
  one,
  parseDecimal,
  quoRound,
  roundToInt,
} from "../../../src/encoding/decimal.ts";
import { protoJson, withDecimals } from "../../../src/encoding/proto-json.ts";

const dec = (text: string): bigint => parseDecimal(text) ?? -1n;

t.test("half goes to the even neighbour, whatever the sign", async (t) => {
  const halves = ["0.5", "1.5", "2.5", "-0.5", "-1.5", "0.500000000000000001", "2.499"];
  t.same(
    halves.map((half) => roundToInt(dec(half))),
    [0n, 2n, 2n, 0n, -2n, 1n, 2n],
  );
});

t.test("products and quotients round at the 18th digit", async (t) => {
  t.equal(quoRound(one, 3n * one), dec("0.333333333333333333"));
  t.equal(quoRound(2n * one, 3n * one), dec("0.666666666666666667"));
  t.equal(mulRound(dec("0.000000000000000001"), dec("0.5")), 0n);
  t.equal(mulRound(dec("0.000000000000000003"), dec("0.5")), 2n);
  t.throws(() => quoRound(one, 0n), RangeError);
});

t.test("decimals of a message have their point in JSON, in text and in bytes", async (t) => {
  const params = withDecimals(QueryParamsResponse, "params.min_signed_per_window");
  const answer = QueryParamsResponse.fromPartial({
    params: { signedBlocksWindow: 100n, minSignedPerWindow: utf8("500000000000000000") },
  });
  t.match(
    protoJson(params, answer, () => undefined),
    {
      params: { signed_blocks_window: "100", min_signed_per_window: "0.500000000000000000" },
    },
  );
  const rewards = withDecimals(QueryDelegationRewardsResponse, "rewards.amount");
  const page = { rewards: [{ denom: "ngonka", amount: "1500000000000000000" }] };
  t.same(
    protoJson(rewards, page, () => undefined),
    {
      rewards: [{ denom: "ngonka", amount: "1.500000000000000000" }],
    },
  );
  const empty = QueryParamsResponse.fromPartial({});
  t.match(
    protoJson(params, empty, () => undefined),
    {
      params: { min_signed_per_window: "0.000000000000000000" },
    },
  );
});
