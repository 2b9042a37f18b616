/** The part of app_state.pow that a running chain has: epochs, Sprints, vesting. */
import { toBase64 } from "../../encoding/bytes.ts";
import type { GenesisState } from "../../gen/gonka/pow/v1/genesis.ts";
import type { GenesisValue } from "../genesis-json.ts";
import { readProtoList } from "../genesis-proto.ts";
import type { Context } from "../module.ts";
import type { PowKeeper } from "./keeper.ts";
import { addressKey, epochHostKey, epochKey } from "./keys.ts";
import type { Table } from "./table.ts";

/** The names of these lists in the file. */
export const historyFields: readonly string[] = [
  "vesting",
  "vesting_ends",
  "epochs",
  "participants",
  "commitments",
  "openings",
  "assignments",
  "attestations",
  "forfeits",
  "liveness",
  "settlements",
];

/** Reads every list that is there. */
export function initHistory(pow: PowKeeper, ctx: Context, root: GenesisValue): void {
  const { sprints, rewards } = pow;
  const operatorKey = ({ operator }: { operator: string }) =>
    addressKey(pow.addresses.parse(operator, "operator"));
  const epochOperatorKey = (at: { epoch: bigint; operator: string }) =>
    epochHostKey(at.epoch, pow.addresses.parse(at.operator, "operator"));
  const restore = <T>(name: string, table: Table<T>, keyOf: (record: T) => Uint8Array): void => {
    for (const record of readProtoList(table.place.codec, root.at(name))) {
      table.set(ctx, keyOf(record), record);
    }
  };
  restore("vesting", rewards.vesting, operatorKey);
  restore("vesting_ends", rewards.vestingEnds, epochOperatorKey);
  restore("participants", sprints.participants, epochOperatorKey);
  restore("commitments", sprints.commitments, (record) => sprints.sprintHost(record));
  restore("openings", sprints.openings, (record) => sprints.sprintHost(record));
  restore("assignments", sprints.assignments, (record) =>
    sprints.assignmentKey({ ...record, operator: record.verifier }, record.host),
  );
  restore("attestations", sprints.attestations, (record) =>
    sprints.sprintHost({ ...record, operator: record.verifier }),
  );
  restore("forfeits", sprints.forfeits, epochOperatorKey);
  restore("liveness", pow.hosts.liveness, operatorKey);
  restore("settlements", pow.settlements, ({ epoch }) => epochKey(epoch));
  for (const epoch of readProtoList(pow.epochs.epochs.place.codec, root.at("epochs"))) {
    pow.epochs.set(ctx, epoch); // The last one stays the running one.
  }
  const chain = root.at("beacon_chain");
  if (!chain.isPresent || chain.value === "") return;
  const bytes = Uint8Array.from(Buffer.from(chain.text(), "base64"));
  const isHash = bytes.length === 32 && toBase64(bytes) === chain.text();
  if (!isHash) throw chain.error("must be 32 bytes in base64");
  pow.beacon.restore(ctx, bytes);
}

/** Everything that initHistory reads. */
export function exportHistory(pow: PowKeeper, ctx: Context): Partial<GenesisState> {
  const { sprints, rewards } = pow;
  return {
    beaconChain: pow.beacon.state(ctx),
    vesting: rewards.vesting.list(ctx),
    vestingEnds: rewards.vestingEnds.list(ctx),
    epochs: pow.epochs.epochs.list(ctx),
    participants: sprints.participants.list(ctx),
    commitments: sprints.commitments.list(ctx),
    openings: sprints.openings.list(ctx),
    assignments: sprints.assignments.list(ctx),
    attestations: sprints.attestations.list(ctx),
    forfeits: sprints.forfeits.list(ctx),
    liveness: pow.hosts.liveness.list(ctx),
    settlements: pow.settlements.list(ctx),
  };
}
