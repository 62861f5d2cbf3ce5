// Whether what was seen is bad enough to open. Pure: no I/O, no clock, no `this`.
import { type BreakerSettings, DEFAULT_MIN_CALLS, DEFAULT_WINDOW_MS } from "./settings.ts";

/** What a call that counts is worth: `slow` answered, but later than `slowMs`. */
export type Verdict = "success" | "slow" | "failure";

/** What a breaker remembers while closed. */
export interface Tally {
  readonly failuresInARow: number;
  /** In the window: calls that failed or were slow, and calls that did neither. */
  readonly bad: number;
  readonly good: number;
}

export function verdictOf(outcome: "success" | "failure", tookMs: number, settings: BreakerSettings): Verdict {
  if (outcome === "failure") return "failure";
  return settings.slowMs !== undefined && tookMs > settings.slowMs ? "slow" : "success";
}

/** The reason to trip, in words fit for /readyz, or null to stay closed. */
export function judge(tally: Tally, settings: BreakerSettings): string | null {
  if (tally.failuresInARow >= settings.consecutive) return `${tally.failuresInARow} failures in a row`;

  const { failureRatePercent, minCalls = DEFAULT_MIN_CALLS, windowMs = DEFAULT_WINDOW_MS } = settings;
  const calls = tally.bad + tally.good;
  if (failureRatePercent === undefined || calls === 0 || calls < minCalls) return null;

  const badPercent = (tally.bad / calls) * 100;
  if (badPercent < failureRatePercent) return null;
  return `${tally.bad} of ${calls} calls failed or were slow within ${windowMs / 1000} s`;
}
