/** The calls to simulate: when they arrive, how long each runs on Lambda, how long its text is. From the inputs, or as assumed. Seeded. */

import { seededRandom } from "../../../seeded-random.ts";
import { exponential, logNormal, noise, type Random } from "../../../simulation/distributions.ts";
import type { Values } from "../assumptions.ts";
import { FP32_MS } from "../edge-model.ts";
import type { Calls } from "../input/calls.ts";
import type { Inputs } from "../input/read-inputs.ts";

export interface Workload {
  n: number;
  /** Ascending, in ms, at the rate of the month. */
  atMs: Float64Array;
  /** Special tokens included. */
  tokens: Float32Array;
  /** On Lambda, without INIT. */
  runMs: Float32Array;
  /** INIT of a new instance, drawn for each call. */
  initMs: Float32Array;
  /** Calls of the inputs: of how many independent values an interval is. */
  independent: number;
}

export const MS_PER_MONTH = (365.25 / 12) * 86_400_000;
const MS_PER_DAY = 86_400_000;
/** At least so many calls are simulated: of fewer, what is drawn for each would be a small sample too. */
const LEAST_CALLS = 20_000;
/** An input of which fewer calls have a time has none. */
const MIN_TIMED_PART = 0.95;
const TOKENS_SIGMA = 0.6;
const MIN_TOKENS = 3;

/** What the inputs have, in the order of arrival. */
export interface Known {
  rows: Calls;
  /** Places of the rows in order. */
  order: Uint32Array;
  hasTimes: boolean;
  /** Calls a month at the rate of the input; null without times. */
  perMonth: number | null;
  /** Sorted; empty where none are known. */
  runs: Float32Array;
  inits: Float32Array;
  textTokens: Float32Array;
}

/** Pure. What of the inputs the simulation can use. */
export function knownOf({ calls, texts }: Inputs): Known {
  const rows = calls.n > 0 ? calls : texts;
  const timed = rows.atMs.subarray(0, rows.n).reduce((sum, at) => sum + (Number.isNaN(at) ? 0 : 1), 0);
  const order = Uint32Array.from({ length: rows.n }, (_, index) => index);
  const withTime = order.filter((index) => !Number.isNaN(rows.atMs[index] ?? Number.NaN));
  const at = (index: number) => rows.atMs[index] ?? 0;
  withTime.sort((a, b) => at(a) - at(b) || a - b);
  const spanMs = at(withTime.at(-1) ?? 0) - at(withTime[0] ?? 0);
  const hasTimes = timed > 1 && timed >= MIN_TIMED_PART * rows.n && spanMs > 0;
  return {
    rows,
    order: hasTimes ? withTime : order,
    hasTimes,
    perMonth: hasTimes ? ((timed - 1) / spanMs) * MS_PER_MONTH : null,
    runs: sortedOf(calls.runMs.subarray(0, calls.n)),
    inits: sortedOf(calls.initMs.subarray(0, calls.n)),
    textTokens: sortedOf(texts.tokens.subarray(0, texts.n)),
  };
}

/** The calls of a simulation without a bound. Few arrivals are repeated, as a whole. */
export function callsOf({ order, hasTimes }: Pick<Known, "order" | "hasTimes">): number {
  const { length } = order;
  return hasTimes ? length * Math.ceil(LEAST_CALLS / length) : Math.max(length, LEAST_CALLS);
}

/** @param most calls, from the first one on: a part for quick comparisons */
export function workloadOf(known: Known, values: Values, { seed, most }: { seed: number; most: number }): Workload {
  const { rows, order, hasTimes, runs, inits, textTokens } = known;
  const random = seededRandom(seed);
  const n = Math.min(most, callsOf(known));
  const atMs = hasTimes ? timesOf(known, values, n) : madeTimes(values, n, random);
  const tokens = new Float32Array(n);
  const runMs = new Float32Array(n);
  const initMs = new Float32Array(n);
  const isDrawn = !hasTimes && n > order.length;
  for (let index = 0; index < n; index++) {
    const row = order[isDrawn ? Math.floor(random() * order.length) : index % order.length] ?? 0;
    const run = rows.runMs[row] ?? Number.NaN;
    const own = rows.tokens[row] ?? Number.NaN;
    runMs[index] = run;
    tokens[index] = Number.isNaN(own) ? lengthOf({ run, runs, textTokens }, values, random) : own;
    initMs[index] = inits.length === 0 ? values["lambda-init-ms"] : (inits[Math.floor(random() * inits.length)] ?? 0);
  }
  fillRuns(runMs, tokens, values, random);
  return { n, atMs, tokens, runMs, initMs, independent: Math.max(1, order.length) };
}

/** The arrivals of the input, again and again, stretched or shortened to the rate of the month. */
function timesOf({ rows, order, perMonth }: Known, values: Values, n: number): Float64Array {
  const factor = (perMonth ?? 1) / values["requests-per-month"];
  const at = (place: number) => rows.atMs[order[place] ?? 0] ?? 0;
  const spanMs = at(order.length - 1) - at(0);
  // A mean gap is between the last arrival and the first of the repetition.
  const roundMs = spanMs + spanMs / (order.length - 1);
  const timeOf = (index: number) => {
    const place = index % order.length;
    return at(place) - at(0) + ((index - place) / order.length) * roundMs;
  };
  return Float64Array.from({ length: n }, (_, index) => timeOf(index) * factor);
}

/** Independent arrivals whose rate follows the hours of a day. */
function madeTimes(values: Values, n: number, random: Random): Float64Array {
  const peak = values["peak-over-mean"];
  const meanGapMs = MS_PER_MONTH / values["requests-per-month"];
  const times = new Float64Array(n);
  let now = 0;
  for (let index = 0; index < n; index++) {
    do now += exponential(meanGapMs / peak, random);
    while (random() * peak > 1 + (peak - 1) * Math.sin((2 * Math.PI * now) / MS_PER_DAY));
    times[index] = now;
  }
  return times;
}

/** Slow calls are long texts, for the part of the calls whose time orders their length. */
function lengthOf(
  { run, runs, textTokens }: { run: number; runs: Float32Array; textTokens: Float32Array },
  values: Values,
  random: Random,
): number {
  const isOrdered = !Number.isNaN(run) && random() < values["length-explains-time"];
  const part = isOrdered ? partBelow(runs, run) : random();
  if (textTokens.length > 0)
    return textTokens[Math.min(textTokens.length - 1, Math.floor(part * textTokens.length))] ?? 0;
  const median = values["tokens-median"];
  const drawn = isOrdered ? quantileOf(median, part) : logNormal({ median, sigma: TOKENS_SIGMA }, random);
  return Math.max(MIN_TOKENS, Math.round(drawn));
}

/** Of the lognormal distribution, with Tukey's lambda as the normal quantile: within 0.01 standard deviations from 1 % to 99 %. */
function quantileOf(median: number, part: number): number {
  const bounded = Math.min(0.999, Math.max(0.001, part));
  return median * Math.exp(TOKENS_SIGMA * (4.91 * (bounded ** 0.14 - (1 - bounded) ** 0.14)));
}

/** Where no run is known: the assumed mean, in the shape of FP32's time by tokens, window by window. */
function fillRuns(runMs: Float32Array, tokens: Float32Array, values: Values, random: Random): void {
  const shapes = tokens.map((count) => fp32Ms(count));
  const mean = shapes.reduce((sum, ms) => sum + ms, 0) / Math.max(1, shapes.length);
  for (const [index, shape] of shapes.entries()) {
    const spread = noise(values["lambda-noise"], random);
    if (Number.isNaN(runMs[index] ?? 0)) runMs[index] = (shape / mean) * values["lambda-run-ms"] * spread;
  }
}

const WINDOW_TOKENS = 512;

/** Native FP32's time of a text, in windows of 512 tokens. */
export function fp32Ms(tokens: number): number {
  const { base, perToken, perTokenSquared } = FP32_MS;
  const of = (count: number) => Math.max(1, base + perToken * count + perTokenSquared * count * count);
  const whole = Math.floor(tokens / WINDOW_TOKENS);
  const rest = tokens % WINDOW_TOKENS;
  return whole * of(WINDOW_TOKENS) + (rest === 0 ? 0 : of(rest));
}

function sortedOf(values: Float32Array): Float32Array {
  return values.filter((value) => !Number.isNaN(value)).sort();
}

/** The middle of the part of sorted values that are this value. */
function partBelow(sorted: Float32Array, value: number): number {
  const find = (isBefore: (one: number) => boolean) => {
    let [start, end] = [0, sorted.length];
    while (start < end) {
      const middle = (start + end) >> 1;
      if (isBefore(sorted[middle] ?? 0)) start = middle + 1;
      else end = middle;
    }
    return start;
  };
  return (find((one) => one < value) + find((one) => one <= value)) / 2 / Math.max(1, sorted.length);
}
