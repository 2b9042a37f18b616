/** The refusals of proof of work. Codes are consensus data: add at the end, never renumber. */
import { moduleErrors } from "../errors.ts";

export const powErrors = moduleErrors("pow", {
  invalidHost: 2,
  hostExists: 3,
  hostUnknown: 4,
  keyInUse: 5,
  notGranted: 6,
  wrongPhase: 7,
  wrongEpoch: 8,
  notParticipant: 9,
  duplicateCommitment: 10,
  invalidCommitment: 11,
  noCommitment: 12,
  duplicateOpening: 13,
  invalidOpening: 14,
  notAssigned: 15,
  duplicateAttestation: 16,
  invalidAttestation: 17,
  invalidParams: 18,
});
