// Whether what was seen is bad enough to open. Pure: no I/O, no clock, no `this`.

/** What a call that counts is worth: `slow` answered, but later than `slowMs`. */
export type CallRating = "success" | "slow" | "failure";

/** What a breaker remembers while closed. */
export interface Tally {
  readonly failuresInARow: number;
  /** In the window: calls that failed or were slow, and calls that did neither. */
  readonly bad: number;
  readonly good: number;
}

export function rateCall(outcome: "success" | "failure", tookMs: number, settings: BreakerSettings): CallRating {
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

/** When a breaker trips and how long it stays open. Every limit is inclusive: reaching it trips. */
export interface BreakerSettings {
  /** Failures in a row that trip it, at least 1 [Envoy `consecutive_5xx`: 5]. */
  readonly consecutive: number;
  /** The first opening; each re-opening doubles it. */
  readonly openMs: number;
  /** Share of failed calls that trips it, above 0 and up to 100. Without it no rate is judged. */
  readonly failureRatePercent?: number;
  /** The span the rate looks back over, in 10 buckets. Default 10 s. */
  readonly windowMs?: number;
  /** Calls the window must hold before a rate means anything. Default 10. */
  readonly minCalls?: number;
  /** An answer that took longer counts as failed in the rate. Without it no answer is too slow. */
  readonly slowMs?: number;
  /** After this long without a verdict a probe is given up for dead. Default: `openMs`, but at least 10 s. */
  readonly trialLeaseMs?: number;
}

export const DEFAULT_WINDOW_MS = 10_000;

/** resilience4j takes 100 and Linkerd 5; an isolate sees few calls of its own. */
export const DEFAULT_MIN_CALLS = 10;

// How long a breaker refuses. Pure: no I/O, no clock, no `this`.

/** No opening outlasts this, unless the policy itself asks for a longer one [Envoy `max_ejection_time`]. */
export const MAX_OPEN_MS = 300_000;

const JITTER = 0.1;
const MIN_TRIAL_LEASE_MS = 10_000;

/** One stretch of being open; resolved against the settings in force when asked, so that a policy edit reaches it. */
export interface Opening {
  readonly atMs: number;
  /** What tripped the breaker in the first place; a failed probe keeps it. */
  readonly reason: string;
  /** Probes that failed since. */
  readonly reopenings: number;
  /** A draw from [0, 1), kept so that the end of the opening does not move each time it is asked for. */
  readonly draw: number;
}

/** `openMs`, doubled per re-opening, ±10 % so that isolates that tripped together do not probe together; less at the limit. */
export function openingEndsAtMs(opening: Opening, settings: BreakerSettings): number {
  const limitMs = Math.max(settings.openMs, MAX_OPEN_MS);
  const longestMs = Math.min(settings.openMs * 2 ** opening.reopenings * (1 + JITTER), limitMs);
  const shortestMs = (longestMs * (1 - JITTER)) / (1 + JITTER);
  return opening.atMs + Math.round(shortestMs + opening.draw * (longestMs - shortestMs));
}

/** A probe whose request died never reports: from here on another one may go. */
export function trialEndsAtMs(trialAtMs: number, settings: BreakerSettings): number {
  return trialAtMs + (settings.trialLeaseMs ?? Math.max(settings.openMs, MIN_TRIAL_LEASE_MS));
}

export function reasonOf(opening: Opening): string {
  if (opening.reopenings === 0) return opening.reason;
  return `${opening.reason}; ${opening.reopenings} failed ${opening.reopenings === 1 ? "probe" : "probes"} since`;
}
