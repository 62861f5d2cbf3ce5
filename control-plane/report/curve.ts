/** The empirical distribution of counted durations, for drawing. Pure. */
import { edgesOf, type Histogram } from "../../formats/ledger/histogram.ts";
import { CONFIDENCE } from "../statistics/interval.ts";

/** The part of durations that are at most this long, and the band that holds the true distribution. */
export interface CurvePoint {
  ms: number;
  part: number;
}

export interface Curve {
  name: string;
  n: number;
  p95Ms: number;
  points: CurvePoint[];
  /** Half of the band's height, at 95 % confidence for the whole curve: Dvoretzky–Kiefer–Wolfowitz, with Massart's constant. */
  band: number;
}

/** Smaller steps are invisible. */
const MIN_STEP = 0.002;

/** Null for an empty histogram. */
export function curveOf(name: string, histogram: Histogram): Curve | null {
  const { n } = histogram;
  const points: CurvePoint[] = [];
  let count = 0;
  for (const [index, inBucket] of histogram.entries()) {
    const { lowMs, highMs } = edgesOf(index);
    const before = points.at(-1);
    if (before === undefined) points.push({ ms: lowMs, part: 0 });
    // A step begins at the lower edge of its bucket, behind a stretch without durations.
    else if (before.ms < lowMs) points.push({ ms: lowMs, part: count / n });
    count += inBucket;
    points.push({ ms: highMs, part: count / n });
  }
  const p95Ms = histogram.quantileMs(0.95);
  if (p95Ms === null) return null;
  return { name, n, p95Ms, points: thinned(points), band: Math.sqrt(Math.log(2 / (1 - CONFIDENCE)) / (2 * n)) };
}

function thinned(points: readonly CurvePoint[]): CurvePoint[] {
  const kept: CurvePoint[] = [];
  for (const [index, point] of points.entries()) {
    const before = kept.at(-1);
    const next = points[index + 1];
    const isFlat = next !== undefined && before !== undefined && next.part - before.part < MIN_STEP;
    if (!isFlat) kept.push(point);
  }
  return kept;
}
