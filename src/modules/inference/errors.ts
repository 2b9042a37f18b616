/** The refusals of the inference market. Codes are consensus data: add at the end only. */
import { moduleErrors } from "../errors.ts";

export const inferenceErrors = moduleErrors("inference", {
  invalidModel: 2,
  modelExists: 3,
  modelUnknown: 4,
  modelRetired: 5,
  tooManyModels: 6,
  invalidOffer: 7,
  offerUnknown: 8,
  tooManyOffers: 9,
  invalidParams: 10,
});
