/** Messages about hosts. spec/modules/pow.md, "Hosts". */
import * as tx from "../../../gen/gonka/pow/v1/tx.ts";
import { gonkaMsg } from "../../gonka-msg.ts";
import type { MsgHandler } from "../../module.ts";
import {
  checkConsensusKey,
  checkDescription,
  checkGrants,
  checkWorkerKey,
} from "../hosts/checks.ts";
import type { PowKeeper } from "../keeper.ts";

export function hostMsgs(pow: PowKeeper): MsgHandler[] {
  return [registerHost(pow), updateHost(pow), setWorker(pow), unregisterHost(pow)];
}

const module = "pow";

function registerHost(pow: PowKeeper): MsgHandler {
  return gonkaMsg<tx.MsgRegisterHost>({
    module,
    name: "MsgRegisterHost",
    codec: tx.MsgRegisterHost,
    signer: ({ operator }) => operator,
    validate: (msg) => {
      pow.addresses.parse(msg.operator, "operator");
      checkWorkerKey(msg.workerPubKey);
      checkConsensusKey(msg.consensusPubKey);
      checkDescription(msg);
      checkGrants(msg.workerGrants);
    },
    execute: (ctx, msg) => {
      const host = pow.hosts.register(ctx, msg);
      ctx.emit("host_register", [
        ["host", host.operator],
        ["worker", pow.hosts.workerAddress(host)],
      ]);
    },
  });
}

function updateHost(pow: PowKeeper): MsgHandler {
  return gonkaMsg<tx.MsgUpdateHost>({
    module,
    name: "MsgUpdateHost",
    codec: tx.MsgUpdateHost,
    signer: ({ operator }) => operator,
    validate: (msg) => {
      pow.addresses.parse(msg.operator, "operator");
      if (msg.consensusPubKey.length > 0) checkConsensusKey(msg.consensusPubKey);
      checkDescription(msg);
    },
    execute: (ctx, msg) => {
      pow.hosts.update(ctx, pow.hosts.get(ctx, msg.operator), msg);
      ctx.emit("host_update", [["host", msg.operator]]);
    },
  });
}

function setWorker(pow: PowKeeper): MsgHandler {
  return gonkaMsg<tx.MsgSetWorker>({
    module,
    name: "MsgSetWorker",
    codec: tx.MsgSetWorker,
    signer: ({ operator }) => operator,
    validate: (msg) => {
      pow.addresses.parse(msg.operator, "operator");
      if (msg.workerPubKey.length > 0) checkWorkerKey(msg.workerPubKey);
      checkGrants(msg.workerGrants);
    },
    execute: (ctx, msg) => {
      const worker = { key: msg.workerPubKey, grants: msg.workerGrants };
      pow.hosts.setWorker(ctx, pow.hosts.get(ctx, msg.operator), worker);
      const host = pow.hosts.get(ctx, msg.operator);
      ctx.emit("host_worker", [
        ["host", msg.operator],
        ["worker", pow.hosts.workerAddress(host)],
        ["grants", msg.workerGrants.join(",")],
      ]);
    },
  });
}

function unregisterHost(pow: PowKeeper): MsgHandler {
  return gonkaMsg<tx.MsgUnregisterHost>({
    module,
    name: "MsgUnregisterHost",
    codec: tx.MsgUnregisterHost,
    signer: ({ operator }) => operator,
    validate: ({ operator }) => {
      pow.addresses.parse(operator, "operator");
    },
    execute: (ctx, { operator }) => {
      pow.hosts.leave(ctx, pow.hosts.get(ctx, operator));
      ctx.emit("host_unregister", [["host", operator]]);
    },
  });
}
