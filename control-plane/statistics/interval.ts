/** An estimate with its uncertainty. */

/** Of every interval, unless a caller asks for another. */
export const CONFIDENCE = 0.95;

/** `high` is null where the counts are too few for an upper bound. */
export interface Interval {
  low: number;
  high: number | null;
}

export interface Estimate extends Interval {
  value: number;
}
