/**
 * Weights to 8 bits, one scale per output column, so that no 16-bit lane of the products can overflow.
 *
 * A lane adds the products of two neighbours of k in each of four quads: for k = 16 b + 4 q + 2 h + {0, 1}, the lane (b, h) holds all
 * q. Activations are at most 127, so a lane stays within 16 bits if its weights of one sign sum to at most 258.
 */
import { MAX_LANE_SUM } from "../format/header.ts";

/** A quantized matrix: weight ≈ q · scale of its column. */
export interface QuantizedMatrix {
  depth: number;
  columns: number;
  /** Row-major, depth × columns, −127 to 127. */
  q: Int8Array;
  scales: Float32Array;
  /** Sum of each column of q. */
  sums: Int32Array;
  /** The largest sum of weights of one sign in any lane. */
  largestLaneSum: number;
  /** What the lane bound costs: the mean over columns of scale / (largest weight / 127). */
  meanGrowth: number;
}

/** How much a scale grows at each attempt to bring a column's lanes within the bound. */
const GROWTH = 1.004;

/** Scales below it are those of columns of zeros. */
const SMALLEST_SCALE = 1e-30;

/**
 * @param weight row-major, depth × columns
 * @param depth rows; the lanes are those of a depth padded with zeros to a multiple of 16
 */
export function quantizeColumns(weight: Float32Array, depth: number, columns: number): QuantizedMatrix {
  const q = new Int8Array(depth * columns);
  const scales = new Float32Array(columns);
  const sums = new Int32Array(columns);
  const column = new Float32Array(depth);
  const quantized = new Int8Array(depth);
  let largestLaneSum = 0;
  let growth = 0;
  let used = 0;
  for (let c = 0; c < columns; c++) {
    for (let k = 0; k < depth; k++) column[k] = weight[k * columns + c] ?? 0;
    const { scale, laneSum, grown } = quantizeColumn(column, quantized);
    scales[c] = scale;
    growth += grown;
    used += grown > 0 ? 1 : 0;
    largestLaneSum = Math.max(largestLaneSum, laneSum);
    let sum = 0;
    for (let k = 0; k < depth; k++) {
      const value = quantized[k] ?? 0;
      q[k * columns + c] = value;
      sum += value;
    }
    sums[c] = sum;
  }
  return { depth, columns, q, scales, sums, largestLaneSum, meanGrowth: used === 0 ? 1 : growth / used };
}

/** Fills `quantized`. The scale starts where the largest weight is 127, or the fullest lane at the bound, and grows until both hold. */
function quantizeColumn(column: Float32Array, quantized: Int8Array): { scale: number; laneSum: number; grown: number } {
  const largest = column.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  let scale = Math.fround(Math.max(largest / 127, largestLane(column) / MAX_LANE_SUM));
  if (scale < SMALLEST_SCALE) {
    quantized.fill(0);
    return { scale: 0, laneSum: 0, grown: 0 };
  }
  for (;;) {
    for (let k = 0; k < column.length; k++) quantized[k] = Math.round((column[k] ?? 0) / scale);
    const laneSum = largestLane(quantized);
    if (laneSum <= MAX_LANE_SUM) return { scale, laneSum, grown: scale / (largest / 127) };
    scale = Math.fround(scale * GROWTH);
  }
}

/** The largest sum of numbers of one sign, without the sign, over the lanes of one column. */
function largestLane(column: Float32Array | Int8Array): number {
  let most = 0;
  for (let block = 0; block < column.length; block += 16) {
    for (let pair = 0; pair < 4; pair += 2) {
      let positive = 0;
      let negative = 0;
      for (let k = block + pair; k < block + 16; k += 4) {
        const first = column[k] ?? 0;
        const second = column[k + 1] ?? 0;
        positive += Math.max(first, 0) + Math.max(second, 0);
        negative -= Math.min(first, 0) + Math.min(second, 0);
      }
      most = Math.max(most, positive, negative);
    }
  }
  return most;
}
