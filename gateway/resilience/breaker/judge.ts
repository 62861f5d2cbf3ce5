/** Pure. When a breaker opens, and for how long. */

/** The rating of a call that counts. `slow`: it was answered, but later than `slowMs`. */
export type CallRating = "success" | "slow" | "failure";

/** What a breaker remembers while closed. */
export interface Tally {
  readonly failuresInARow: number;
  /** In the window: calls that failed or were slow, and calls that did neither. */
  readonly bad: number;
  readonly good: number;
}

/** Rates a call that ended after `tookMs`. */
export function rateCall(outcome: "success" | "failure", tookMs: number, settings: BreakerSettings): CallRating {
  if (outcome === "failure") return "failure";
  return settings.slowMs !== undefined && tookMs > settings.slowMs ? "slow" : "success";
}

/** The reason to open, as /readyz shows it, or null to stay closed. */
export function judge(tally: Tally, settings: BreakerSettings): string | null {
  if (tally.failuresInARow >= settings.consecutive) return `${tally.failuresInARow} failures in a row`;

  const { failureRatePercent, minCalls = DEFAULT_MIN_CALLS, windowMs = DEFAULT_WINDOW_MS } = settings;
  const calls = tally.bad + tally.good;
  if (failureRatePercent === undefined || calls === 0 || calls < minCalls) return null;

  const badPercent = (tally.bad / calls) * 100;
  if (badPercent < failureRatePercent) return null;
  return `${tally.bad} of ${calls} calls failed or were slow within ${windowMs / 1000} s`;
}

/** When a breaker opens and for how long. Every limit is inclusive: reaching it opens the breaker. */
export interface BreakerSettings {
  /** Consecutive failures that open it, at least 1 [Envoy `consecutive_5xx`: 5]. */
  readonly consecutive: number;
  /** The first opening, in ms; each re-opening doubles it. */
  readonly openMs: number;
  /** Percentage of failed calls that opens it, above 0 and up to 100. Absent: no rate is judged. */
  readonly failureRatePercent?: number;
  /** The window of the rate, in 10 buckets. Default 10 s. */
  readonly windowMs?: number;
  /** The fewest calls in the window for which a rate is judged. Default 10. */
  readonly minCalls?: number;
  /** An answer that took longer counts as failed in the rate. Absent: no answer is too slow. */
  readonly slowMs?: number;
  /** A trial without a result for this long is abandoned. Default: `openMs`, but at least 10 s. */
  readonly trialLeaseMs?: number;
}

export const DEFAULT_WINDOW_MS = 10_000;

/** resilience4j takes 100 and Linkerd 5; one isolate sees few calls. */
export const DEFAULT_MIN_CALLS = 10;

/** The longest opening, unless the policy sets a longer one [Envoy `max_ejection_time`]. */
export const MAX_OPEN_MS = 300_000;

/**
 * The least time from an opening or a trial to an early trial. An origin that is well again answers within a second, whatever its opening
 * has grown to; an isolate sends one that is down at most a call per second.
 */
export const EARLY_TRIAL_EVERY_MS = 1000;

const JITTER = 0.1;
const MIN_TRIAL_LEASE_MS = 10_000;

/** One opening. Its end is computed from the settings in force when it is asked for, so a policy edit affects it. */
export interface Opening {
  readonly atMs: number;
  /** What opened the breaker; a failed trial keeps the reason. */
  readonly reason: string;
  /** Trials that have failed since. */
  readonly reopenings: number;
  /** A random number from [0, 1), kept so that the end of the opening does not change. */
  readonly draw: number;
}

/** `openMs`, doubled per re-opening, ±10 % so that isolates that opened together do not try together; less at the limit. */
export function openingEndsAtMs(opening: Opening, settings: BreakerSettings): number {
  const limitMs = Math.max(settings.openMs, MAX_OPEN_MS);
  const longestMs = Math.min(settings.openMs * 2 ** opening.reopenings * (1 + JITTER), limitMs);
  const shortestMs = (longestMs * (1 - JITTER)) / (1 + JITTER);
  return opening.atMs + Math.round(shortestMs + opening.draw * (longestMs - shortestMs));
}

/** A trial whose request has ended never reports: from this time on another trial is allowed. */
export function trialEndsAtMs(trialAtMs: number, settings: BreakerSettings): number {
  return trialAtMs + (settings.trialLeaseMs ?? Math.max(settings.openMs, MIN_TRIAL_LEASE_MS));
}

/** The reason of an opening, with its failed trials, as /readyz shows it. */
export function reasonOf(opening: Opening): string {
  if (opening.reopenings === 0) return opening.reason;
  return `${opening.reason}; ${opening.reopenings} failed ${opening.reopenings === 1 ? "trial" : "trials"} since`;
}
