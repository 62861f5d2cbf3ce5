/** What is read, and not counted, when metrics are exported. */
import type { BreakerStatus } from "../breaker/breaker.ts";
import type { World } from "../world.ts";
import { INSTRUMENTS } from "./instruments.ts";
import type { Meter } from "./meter.ts";

const BREAKER_STATE: Readonly<Record<BreakerStatus["state"], number>> = { closed: 0, "half-open": 1, open: 2 };

export function readGauges({ edge, origins, policies }: Pick<World, "edge" | "origins" | "policies">, to: Meter): void {
  const { state, model, heapBytes, queuedTexts, breaker } = edge.status();
  to.set(INSTRUMENTS.edgeQueueDepth, queuedTexts, {});
  to.set(INSTRUMENTS.edgeHeap, heapBytes, {});
  to.set(INSTRUMENTS.policyVersion, policies.known().version, {});
  const edgeSide = { "spillway.side": "edge" };
  to.set(INSTRUMENTS.breakerState, BREAKER_STATE[breaker.state], edgeSide);
  if (state === "ready") to.set(INSTRUMENTS.modelInfo, 1, { ...edgeSide, "spillway.model": model });
  for (const [name, { breaker, classifier }] of origins.status()) {
    const originSide = { "spillway.side": "origin", "spillway.origin": name };
    to.set(INSTRUMENTS.breakerState, BREAKER_STATE[breaker.state], originSide);
    if (classifier !== null) to.set(INSTRUMENTS.modelInfo, 1, { ...originSide, "spillway.model": classifier.model });
  }
}
