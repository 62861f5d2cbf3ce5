/** Pure. How long an isolate waits between two messages. The bench of the ledger computes its bill by it. */

/** The bounds that an isolate obeys: gateway/record/ledger.ts. */
const MIN_PACE_MS = 5000;
const MAX_PACE_MS = 15_000;
/** At most four messages a second and shard, until there are more isolates than can send so in `MAX_PACE_MS`. */
const PACE_MS_PER_ISOLATE = 250;

/** @param isolates that send to the same shard */
export function paceMs(isolates: number): number {
  return Math.min(MAX_PACE_MS, Math.max(MIN_PACE_MS, isolates * PACE_MS_PER_ISOLATE));
}
