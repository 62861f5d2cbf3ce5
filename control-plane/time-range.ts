/** Pure. The time range of a request, from its parameters. */
import type { TimeRange } from "./ports.ts";
import { DAY_MS } from "./widths.ts";

/** Without `from`. */
const DEFAULT_RANGE_MS = DAY_MS;
/** The year 9999, as ISO 8601 can write it. */
const MAX_MS = 253_402_300_799_999;
const ISO = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2}))?$/;
const ALLOWED =
  "a date such as 2026-11-26, a time such as 2026-11-26T04:00:00Z, or whole milliseconds since 1970 are allowed";
const MAX_SHOWN_CHARACTERS = 60;

export type ParsedRange = { ok: true; range: TimeRange } | { ok: false; problem: string };

/**
 * Reads `from` (default: a day before `to`) and `to` (default: now, exclusive).
 * @returns a sentence that names the parameter, its value and what is allowed, when one cannot be obeyed
 */
export function parseTimeRange(parameters: URLSearchParams, nowMs: number): ParsedRange {
  const unknown = [...parameters.keys()].find((name) => name !== "from" && name !== "to");
  if (unknown !== undefined)
    return { ok: false, problem: `Unknown parameter ${shown(unknown)}; allowed are from and to.` };
  for (const name of ["from", "to"]) {
    const [value, ...more] = parameters.getAll(name);
    if (more.length > 0) return { ok: false, problem: `${name} is there ${more.length + 1} times; send it once.` };
    if (value === undefined || timeIn(value) !== null) continue;
    return { ok: false, problem: `${name} is ${shown(value)}; ${ALLOWED}.` };
  }
  const toMs = timeIn(parameters.get("to") ?? "") ?? nowMs;
  const fromMs = timeIn(parameters.get("from") ?? "") ?? Math.max(0, toMs - DEFAULT_RANGE_MS);
  if (fromMs < toMs) return { ok: true, range: { fromMs, toMs } };
  const [from, to] = [fromMs, toMs].map((ms) => new Date(ms).toISOString());
  return { ok: false, problem: `from is ${from}, which is not before to (${to}).` };
}

/** Null for a text that is no time. */
function timeIn(text: string): number | null {
  const ms = /^\d{1,15}$/.test(text) ? Number(text) : ISO.test(text) ? Date.parse(text) : Number.NaN;
  return ms >= 0 && ms <= MAX_MS ? ms : null;
}

/** A value in a message, as one line of printable characters. */
function shown(value: string): string {
  return JSON.stringify(value.slice(0, MAX_SHOWN_CHARACTERS)).replace(/[^\x20-\x7e]/g, "?");
}
