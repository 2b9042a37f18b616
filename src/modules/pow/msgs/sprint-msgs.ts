/** Messages of the Sprint, signed by the operator or by its worker. */
import * as tx from "../../../gen/gonka/pow/v1/tx.ts";
import { gonkaMsg } from "../../gonka-msg.ts";
import type { MsgHandler } from "../../module.ts";
import type { PowKeeper } from "../keeper.ts";
import { attestSprint, checkAttest } from "../sprint/attest-sprint.ts";
import { checkCommit, commitSprint } from "../sprint/commit-sprint.ts";
import { checkOpen, openSprint } from "../sprint/open-sprint.ts";

const module = "pow";
const typeUrl = (name: string): string => `/gonka.pow.v1.${name}`;

export function sprintMsgs(pow: PowKeeper): MsgHandler[] {
  const checkParties = (signer: string, host: string): void => {
    pow.addresses.parse(signer, "signer");
    pow.addresses.parse(host, "host");
  };
  return [
    gonkaMsg<tx.MsgCommitSprint>({
      module,
      name: "MsgCommitSprint",
      codec: tx.MsgCommitSprint,
      signer: ({ signer }) => signer,
      validate: (msg) => {
        checkParties(msg.signer, msg.host);
        checkCommit(msg);
      },
      execute: (ctx, msg) => {
        pow.hosts.assertMayAct(ctx, { ...msg, typeUrl: typeUrl("MsgCommitSprint") });
        commitSprint(pow, ctx, msg);
      },
    }),
    gonkaMsg<tx.MsgOpenSprint>({
      module,
      name: "MsgOpenSprint",
      codec: tx.MsgOpenSprint,
      signer: ({ signer }) => signer,
      validate: (msg) => {
        checkParties(msg.signer, msg.host);
        checkOpen(msg);
      },
      execute: (ctx, msg) => {
        pow.hosts.assertMayAct(ctx, { ...msg, typeUrl: typeUrl("MsgOpenSprint") });
        openSprint(pow, ctx, msg);
      },
    }),
    gonkaMsg<tx.MsgAttestSprint>({
      module,
      name: "MsgAttestSprint",
      codec: tx.MsgAttestSprint,
      signer: ({ signer }) => signer,
      validate: (msg) => {
        checkParties(msg.signer, msg.verifier);
        checkAttest(msg);
      },
      execute: (ctx, msg) => {
        const { signer, verifier: host } = msg;
        pow.hosts.assertMayAct(ctx, { signer, host, typeUrl: typeUrl("MsgAttestSprint") });
        attestSprint(pow, ctx, msg);
      },
    }),
  ];
}
