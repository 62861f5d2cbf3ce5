/** Pure data: where a text goes and why. A `Route` knows nothing of how it is carried out. */

export type Side = "edge" | "origin";

/** The order of the rules is in decide.ts; what each means and what to check is in docs/runbook.md. */
export const BECAUSE = [
  "override",
  "too-long",
  "edge-cold",
  "edge-unavailable",
  "outside-share",
  "edge-busy",
  "within-share",
  "origin-unavailable",
  "edge-failed",
  "origin-failed",
] as const;
export type Because = (typeof BECAUSE)[number];

export type Route =
  | { side: Side; because: Because }
  /** Neither side can take it; `retryAfterMs` is the remaining cooldown of the origin's breaker. */
  | { side: "refuse"; because: "origin-unavailable"; retryAfterMs: number };
