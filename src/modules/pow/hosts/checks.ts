/** What a host may say about itself: spec/modules/pow.md, "Hosts". Reads the values alone. */
import { powErrors } from "../errors.ts";

const workerKeyBytes = 33;
const consensusKeyBytes = 32;
const monikerMaxChars = 70;
const linkMaxChars = 140;

/** The messages that an operator may let its worker sign. */
export const grantableMessages: readonly string[] = [
  "/gonka.inference.v1.MsgOfferModel",
  "/gonka.inference.v1.MsgWithdrawOffer",
  "/gonka.pow.v1.MsgAttestSprint",
  "/gonka.pow.v1.MsgCommitSprint",
  "/gonka.pow.v1.MsgOpenSprint",
];

/** What people read about a host. */
export interface Description {
  readonly moniker: string;
  readonly website: string;
  readonly endpoint: string;
}

export function checkDescription({ moniker, website, endpoint }: Description): void {
  if (moniker.trim() === "") throw powErrors.invalidHost("moniker is empty");
  checkText("moniker", moniker, monikerMaxChars);
  checkText("website", website, linkMaxChars);
  checkText("endpoint", endpoint, linkMaxChars);
  for (const [name, link] of [
    ["website", website],
    ["endpoint", endpoint],
  ] as const) {
    const isLink = link === "" || /^https?:\/\/[^\s]+$/.test(link);
    if (!isLink) throw powErrors.invalidHost(`${name} ${JSON.stringify(link)} is not an http URL`);
  }
}

export function checkWorkerKey(key: Uint8Array): void {
  const isCompressed = key.length === workerKeyBytes && (key[0] === 2 || key[0] === 3);
  if (!isCompressed) throw powErrors.invalidHost("worker_pub_key is not compressed secp256k1");
}

export function checkConsensusKey(key: Uint8Array): void {
  if (key.length === consensusKeyBytes) return;
  throw powErrors.invalidHost(
    `consensus_pub_key has ${key.length} bytes, not ${consensusKeyBytes}`,
  );
}

/** Known type URLs, each once. */
export function checkGrants(grants: readonly string[]): void {
  for (const grant of grants) {
    if (grantableMessages.includes(grant)) continue;
    throw powErrors.invalidHost(`worker_grants: ${JSON.stringify(grant)} is not for workers`);
  }
  if (new Set(grants).size === grants.length) return;
  throw powErrors.invalidHost("worker_grants names a message twice");
}

function checkText(name: string, text: string, maxChars: number): void {
  if ([...text].length <= maxChars) return;
  throw powErrors.invalidHost(`${name} has over ${maxChars} characters`);
}
