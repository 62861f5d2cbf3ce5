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
  readonly probeLeaseMs?: number;
}

export const DEFAULT_WINDOW_MS = 10_000;

/** resilience4j takes 100 and Linkerd 5; an isolate sees few calls of its own. */
export const DEFAULT_MIN_CALLS = 10;
