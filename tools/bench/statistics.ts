/** Pure. */

/**
 * The nearest-rank percentile: a value that was really seen, of which at least `percent` of all are not larger.
 * @throws RangeError when there are no values
 */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const rank = Math.max(1, Math.ceil((percent / 100) * sorted.length));
  const value = sorted[rank - 1];
  if (value === undefined) throw new RangeError("a percentile needs at least one value");
  return value;
}

/** To a tenth; more digits of a time or a size are noise. */
export function tenths(value: number): number {
  return Math.round(value * 10) / 10;
}

/** To a hundredth, for ratios. */
export function hundredths(value: number): number {
  return Math.round(value * 100) / 100;
}

/** Bytes to MiB, to a tenth. */
export function mib(bytes: number): number {
  return tenths(bytes / 2 ** 20);
}
