/** The periods that counts are kept by, in ms since 1970 (UTC), and for how long each is kept. Pure. */

export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

export const MINUTES_KEPT_MS = 48 * HOUR_MS;
export const HOURS_KEPT_MS = 35 * DAY_MS;
export const DAYS_KEPT_MS = 400 * DAY_MS;

/** The start of the period that holds this time. */
export function startOf(atMs: number, widthMs: number): number {
  return Math.floor(atMs / widthMs) * widthMs;
}

/** The end of the period that holds this time; a start is its own end. */
export function endOf(atMs: number, widthMs: number): number {
  return Math.ceil(atMs / widthMs) * widthMs;
}

/** Minutes from this time on are kept, in whole hours. Earlier ones exist as hours. */
export function minutesFrom(nowMs: number): number {
  return startOf(nowMs - MINUTES_KEPT_MS, HOUR_MS);
}

/** Hours from this time on are kept, in whole days. Earlier ones exist as days. */
export function hoursFrom(nowMs: number): number {
  return startOf(nowMs - HOURS_KEPT_MS, DAY_MS);
}

/** Days from this time on are kept. */
export function daysFrom(nowMs: number): number {
  return startOf(nowMs - DAYS_KEPT_MS, DAY_MS);
}
