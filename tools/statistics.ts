/** Percentiles and rounding of measured values. Pure. */

/**
 * The nearest-rank percentile: the smallest measured value that at least `percent` percent of the values do not exceed.
 * @throws RangeError if there are no values
 */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const rank = Math.max(1, Math.ceil((percent / 100) * sorted.length));
  const value = sorted[rank - 1];
  if (value === undefined) throw new RangeError("a percentile needs at least one value");
  return value;
}

/** Rounds to one decimal: more digits of a time or a size are noise. */
export function tenths(value: number): number {
  return Math.round(value * 10) / 10;
}

/** Rounds to two decimals, for ratios. */
export function hundredths(value: number): number {
  return Math.round(value * 100) / 100;
}

/** Converts bytes to MiB, rounded to one decimal. */
export function mib(bytes: number): number {
  return tenths(bytes / 2 ** 20);
}
