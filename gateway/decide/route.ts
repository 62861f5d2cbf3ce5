/** Pure data: where a text goes and why. A `Route` does not know how it is carried out. */

/** The reasons of the rules, in the rules' order. What each means and what to check: docs/reference/codes.md. */
export const RULE_BECAUSE = [
  "residency",
  "override",
  "too-long",
  "edge-cold",
  "edge-unavailable",
  "outside-share",
  "edge-busy",
  "edge-slow",
  "within-share",
] as const;
export type RuleBecause = (typeof RULE_BECAUSE)[number];

export const BECAUSE = [...RULE_BECAUSE, "origin-unavailable", "edge-failed", "origin-failed", "hedge"] as const;
export type Because = (typeof BECAUSE)[number];

/** A route to a side. */
export type SideRoute =
  | { side: "edge"; because: Because }
  /** `origin`: the name of the origin to call. `mayBeEarlyTrial`: its breaker is open, and no other side can answer. */
  | { side: "origin"; because: Because; origin: string; mayBeEarlyTrial?: true };

/** No side may see the text, or none can classify it; `retryAfterMs` is the least time for which that will last. */
export interface RefusedRoute {
  side: "refuse";
  /** `too-long`: only the edge may see the text, and the text has more tokens than the edge accepts. */
  because: "residency" | "too-long" | "edge-unavailable" | "edge-busy" | "origin-unavailable";
  retryAfterMs: number;
}

export type Route = SideRoute | RefusedRoute;
