/** Pure. The value of `--expires`: `90d`, `12h`, `2027-01-01`, or a time such as `2027-01-01T12:00:00Z`. */

const HOUR_MS = 3_600_000;
const UNITS_MS = { h: HOUR_MS, d: 24 * HOUR_MS, w: 7 * 24 * HOUR_MS } as const;
const ALLOWED =
  "use a duration such as 90d, 12h or 8w, a day such as 2027-01-01 (its start, UTC), or a time such as 2027-01-01T12:00:00Z";
/** A later time is a typing mistake. */
const MAX_AHEAD_MS = 100 * 366 * 24 * HOUR_MS;

/**
 * @returns the time as ISO text
 * @throws Error with one sentence when the text is not a time, or the time is not in the future
 */
export function expiryOf(typed: string, now: Date): string {
  const timeMs = spanEndMs(typed, now) ?? timeOf(typed);
  if (timeMs === null) throw new Error(`--expires is "${typed}"; ${ALLOWED}.`);
  if (timeMs <= now.getTime()) throw new Error(`--expires ${typed} is in the past; ${ALLOWED}.`);
  if (timeMs - now.getTime() > MAX_AHEAD_MS) {
    throw new Error(`--expires ${typed} is more than 100 years ahead; ${ALLOWED}.`);
  }
  return new Date(timeMs).toISOString();
}

function spanEndMs(typed: string, now: Date): number | null {
  const [, count, unit] = /^(\d{1,6})([hdw])$/.exec(typed) ?? [];
  if (count === undefined || (unit !== "h" && unit !== "d" && unit !== "w")) return null;
  return now.getTime() + Number(count) * UNITS_MS[unit];
}

function timeOf(typed: string): number | null {
  if (!/^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d{1,3})?)?Z)?$/.test(typed)) return null;
  const timeMs = Date.parse(typed);
  // Date.parse turns February 30 into a day in March.
  return Number.isNaN(timeMs) || new Date(timeMs).toISOString().slice(0, 10) !== typed.slice(0, 10) ? null : timeMs;
}
