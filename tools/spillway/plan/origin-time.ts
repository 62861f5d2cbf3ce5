/** The origin's time by length, from the arms of a report. Pure. */
import { seededRandom } from "../../seeded-random.ts";
import { logNormal } from "../../simulation/distributions.ts";

/** What a ledger measured of texts whose lengths are known. */
export interface MeasuredTimes {
  p50Ms: number;
  p95Ms: number | null;
  /** FP32's time of each text, ascending: how the time grows with length. */
  shapes: Float32Array;
}

/** A call's time: what the network and the function add to each, and the run. */
export interface OriginTime {
  /** Mean. */
  networkMs: number;
  /** Sigma among calls. */
  networkNoise: number;
  /** Mean of a run, over the shape of its text. */
  unitMs: number;
  /** Sigma among texts of one length; null if it was not measured. */
  runNoise: number | null;
}

/** Of a normal distribution. */
const Z95 = 1.645;

/**
 * Short and long texts give two medians, which separate what is the same for each call from what grows with length. Short texts only:
 * all of it grows.
 * @param long texts that only the origin can run; null if too few were measured
 */
export function originTimeOf(short: MeasuredTimes, long: MeasuredTimes | null): OriginTime {
  return (long === null ? null : ofBoth(short, long)) ?? ofShort(short);
}

function ofShort({ p50Ms, p95Ms, shapes }: MeasuredTimes): OriginTime {
  const runNoise = p95Ms === null ? null : noiseOf(p95Ms / p50Ms, shapes);
  const unitMs = (p50Ms / at(shapes, 0.5)) * meanOverMedian(runNoise ?? 0);
  return { networkMs: 0, networkNoise: 0, unitMs, runNoise };
}

/** @returns null where long texts take less than their length explains, or more */
function ofBoth(short: MeasuredTimes, long: MeasuredTimes): OriginTime | null {
  if (short.p95Ms === null || long.p95Ms === null) return null;
  const [shape, longShape] = [at(short.shapes, 0.5), at(long.shapes, 0.5)];
  const unit = (long.p50Ms - short.p50Ms) / (longShape - shape);
  const network = short.p50Ms - unit * shape;
  if (!(unit > 0 && network > 0)) return null;
  const ofLong = noiseOf((long.p95Ms - network) / (long.p50Ms - network), long.shapes);
  const { networkNoise, runNoise } = noisesFor(short.p95Ms, { network, unit, runNoise: ofLong, shapes: short.shapes });
  return {
    networkMs: network * meanOverMedian(networkNoise),
    networkNoise,
    unitMs: unit * meanOverMedian(runNoise),
    runNoise,
  };
}

/** What the spread of lengths does not explain of the ratio of P95 and median. */
function noiseOf(ratio: number, shapes: Float32Array): number {
  const measured = Math.log(Math.max(1, ratio)) / Z95;
  const byLength = Math.log(at(shapes, 0.95) / at(shapes, 0.5)) / Z95;
  return Math.sqrt(Math.max(0, measured ** 2 - byLength ** 2));
}

const DRAWS = 4000;
const SEED = 1;
const MAX_NOISE = 2;
const HALVINGS = 20;

/** Medians of the two parts of short texts' time, and the sigma of runs. */
interface ShortParts {
  network: number;
  unit: number;
  runNoise: number;
  shapes: Float32Array;
}

/**
 * The sigmas with which short texts have this P95. Runs have the long texts' sigma, and the network the rest. A few long texts may give a
 * sigma that short ones cannot have: then theirs is what short ones have.
 */
function noisesFor(p95Ms: number, parts: ShortParts): { networkNoise: number; runNoise: number } {
  const { runNoise: ofLong } = parts;
  const p95With = (networkNoise: number, runNoise: number) => p95Of({ ...parts, runNoise }, networkNoise);
  if (p95With(0, ofLong) > p95Ms)
    return { networkNoise: 0, runNoise: sigmaFor(p95Ms, ofLong, (sigma) => p95With(0, sigma)) };
  return { networkNoise: sigmaFor(p95Ms, MAX_NOISE, (sigma) => p95With(sigma, ofLong)), runNoise: ofLong };
}

/** The same draws for each sigma, so that more noise is a longer tail. */
function p95Of({ network, unit, runNoise, shapes }: ShortParts, networkNoise: number): number {
  const random = seededRandom(SEED);
  const sums = Float32Array.from({ length: DRAWS }, (_, draw) => {
    const median = unit * (shapes[draw % shapes.length] ?? 1);
    return logNormal({ median: network, sigma: networkNoise }, random) + logNormal({ median, sigma: runNoise }, random);
  });
  return at(sums.sort(), 0.95);
}

/** Between 0 and `most`, by halving. */
function sigmaFor(p95Ms: number, most: number, p95With: (sigma: number) => number): number {
  let [low, high] = [0, most];
  for (let halving = 0; halving < HALVINGS; halving++) {
    const middle = (low + high) / 2;
    if (p95With(middle) < p95Ms) low = middle;
    else high = middle;
  }
  return low;
}

/** Of a lognormal distribution: the simulation's noise keeps the mean. */
function meanOverMedian(sigma: number): number {
  return Math.exp(sigma ** 2 / 2);
}

function at(sorted: Float32Array, part: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(part * sorted.length))] ?? 1;
}
