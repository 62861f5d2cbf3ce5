/** Numbers as people read them, the same in every form of the report. Pure. */
import type { Interval } from "../statistics/interval.ts";

const MS_PER_S = 1000;
const MINUTES_PER_DAY = 1440;

/** `toLocaleString` would make one for each number. */
const WHOLE = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });

/** With separators: 116,667. */
export function count(n: number): string {
  return WHOLE.format(n);
}

/** A quantity that may be small: 0.042, 7.3, 1,204. */
export function quantity(value: number): string {
  if (value !== 0 && Math.abs(value) < 10) return String(Number(value.toPrecision(2)));
  return count(value);
}

/** The buckets are 2 % wide: more than three digits would be noise. */
export function ms(value: number | null): string {
  return value === null ? "–" : `${timeDigits(value, value)} ${isInSeconds(value) ? "s" : "ms"}`;
}

/** The bounds of a time without the unit, which is that of the time: [171, 186]. */
export function msInterval(interval: Interval | null, value: number | null): string {
  return interval === null || value === null ? "" : bounds(interval, (bound) => timeDigits(bound, value));
}

function isInSeconds(value: number): boolean {
  return value >= 999.5;
}

/** @param value that decides on the unit */
function timeDigits(time: number, value: number): string {
  if (isInSeconds(value)) return (time / MS_PER_S).toFixed(time < 9.995 * MS_PER_S ? 2 : 1);
  return time < 9.95 ? time.toFixed(1) : count(time);
}

/** A part from 0 to 1: 12 %, 0.34 %, 0 %. */
export function percent(part: number | null): string {
  return part === null ? "–" : `${percentDigits(part)} %`;
}

export function percentInterval(interval: Interval | null): string {
  return interval === null ? "" : bounds(interval, percentDigits);
}

/** A difference of two parts, in points of a percent: +0.12. */
export function signedPoints(part: number): string {
  const value = part * 100;
  const digits = Math.abs(value) < 0.005 ? "0" : fixedDigits(Math.abs(value), 2);
  return digits === "0" ? digits : `${value < 0 ? "−" : "+"}${digits}`;
}

export function pointsInterval(interval: Interval): string {
  return bounds(interval, signedPoints);
}

/** 0.15, 1.02, 12. */
export function ratio(value: number): string {
  return value < 9.995 ? value.toFixed(2) : count(value);
}

export function ratioInterval(interval: Interval): string {
  return bounds(interval, ratio);
}

/** Dollars: $1,204, $4.31, $0.0123. */
export function usd(value: number): string {
  if (value >= 1000) return `$${count(value)}`;
  if (value >= 0.995 || value === 0) return `$${value.toFixed(2)}`;
  if (value < 0.000_001) return "< $0.000001";
  // At least cents: $0.20, $0.0205.
  return `$${fixedDigits(value, 3).replace(/(\.\d\d+?)0+$/, "$1")}`;
}

/** Dollars of one column with the same decimals, so that they can be compared: three digits of the largest, and at least cents. */
export function usdColumn(values: readonly number[]): string[] {
  const largest = Math.max(0, ...values);
  const decimals =
    largest >= 1000 ? 0 : largest === 0 ? 2 : Math.min(8, Math.max(2, 2 - Math.floor(Math.log10(largest))));
  const least = 10 ** -decimals;
  return values.map((value) => {
    if (value > 0 && value < least / 2) return `< $${least.toFixed(decimals)}`;
    return `$${decimals === 0 ? count(value) : value.toFixed(decimals)}`;
  });
}

/** A length of time: 40 min, 5 h, 2.1 days. */
export function days(value: number): string {
  const minutes = value * MINUTES_PER_DAY;
  if (minutes < 90) return `${Math.max(1, Math.round(minutes))} min`;
  if (value < 2) return `${Math.round(value * 24)} h`;
  return `${value < 10 ? Number(value.toFixed(1)) : count(value)} days`;
}

/** 2026-11-12 00:00, UTC. */
export function minute(timeIso: string): string {
  return timeIso.slice(0, 16).replace("T", " ");
}

/** "1 text", "2 texts". */
export function counted(n: number, noun: string): string {
  return `${count(n)} ${noun}${n === 1 ? "" : "s"}`;
}

/** Of times and ratios, 0 as the only bound holds for every set of texts. */
function bounds({ low, high }: Interval, digits: (value: number) => string): string {
  if (high !== null) return `[${digits(low)}, ${digits(high)}]`;
  return low === 0 ? "no interval yet" : `≥ ${digits(low)}`;
}

function percentDigits(part: number): string {
  const value = part * 100;
  if (value === 0 || value === 100) return value.toFixed(0);
  if (value < 0.0001) return "< 0.0001";
  // 99.96 % is not 100 %.
  if (value > 99.95) return (Math.floor(value * 1000) / 1000).toString();
  if (value >= 9.95) return value.toFixed(1).replace(".0", "");
  return fixedDigits(value, 2);
}

/** This many significant digits, never with an exponent. */
function fixedDigits(value: number, digits: number): string {
  const decimals = Math.min(8, Math.max(0, digits - 1 - Math.floor(Math.log10(value))));
  return value.toFixed(decimals);
}
