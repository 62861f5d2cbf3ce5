/** Milliseconds since 1970 as OTLP has time: whole nanoseconds. Pure. */

/**
 * Converts by way of microseconds, since nanoseconds since 1970 are more than a number holds exactly. The result is whole: receivers
 * refuse an export that holds a fraction of a nanosecond.
 */
export function unixNano(unixMs: number): bigint {
  return BigInt(Math.round(unixMs * 1e3)) * 1000n;
}
