/** Pure. The times of `--from` and `--to`. */
import { InvalidArgumentError } from "commander";

const UNIT_MS = { m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** A time, or a length of time back from the end of the range. */
export type Time = { atMs: number } | { backMs: number };

/** @throws InvalidArgumentError with what is allowed */
export function parseTime(text: string): Time {
  const [, number, unit] = /^(\d{1,5})([mhd])$/.exec(text) ?? [];
  if (number !== undefined && (unit === "m" || unit === "h" || unit === "d"))
    return { backMs: Number(number) * UNIT_MS[unit] };
  const atMs = /^\d{4}-\d{2}-\d{2}(T[\d:.]+(Z|[+-]\d{2}:\d{2}))?$/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isFinite(atMs)) return { atMs };
  throw new InvalidArgumentError(
    "It must be a date (2026-11-12, UTC), a time (2026-11-12T08:00:00Z), or a length back such as 14d, 24h or 30m.",
  );
}

/** The range in ms since 1970, `toMs` exclusive. Null if it is empty. */
export function rangeOf(from: Time, to: Time | null, nowMs: number): { fromMs: number; toMs: number } | null {
  const toMs = Math.min(nowMs, to === null ? nowMs : "atMs" in to ? to.atMs : nowMs - to.backMs);
  const fromMs = Math.max(0, "atMs" in from ? from.atMs : toMs - from.backMs);
  return fromMs < toMs ? { fromMs, toMs } : null;
}
