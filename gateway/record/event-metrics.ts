/** What is counted of an event. */
import type { IsolateEvent } from "../event.ts";
import { INSTRUMENTS } from "./instruments.ts";
import type { Meter } from "./meter.ts";

export function countEvent(event: IsolateEvent, meter: Meter): void {
  switch (event.kind) {
    case "edge-load": {
      const result = { "spillway.edge.result": event.result };
      meter.add(INSTRUMENTS.edgeLoads, 1, result);
      meter.observe(INSTRUMENTS.edgeLoadDuration, event.loadMs / 1000, result);
      break;
    }
    case "edge-run":
      meter.observe(INSTRUMENTS.edgeRunDuration, event.runMs / 1000, { "spillway.outcome": event.outcome });
      meter.observe(INSTRUMENTS.edgeQueueDuration, event.queueMs / 1000, {});
      break;
    case "origin-call":
      meter.observe(INSTRUMENTS.originDuration, event.tookMs / 1000, {
        "spillway.origin": event.origin,
        "spillway.outcome": event.outcome,
      });
      break;
    case "shadow":
      meter.add(INSTRUMENTS.shadowComparisons, 1, { "spillway.shadow.agrees": event.agrees });
      meter.observe(INSTRUMENTS.shadowScoreDistance, event.scoreDistance, {});
      break;
    case "try-paid":
      meter.add(INSTRUMENTS.cost, event.costUsd, {
        "spillway.cost.part": event.side,
        "spillway.try": event.tryKind,
      });
      break;
    case "breaker":
    case "policy":
    case "policy-problem":
    // States, read when they are exported: so an isolate in which nothing changes shows them too.
  }
}
