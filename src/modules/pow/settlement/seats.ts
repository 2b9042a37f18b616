/** The validator set that the engine was told, and the changes to it. */
import type { ValidatorUpdate } from "cosmjs-types/tendermint/abci/types";
import { compareBytes, toHex } from "../../../encoding/bytes.ts";
import type { Context } from "../../module.ts";
import type { PowKeeper } from "../keeper.ts";

/**
 * What changes between the seats of now and the hosts with power, by consensus key. The set is
 * never emptied: without any power the seats stay.
 */
export function updateSeats(pow: PowKeeper, ctx: Context): ValidatorUpdate[] {
  const wanted = new Map<string, { key: Uint8Array; power: bigint }>();
  for (const { operator, consensusPubKey } of pow.hosts.all(ctx)) {
    const { power } = pow.hosts.standing(ctx, operator);
    if (power > 0n) wanted.set(toHex(consensusPubKey), { key: consensusPubKey, power });
  }
  if (wanted.size === 0) return [];
  const seated = pow.seats.list(ctx);
  const before = new Map(seated.map((seat) => [toHex(seat.consensusPubKey), seat.power]));
  const changes = [...wanted].flatMap(([hex, { key, power }]) =>
    before.get(hex) === power ? [] : [{ key, power }],
  );
  for (const { consensusPubKey } of seated) {
    if (!wanted.has(toHex(consensusPubKey))) changes.push({ key: consensusPubKey, power: 0n });
  }
  changes.sort((a, b) => compareBytes(a.key, b.key));
  for (const { key, power } of changes) {
    if (power === 0n) pow.seats.delete(ctx, key);
    else pow.seats.set(ctx, key, { consensusPubKey: key, power });
  }
  return changes.map(({ key, power }) => ({ pubKey: { ed25519: key }, power }));
}
