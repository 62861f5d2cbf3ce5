/** Milliseconds since 1970 as OTLP has time. Whole ones: a fraction of a nanosecond makes a receiver refuse the export. */
export function unixNano(ms: number): string {
  return `${Math.trunc(ms)}000000`;
}
