// How long a breaker refuses. Pure: no I/O, no clock, no `this`.
import type { BreakerSettings } from "./settings.ts";

/** No opening outlasts this, unless the policy itself asks for a longer one [Envoy `max_ejection_time`]. */
export const MAX_OPEN_MS = 300_000;

const JITTER = 0.1;
const MIN_PROBE_LEASE_MS = 10_000;

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
export function probeEndsAtMs(probeAtMs: number, settings: BreakerSettings): number {
  return probeAtMs + (settings.probeLeaseMs ?? Math.max(settings.openMs, MIN_PROBE_LEASE_MS));
}

export function reasonOf(opening: Opening): string {
  if (opening.reopenings === 0) return opening.reason;
  return `${opening.reason}; ${opening.reopenings} failed ${opening.reopenings === 1 ? "probe" : "probes"} since`;
}
