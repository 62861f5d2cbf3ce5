/** Nanoseconds per operation: rounds of many after a warm-up, the median of the rounds. */
import { percentile, tenths } from "../statistics.ts";

export interface Case {
  name: string;
  /** What it is about, for people. */
  about: string;
  /** Does it once, on the input that the index chooses, and gives a number that cannot be known without having done it. */
  once(index: number): number;
}

export interface Timing {
  name: string;
  about: string;
  /** Of the rounds' means. */
  nsPerOp: { p50: number; min: number; max: number };
  opsPerSecond: number;
  opsPerRound: number;
}

export interface Rounds {
  rounds: number;
  roundMs: number;
}

const NS_PER_MS = 1e6;

export function timeIt({ name, about, once }: Case, { rounds, roundMs }: Rounds): Timing {
  const opsPerRound = warmUp(once, roundMs);
  const perOp = Array.from({ length: rounds }, () => (roundOf(once, opsPerRound) * NS_PER_MS) / opsPerRound);
  const p50 = percentile(perOp, 50);
  const nsPerOp = { p50: tenths(p50), min: tenths(percentile(perOp, 0)), max: tenths(percentile(perOp, 100)) };
  return { name, about, nsPerOp, opsPerSecond: Math.round(1e9 / p50), opsPerRound };
}

/** Runs until V8 has had time to optimize it; gives how many fit a round. */
function warmUp(once: Case["once"], roundMs: number): number {
  let ops = 1;
  for (;;) {
    const tookMs = roundOf(once, ops);
    if (tookMs >= roundMs) return Math.max(1, Math.round((ops * roundMs) / tookMs));
    ops *= 2;
  }
}

/** In ms. */
function roundOf(once: Case["once"], ops: number): number {
  let sum = 0;
  const startedAtMs = performance.now();
  for (let index = 0; index < ops; index++) sum += once(index);
  const tookMs = performance.now() - startedAtMs;
  // The sum is used, so the work that it comes from cannot be left out.
  if (!Number.isFinite(sum)) throw new Error("an operation gave no number");
  return tookMs;
}
