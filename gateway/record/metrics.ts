/** What is counted of an event. */

import type { BreakerStatus } from "../resilience/breaker/breaker.ts";
import { INSTRUMENTS } from "../telemetry/instruments.ts";
import type { Meter } from "../telemetry/meter.ts";
import type { World } from "../world.ts";
import type { IsolateEvent } from "./events.ts";
import { distinct, type Outcome, routeOf } from "./outcome.ts";

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
        "spillway.try": event.attemptKind,
      });
      break;
    case "breaker":
    case "policy":
    case "policy-problem":
    // States, read when they are exported: so an isolate in which nothing changes shows them too.
  }
}

/** What is counted of a request, whether its trace is kept or not. */

export interface RequestEnd {
  method: string;
  scheme: string;
  /** Only one of ours: any other path is what a caller made of it. */
  route: string | undefined;
  /** Undefined where the handler threw. */
  status: number | undefined;
  errorType: string | undefined;
  tookMs: number;
  /** Undefined where nothing was recorded. */
  outcome: Outcome | undefined;
}

export function countRequest({ method, scheme, route, status, errorType, tookMs, outcome }: RequestEnd, meter: Meter) {
  meter.observe(INSTRUMENTS.requestDuration, tookMs / 1000, {
    "http.request.method": method,
    "url.scheme": scheme,
    "http.route": route,
    "http.response.status_code": status,
    "error.type": errorType,
  });
  const { refusal = null, inputs = [] } = outcome ?? {};
  const isAnswered = refusal === null && inputs.length > 0;
  meter.add(INSTRUMENTS.requests, 1, {
    "spillway.route": isAnswered ? routeOf(inputs) : undefined,
    "spillway.because": isAnswered ? onlyOne(distinct(inputs.map(({ because }) => because))) : undefined,
    "spillway.refusal": refusal?.code,
  });
  if (outcome !== undefined) meter.add(INSTRUMENTS.cost, outcome.ownCostUsd, { "spillway.cost.part": "gateway" });
  for (const { side, tokens } of inputs) {
    if (tokens !== null) meter.observe(INSTRUMENTS.tokens, tokens, { "spillway.side": side });
  }
}

/** Lists of reasons would be a series each. */
function onlyOne(reasons: readonly string[]): string {
  return reasons.length === 1 && reasons[0] !== undefined ? reasons[0] : "mixed";
}

/** What is read, and not counted, when metrics are exported. */

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
