/** What is counted of events and requests, and the gauges that are read when metrics are sent. */
import { costUsd } from "../../formats/ledger/prices.ts";
import type { BreakerStatus } from "../resilience/breaker/breaker.ts";
import { INSTRUMENTS } from "../telemetry/instruments.ts";
import type { Meter } from "../telemetry/meter.ts";
import type { World } from "../world.ts";
import type { IsolateEvent } from "./events.ts";
import { type Outcome, summaryOf } from "./outcome.ts";

/** Adds an event to the metrics. */
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
    case "attempt-paid":
      meter.add(INSTRUMENTS.cost, event.costUsd, {
        "spillway.cost.part": event.side,
        "spillway.try": event.attemptKind,
      });
      break;
    case "edge-load-paid":
      meter.add(INSTRUMENTS.cost, costUsd(event.billed), { "spillway.cost.part": "load" });
      break;
    case "text-ended":
    case "key-used":
    case "request-ended":
    // The ledger counts these; countOutcome() and the request's span have the same facts.
    case "candidate-rejected":
    // Its load is counted, as `rejected` or `failed`.
    case "breaker":
    case "policy":
    case "policy-problem":
    // These are gauges, so an isolate in which nothing changes exports them too.
  }
}

/** Adds a request to the metrics, whether its trace is kept or not. */
export function countOutcome({ refusal, inputs, ownCostUsd }: Outcome, meter: Meter): void {
  const summary = refusal === null && inputs.length > 0 ? summaryOf(inputs) : null;
  meter.add(INSTRUMENTS.requests, 1, {
    "spillway.route": summary?.route,
    "spillway.because": summary === null ? undefined : onlyOne(summary.because),
    "spillway.refusal": refusal?.code,
  });
  meter.add(INSTRUMENTS.cost, ownCostUsd, { "spillway.cost.part": "gateway" });
  for (const { side, tokens } of inputs) {
    if (tokens !== null) meter.observe(INSTRUMENTS.tokens, tokens, { "spillway.side": side });
  }
}

/** `mixed` where there are several: every list of reasons would be a series. */
function onlyOne(reasons: readonly string[]): string {
  return reasons.length === 1 && reasons[0] !== undefined ? reasons[0] : "mixed";
}

const BREAKER_STATE: Readonly<Record<BreakerStatus["state"], number>> = { closed: 0, "half-open": 1, open: 2 };

/** Sets every gauge to its present value. */
export function readGauges({ sides, policies }: Pick<World, "sides" | "policies">, to: Meter): void {
  const { edge, origins } = sides;
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
