/** app_state.slashing: the SDK's fields, and who is jailed, which there is staking's to know. */
import type { ValidatorSigningInfo } from "cosmjs-types/cosmos/slashing/v1beta1/slashing";
import { formatTime } from "../../encoding/time.ts";
import type { Addresses } from "../addresses.ts";
import { GenesisValue } from "../genesis-json.ts";
import { refusedAt } from "../genesis-proto.ts";
import type { Context } from "../module.ts";
import type { SlashingKeeper } from "./keeper.ts";
import { paramsFromJson, paramsToJson } from "./params.ts";

export function initSlashingGenesis(slashing: SlashingKeeper, ctx: Context, state: unknown): void {
  const json = new GenesisValue(state, "app_state.slashing");
  slashing.params.init(ctx, paramsFromJson(json.at("params")));
  const scheduled = json.at("scheduled_params");
  if (scheduled.isPresent) slashing.params.schedule(ctx, paramsFromJson(scheduled));
  for (const entry of json.at("signing_infos").list()) {
    const consensus = readAddress(slashing.consensus, entry.at("address"));
    const info = readInfo(entry.at("validator_signing_info"));
    slashing.setInfo(ctx, consensus, { ...info, address: slashing.consensus.text(consensus) });
  }
  for (const entry of json.at("missed_blocks").list()) {
    const consensus = readAddress(slashing.consensus, entry.at("address"));
    for (const block of entry.at("missed_blocks").list()) {
      const [index, missed] = [block.at("index").uint64(), block.at("missed").boolean()];
      if (missed) slashing.setMissed(ctx, consensus, { index, missed });
    }
  }
  for (const entry of json.at("jailed").list()) {
    const operator = readAddress(slashing.operators, entry.at("address"));
    const jail = readInfo(entry.at("validator_signing_info"));
    slashing.restoreJail(ctx, operator, jail);
  }
  for (const entry of json.at("signers").list()) {
    const consensus = readAddress(slashing.consensus, entry.at("address"));
    slashing.setSigner(ctx, consensus, readAddress(slashing.operators, entry.at("operator")));
  }
  const last = json.at("last_set").list();
  slashing.noteSet(
    ctx,
    last.map((entry) => readAddress(slashing.consensus, entry)),
  );
}

/** The inverse of initSlashingGenesis. */
export function exportSlashingGenesis(slashing: SlashingKeeper, ctx: Context): unknown {
  const infos = slashing.infos(ctx);
  const scheduled = slashing.params.scheduled(ctx);
  return {
    params: paramsToJson(slashing.params.get(ctx)),
    ...(scheduled && { scheduled_params: paramsToJson(scheduled) }),
    signing_infos: infos.map(({ info }) => ({
      address: info.address,
      validator_signing_info: writeInfo(info),
    })),
    missed_blocks: infos.map(({ consensus, info }) => ({
      address: info.address,
      missed_blocks: slashing
        .missed(ctx, consensus)
        .map((index) => ({ index: String(index), missed: true })),
    })),
    jailed: slashing.jails(ctx).map(({ operator, jail }) => ({
      address: slashing.operators.text(operator),
      validator_signing_info: writeInfo(jail),
    })),
    signers: slashing.signers(ctx).map(([consensus, operator]) => ({
      address: slashing.consensus.text(consensus),
      operator: slashing.operators.text(operator),
    })),
    // Without it, everybody would seem to join after an import, and get a new window.
    last_set: slashing.lastSet(ctx).map((consensus) => slashing.consensus.text(consensus)),
  };
}

function readAddress(addresses: Addresses, place: GenesisValue): Uint8Array {
  return refusedAt(place, () => addresses.parse(place.text()));
}

function readInfo(json: GenesisValue): ValidatorSigningInfo {
  return {
    address: json.at("address").text(),
    startHeight: json.at("start_height").uint64(),
    indexOffset: json.at("index_offset").uint64(),
    jailedUntil: json.at("jailed_until").time(),
    tombstoned: json.at("tombstoned").boolean(),
    missedBlocksCounter: json.at("missed_blocks_counter").uint64(),
  };
}

function writeInfo(info: ValidatorSigningInfo): unknown {
  return {
    address: info.address,
    start_height: String(info.startHeight),
    index_offset: String(info.indexOffset),
    jailed_until: formatTime(info.jailedUntil),
    tombstoned: info.tombstoned,
    missed_blocks_counter: String(info.missedBlocksCounter),
  };
}
