/** An encoder in full precision, as plain matrices: what the packer and the references read. */
import { type Architecture, hasProjection } from "../format/architecture.ts";
import { WeightsError } from "../weights-error.ts";

/** y = x · weight + bias */
export interface Linear {
  inputs: number;
  outputs: number;
  /** Row-major, inputs × outputs. */
  weight: Float32Array;
  bias: Float32Array;
}

export interface Norm {
  gain: Float32Array;
  offset: Float32Array;
}

export interface LayerWeights {
  query: Linear;
  key: Linear;
  value: Linear;
  attentionOutput: Linear;
  attentionNorm: Norm;
  expand: Linear;
  contract: Linear;
  outputNorm: Norm;
}

export interface EncoderWeights {
  architecture: Architecture;
  /** vocabulary × embeddingWidth */
  words: Float32Array;
  /** positions × embeddingWidth. With a pad token, row 0 is that token's and row 1 the first position: the rows before are left out. */
  places: Float32Array;
  /** tokenTypes × embeddingWidth; null: the model has no token types. */
  kinds: Float32Array | null;
  embeddingNorm: Norm;
  /** From embeddingWidth to width; null where they are equal. */
  projection: Linear | null;
  /** One for each layer; the same object for all if the architecture shares them. */
  layers: readonly LayerWeights[];
  /** width × width; null where `headActivation` is "none". */
  head: Linear | null;
  labels: Linear;
}

/** @throws WeightsError that names the first matrix whose shape does not fit the architecture, or that holds no finite number */
export function checkWeights(weights: EncoderWeights): void {
  const { architecture, words, places, kinds, projection, layers, head, labels } = weights;
  const { vocabulary, positions, tokenTypes, embeddingWidth, width, heads, headSize, feedForward } = architecture;
  const context = heads * headSize;
  checkNumbers("words", words, vocabulary * embeddingWidth);
  checkNumbers("places", places, positions * embeddingWidth);
  if (kinds !== null) checkNumbers("kinds", kinds, tokenTypes * embeddingWidth);
  else if (tokenTypes > 1)
    throw new WeightsError(`The model has ${tokenTypes} kinds of segments, but no rows for them.`);
  checkNorm("embeddingNorm", weights.embeddingNorm, embeddingWidth);
  checkPresence("projection", projection, hasProjection(architecture));
  if (projection !== null) checkLinear("projection", projection, embeddingWidth, width);
  if (layers.length !== architecture.layers) {
    throw new WeightsError(`The model has ${layers.length} layers; its architecture has ${architecture.layers}.`);
  }
  if (architecture.sharesLayers && layers.some((layer) => layer !== layers[0])) {
    throw new WeightsError("The model's layers have their own weights; its architecture has one layer for all.");
  }
  for (const [index, layer] of layers.entries()) {
    const named = (name: string) => `${name} of layer ${index + 1}`;
    for (const name of ["query", "key", "value"] as const) checkLinear(named(name), layer[name], width, context);
    checkLinear(named("attentionOutput"), layer.attentionOutput, context, width);
    checkLinear(named("expand"), layer.expand, width, feedForward);
    checkLinear(named("contract"), layer.contract, feedForward, width);
    checkNorm(named("attentionNorm"), layer.attentionNorm, width);
    checkNorm(named("outputNorm"), layer.outputNorm, width);
  }
  checkPresence("head", head, architecture.headActivation !== "none");
  if (head !== null) checkLinear("head", head, width, width);
  checkLinear("labels", labels, width, architecture.labels);
}

function checkPresence(name: string, value: unknown, wanted: boolean): void {
  if ((value !== null) !== wanted) {
    throw new WeightsError(`The matrix ${name} is ${wanted ? "missing" : "there"}, against the architecture.`);
  }
}

function checkLinear(
  name: string,
  { inputs, outputs, weight, bias }: Linear,
  wantedIn: number,
  wantedOut: number,
): void {
  if (inputs !== wantedIn || outputs !== wantedOut) {
    throw new WeightsError(
      `The matrix ${name} is ${inputs} × ${outputs}; the architecture needs ${wantedIn} × ${wantedOut}.`,
    );
  }
  checkNumbers(name, weight, inputs * outputs);
  checkNumbers(`${name} bias`, bias, outputs);
}

function checkNorm(name: string, { gain, offset }: Norm, width: number): void {
  checkNumbers(`${name} gain`, gain, width);
  checkNumbers(`${name} offset`, offset, width);
}

function checkNumbers(name: string, values: Float32Array, count: number): void {
  if (values.length !== count) {
    throw new WeightsError(`The matrix ${name} has ${values.length} numbers; the architecture needs ${count}.`);
  }
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0)
    throw new WeightsError(`The matrix ${name} holds ${values[bad]}; every weight must be a finite number.`);
}
