/** The weights of a generated model in the graph: FP32, or INT8 as onnxruntime quantizes them. Pure. */
import { seededRandom } from "../../seeded-random.ts";
import { intAttribute } from "../../spillway/model/graph/nodes.ts";
import { elementType, floatTensor, rawTensor } from "../../spillway/model/graph/tensors.ts";
import type { GraphBuilder } from "./graph-builder.ts";

/** Adds layers with weights of one precision to a graph. */
export interface Precision {
  /** rows · W + b on the last axis. @returns the output's name */
  dense(rows: string, layer: DenseLayer): string;
  /** Rows of a table by their ids. @returns the output's name */
  embed(ids: string, name: string, rows: number, width: number): string;
}

interface DenseLayer {
  name: string;
  inputs: number;
  outputs: number;
  /** 1 keeps the variance of the rows. Default: 1. */
  gain?: number;
  /** By which each row of the matrix is divided; null: by nothing. Default: null. */
  divisors?: Float32Array | null;
}

/** Standard deviation of embedding rows. LayerNormalization follows, so only the ratios between tables matter. */
const EMBEDDING_DEVIATION = 0.05;
const BIAS_DEVIATION = 0.02;
/** Of an unsigned byte. */
const STEPS = 255;

/** FP32 as torch.onnx exports it: MatMul and Add, and Gather for tables. */
export function floatPrecision(graph: GraphBuilder, seed: number): Precision {
  const weight = (name: string, dims: readonly number[], deviation: number) => {
    const count = dims.reduce((product, dim) => product * dim, 1);
    return graph.constant(floatTensor(name, dims, randomWeights(seed, name, count, { deviation })));
  };
  return {
    dense(rows, layer) {
      const { name, inputs, outputs } = layer;
      const matrix = graph.constant(floatTensor(`${name}.weight`, [inputs, outputs], matrixOf(seed, layer)));
      const product = graph.node("MatMul", [rows, matrix]);
      return graph.node("Add", [weight(`${name}.bias`, [outputs], BIAS_DEVIATION), product]);
    },
    embed(ids, name, rows, width) {
      return graph.node("Gather", [weight(`${name}.weight`, [rows, width], EMBEDDING_DEVIATION), ids]);
    },
  };
}

/**
 * INT8 as onnxruntime's quantize_dynamic writes it: DynamicQuantizeLinear (one for all matrices that read the same rows), MatMulInteger,
 * Cast, Mul by both scales, Add. Tables hold bytes, which are scaled after Gather.
 * Source: https://onnxruntime.ai/docs/performance/model-optimizations/quantization.html
 */
export function int8Precision(graph: GraphBuilder, seed: number, perChannel: boolean): Precision {
  const quantizedRows = new Map<string, { values: string; scale: string; zeroPoint: string }>();

  const stored = (name: string, weights: Float32Array, columns: number, groups: number) => {
    const { values, scales, zeroPoints } = quantize(weights, columns, groups);
    const groupDims = groups === 1 ? [] : [groups];
    return {
      values: graph.constant(
        rawTensor(`${name}_quantized`, elementType.uint8, [weights.length / columns, columns], values),
      ),
      scale: graph.constant(floatTensor(`${name}_scale`, groupDims, scales)),
      zeroPoint: graph.constant(rawTensor(`${name}_zero_point`, elementType.uint8, groupDims, zeroPoints)),
    };
  };

  const quantizeRows = (rows: string) => {
    const known = quantizedRows.get(rows);
    if (known !== undefined) return known;
    const made = { values: `${rows}_quantized`, scale: `${rows}_scale`, zeroPoint: `${rows}_zero_point` };
    graph.nodeOf("DynamicQuantizeLinear", [rows], [made.values, made.scale, made.zeroPoint]);
    quantizedRows.set(rows, made);
    return made;
  };

  return {
    dense(rows, layer) {
      const { name, outputs } = layer;
      const weight = stored(`${name}.weight`, matrixOf(seed, layer), outputs, perChannel ? outputs : 1);
      const quantized = quantizeRows(rows);
      const operands = [quantized.values, weight.values, quantized.zeroPoint, weight.zeroPoint];
      const product = graph.node("MatMulInteger", operands);
      const asFloat = graph.node("Cast", [product], [intAttribute("to", elementType.float)]);
      const scaled = graph.node("Mul", [asFloat, graph.node("Mul", [quantized.scale, weight.scale])]);
      const bias = randomWeights(seed, `${name}.bias`, outputs, { deviation: BIAS_DEVIATION });
      return graph.node("Add", [graph.constant(floatTensor(`${name}.bias`, [outputs], bias)), scaled]);
    },
    embed(ids, name, rows, width) {
      const weights = randomWeights(seed, `${name}.weight`, rows * width, { deviation: EMBEDDING_DEVIATION });
      const table = stored(`${name}.weight`, weights, width, 1);
      const chosen = graph.node("Gather", [table.values, ids]);
      return graph.node("DequantizeLinear", [chosen, table.scale, table.zeroPoint]);
    },
  };
}

interface Quantized {
  values: Uint8Array;
  /** One for the whole matrix, or one per column. */
  scales: Float32Array;
  zeroPoints: Uint8Array;
}

/**
 * Quantizes a row-major matrix as onnxruntime's dynamic quantizer does: q = round(w / scale) + zeroPoint, asymmetric, 0 … 255.
 * `groups` is 1 (one scale) or `columns` (one scale per column).
 */
export function quantize(weights: Float32Array, columns: number, groups: number): Quantized {
  // The range always includes zero, because zero must be represented exactly.
  const lowest = new Float32Array(groups);
  const highest = new Float32Array(groups);
  for (let index = 0; index < weights.length; index++) {
    const group = (index % columns) % groups;
    const weight = weights[index] ?? 0;
    if (weight < (lowest[group] ?? 0)) lowest[group] = weight;
    if (weight > (highest[group] ?? 0)) highest[group] = weight;
  }
  const scales = lowest.map((low, group) => ((highest[group] ?? 0) - low) / STEPS || 1);
  const zeroPoints = Uint8Array.from(lowest, (low, group) => Math.round(-low / (scales[group] ?? 1)));
  const values = new Uint8Array(weights.length);
  for (let index = 0; index < weights.length; index++) {
    const group = (index % columns) % groups;
    const value = Math.round((weights[index] ?? 0) / (scales[group] ?? 1)) + (zeroPoints[group] ?? 0);
    values[index] = Math.min(STEPS, Math.max(0, value));
  }
  return { values, scales, zeroPoints };
}

/** The weights of a dense layer, row-major, inputs × outputs. */
function matrixOf(seed: number, { name, inputs, outputs, gain = 1, divisors = null }: DenseLayer): Float32Array {
  const weights = randomWeights(seed, `${name}.weight`, inputs * outputs, { deviation: gain / Math.sqrt(inputs) });
  if (divisors === null) return weights;
  return weights.map((weight, index) => weight / (divisors[Math.floor(index / outputs)] ?? 1));
}

/**
 * Normally distributed weights around `mean`, as trained ones are, by Box and Muller's method. `deviation` is the standard deviation.
 * The values depend only on the seed and the name, so both precisions have the same model.
 */
export function randomWeights(
  seed: number,
  name: string,
  count: number,
  { mean = 0, deviation }: { mean?: number; deviation: number },
): Float32Array {
  const next = seededRandom(seed ^ hashOf(name));
  const values = new Float32Array(count);
  for (let index = 0; index < count; index += 2) {
    const radius = deviation * Math.sqrt(-2 * Math.log(1 - next()));
    const angle = 2 * Math.PI * next();
    values[index] = mean + radius * Math.cos(angle);
    if (index + 1 < count) values[index + 1] = mean + radius * Math.sin(angle);
  }
  return values;
}

/** FNV-1a, 32 bits: http://www.isthe.com/chongo/tech/comp/fnv/ */
function hashOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < name.length; index++) hash = Math.imul(hash ^ name.charCodeAt(index), 0x01000193);
  return hash;
}
