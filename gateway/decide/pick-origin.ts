/** Pure. Which of several origins a text would go to: by weight, sticky per caller, without those that refuse it or have no place for it. */

import type { OriginConditions } from "../sides.ts";
import { saltedBasisPointsOf } from "./share.ts";

/** Changing the salt reshuffles every caller: never change it. */
const SALT = "spillway-origin";

/** An origin as a text of this length finds it: if such texts are paused, its breaker is open for the text. */
export function originFor(origin: OriginConditions, bytes: number): OriginConditions {
  const { longTextsPause: pause } = origin;
  if (pause === null || bytes < pause.fromBytes) return origin;
  const retriesAtMs = [origin.retryAtMs, pause.retryAtMs].filter((atMs) => atMs !== null);
  return {
    ...origin,
    breakerAllows: false,
    allowsEarlyTrial: pause.allowsEarlyTrial && (origin.breakerAllows || origin.allowsEarlyTrial),
    retryAtMs: retriesAtMs.length === 0 ? null : Math.max(...retriesAtMs),
  };
}

/**
 * Null if there is none. If every breaker is open, one that allows an early trial, or the origin whose breaker allows a call first. An
 * origin without a place is picked only if no other one has a place.
 */
export function pickOrigin(origins: readonly OriginConditions[], stickyKey: string): OriginConditions | null {
  const allowed = origins.filter(({ breakerAllows }) => breakerAllows);
  if (allowed.length === 0) return soonest(origins);
  const withPlace = allowed.filter(({ isFull }) => !isFull);
  const open = withPlace.length > 0 ? withPlace : allowed;
  // The usual case; hashing a long text would cost more than the rest of the decision.
  if (open.length === 1) return open[0] ?? null;
  const total = open.reduce((sum, { weight }) => sum + weight, 0);
  let at = (saltedBasisPointsOf(SALT, stickyKey) / 10_000) * total;
  for (const origin of open) {
    at -= origin.weight;
    if (at < 0) return origin;
  }
  // All weights are 0: such origins serve only if no other origin is left.
  return open[0] ?? null;
}

function soonest(origins: readonly OriginConditions[]): OriginConditions | null {
  const byReturn = (a: OriginConditions, b: OriginConditions) => (a.retryAtMs ?? 0) - (b.retryAtMs ?? 0);
  const sorted = origins.toSorted(byReturn);
  return sorted.find(({ allowsEarlyTrial }) => allowsEarlyTrial) ?? sorted[0] ?? null;
}
