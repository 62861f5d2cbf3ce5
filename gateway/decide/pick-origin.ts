/** Pure. Which of several origins a text would go to: by weight, sticky per caller, past those whose breaker is open. */

import type { OriginConditions } from "../sides.ts";
import { saltedBasisPointsOf } from "./share.ts";

/** Changing the salt reshuffles every caller: never change it. */
const SALT = "spillway-origin";

/** Null when there is none. An origin that refuses calls is named only when all do: the one that comes back first. */
export function pickOrigin(origins: readonly OriginConditions[], stickyKey: string): OriginConditions | null {
  const open = origins.filter(({ breakerAllows }) => breakerAllows);
  if (open.length === 0) return soonest(origins);
  // The usual case, and hashing a long text would cost more than everything else here.
  if (open.length === 1) return open[0] ?? null;
  const total = open.reduce((sum, { weight }) => sum + weight, 0);
  let at = (saltedBasisPointsOf(SALT, stickyKey) / 10_000) * total;
  for (const origin of open) {
    at -= origin.weight;
    if (at < 0) return origin;
  }
  // All weights are 0: they are only for when nothing else is left, which is now.
  return open[0] ?? null;
}

function soonest(origins: readonly OriginConditions[]): OriginConditions | null {
  const byReturn = (a: OriginConditions, b: OriginConditions) => (a.retryAtMs ?? 0) - (b.retryAtMs ?? 0);
  return origins.toSorted(byReturn)[0] ?? null;
}
