/** What messages and genesis may say: spec/modules/inference.md. Reads the values alone. */
import { parseAmount } from "../../encoding/coins.ts";
import { formatDecimal, one, parseDecimal } from "../../encoding/decimal.ts";
import {
  EngineKind,
  type Model,
  type Offer,
  type Params,
} from "../../gen/gonka/inference/v1/inference.ts";
import { inferenceErrors } from "./errors.ts";

const idShape = /^[a-zA-Z0-9][a-zA-Z0-9._/:-]{0,127}$/;
/** Whether a model could have this id: 1 to 128 letters, digits or ._/:- */
export const isModelId = (id: string): boolean => idShape.test(id);
const fileNameShape = /^[a-zA-Z0-9._-]{1,255}$/;
const hashBytes = 32;
const modelMaxFiles = 4096;
const modelMaxRows = 1n << 40n; // 4096-byte rows: 4 exabytes.
const contextMaxTokens = 1n << 30n;
const endpointMaxChars = 140;
const capacityMax = 1_000_000;
/** In ngonka per million tokens: one GNK a token. */
const priceMax = 10n ** 15n;
const distanceMax = 1000n * one;

/** A whole-number parameter and its range. genesis/README.md has the same table. */
export const wholeRules: readonly {
  readonly name: "maxModels" | "maxOffersPerHost";
  readonly min: number;
  readonly max: number;
  readonly unit: string;
}[] = [
  { name: "maxModels", min: 1, max: 10_000, unit: "models" },
  { name: "maxOffersPerHost", min: 1, max: 1_000, unit: "offers" },
];

/** Throws inference code 10, naming the parameter, its value and its range. */
export function checkParams(params: Params | undefined): Params {
  if (!params) throw inferenceErrors.invalidParams("params are missing");
  for (const { name, min, max, unit } of wholeRules) {
    const value = params[name];
    if (value >= min && value <= max) continue;
    throw inferenceErrors.invalidParams(`${name} ${value} is outside of ${min}..${max} ${unit}`);
  }
  const floor = parseAmount(params.priceFloor);
  if (floor === undefined || floor > priceMax) {
    const detail = `priceFloor ${params.priceFloor} is outside of 0..${priceMax} ngonka`;
    throw inferenceErrors.invalidParams(detail);
  }
  const fund = parseDecimal(params.trainingFundShare);
  const verifiers = parseDecimal(params.verifierShare);
  const areShares = fund !== undefined && verifiers !== undefined && fund >= 0n && verifiers >= 0n;
  if (!areShares || fund + verifiers > one) {
    const shares = `${params.trainingFundShare} and ${params.verifierShare}`;
    throw inferenceErrors.invalidParams(`trainingFundShare and verifierShare ${shares} exceed 1`);
  }
  return params;
}

/** Throws inference code 2. */
export function checkModel(model: Model | undefined): Model {
  const problem = model ? modelProblem(model) : "is missing";
  if (model && problem === undefined) return model;
  throw inferenceErrors.invalidModel(`model ${model?.id ?? ""}: ${problem}`);
}

function modelProblem(model: Model): string | undefined {
  if (!idShape.test(model.id)) return "the id is not 1 to 128 letters, digits or ._/:-";
  if (model.files.length === 0 || model.files.length > modelMaxFiles) {
    return `${model.files.length} files, outside of 1..${modelMaxFiles}`;
  }
  for (const { name, lengthBytes, sha256 } of model.files) {
    if (!fileNameShape.test(name)) return `file name ${JSON.stringify(name.slice(0, 80))}`;
    if (lengthBytes === 0n) return `file ${name} is empty`;
    if (sha256.length !== hashBytes) return `sha256 of ${name} has not ${hashBytes} bytes`;
  }
  const names = new Set(model.files.map(({ name }) => name));
  if (names.size !== model.files.length) return "a file name comes twice";
  if (model.modelRoot.length !== hashBytes) return `model_root has not ${hashBytes} bytes`;
  return rowsProblem(model) ?? engineProblem(model);
}

/** Rows of 4096 bytes over all files; the last one is padded. */
function rowsProblem({ files, rows }: Model): string | undefined {
  const bytes = files.reduce((sum, { lengthBytes }) => sum + lengthBytes, 0n);
  const wanted = (bytes + 4095n) / 4096n;
  if (rows > modelMaxRows) return `rows ${rows} is above ${modelMaxRows}`;
  return rows === wanted ? undefined : `rows ${rows} must be ${wanted} for ${bytes} bytes`;
}

function engineProblem({ engine, distanceThreshold, contextTokens }: Model): string | undefined {
  if (contextTokens === 0n || contextTokens > contextMaxTokens) {
    return `context_tokens ${contextTokens} is outside of 1..${contextMaxTokens}`;
  }
  if (engine === EngineKind.ENGINE_KIND_DETERMINISTIC) {
    return distanceThreshold === "" ? undefined : "a deterministic engine has no threshold";
  }
  if (engine !== EngineKind.ENGINE_KIND_FLOAT) return `engine ${engine} is not known`;
  const distance = parseDecimal(distanceThreshold);
  const isFine = distance !== undefined && distance > 0n && distance <= distanceMax;
  return isFine
    ? undefined
    : `distance_threshold must be above 0 and at most ${formatDecimal(distanceMax)}`;
}

/** Throws inference code 7. The price floor is a parameter: the keeper compares with it. */
export function checkOffer(offer: Omit<Offer, "operator" | "height">): void {
  const { modelId, inputPrice, outputPrice, endpoint, capacity } = offer;
  if (!idShape.test(modelId)) throw inferenceErrors.invalidOffer(`model ${modelId.slice(0, 80)}`);
  for (const [name, text] of [
    ["input_price", inputPrice],
    ["output_price", outputPrice],
  ] as const) {
    const price = parseAmount(text);
    if (price === undefined || price > priceMax) {
      const range = `0..${priceMax} ngonka per million tokens`;
      throw inferenceErrors.invalidOffer(`${name} ${text.slice(0, 80)} is outside of ${range}`);
    }
  }
  if (endpoint.length > endpointMaxChars || !/^https?:\/\/[^\s]+$/.test(endpoint)) {
    throw inferenceErrors.invalidOffer(`endpoint ${endpoint.slice(0, 80)} is not an http URL`);
  }
  if (capacity < 1 || capacity > capacityMax) {
    throw inferenceErrors.invalidOffer(`capacity ${capacity} is outside of 1..${capacityMax}`);
  }
}
