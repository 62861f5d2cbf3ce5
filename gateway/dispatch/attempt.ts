/** One attempt on one side: its span, its cost, and what it came to. */
import type { Span } from "@opentelemetry/api";
import type { Policy } from "../../policies/schema.ts";
import type { MeasuredText } from "../admit/measure.ts";
import type { Lifetime } from "../call.ts";
import type { Decisions } from "../decide/decide.ts";
import type { SideRoute } from "../decide/route.ts";
import type { AttemptKind } from "../record/events.ts";
import type { SideName, SideResult } from "../sides.ts";
import { inCallSpan, inSpan, recordFailure, recordOriginTrace } from "../telemetry/span.ts";
import type { World } from "../world.ts";
import { edgeCostUsd, originCost } from "./cost.ts";

/** One text on its way: what every attempt for it needs. */
export interface TextInFlight {
  measured: MeasuredText;
  policy: Policy;
  /** Whom an origin's places are counted for; null for a caller without a limit. */
  caller: string | null;
  decisions: Decisions;
  lifetime: Lifetime;
  attempts: TextAttempts;
}

/** What the attempts for one text share: the first one's span, which later ones link to, and the sum of their costs. */
export class TextAttempts {
  #first: Span | undefined;
  #costUsd = 0;

  /** Of the attempts that have ended, in US dollars. */
  get costUsd(): number {
    return this.#costUsd;
  }

  begin(span: Span, kind: AttemptKind): void {
    if (kind === "first") {
      this.#first = span;
      return;
    }
    span.setAttribute("spillway.try", kind);
    if (this.#first !== undefined) span.addLink({ context: this.#first.spanContext() });
  }

  end(span: Span, costUsd: number): void {
    span.setAttribute("spillway.cost.usd", costUsd);
    this.#costUsd += costUsd;
  }
}

/**
 * Makes one attempt. Nothing is awaited before the side is asked, so an edge attempt joins the queue in the turn of its decision.
 * A shadow attempt feeds no breaker and no estimate.
 */
export function attemptOn(route: SideRoute, kind: AttemptKind, text: TextInFlight, world: World): Promise<SideResult> {
  const { clock, sides, report } = world;
  const { measured, policy, caller, lifetime, attempts } = text;
  const side = route.side === "edge" ? sides.edge : sides.origins.named(route.origin);
  const purpose = kind === "shadow" ? "shadow" : "answer";
  const run = async (span: Span) => {
    attempts.begin(span, kind);
    const startedAtMs = clock.nowMs();
    const result = await side.attempt(measured, { policy, purpose, caller, lifetime });
    if (route.side === "edge") span.setAttribute("spillway.edge.heap_bytes", sides.edge.status().heapBytes);
    const costUsd =
      route.side === "edge" ? recordEdgeUse(span, result) : recordOriginUse(span, result, clock.nowMs() - startedAtMs);
    pay(route.side, kind, costUsd);
    attempts.end(span, costUsd);
    recordAttemptEnd(span, result, lifetime.signal);
    return result;
  };
  const pay = (side: SideName, attemptKind: AttemptKind, costUsd: number) =>
    report({ kind: "attempt-paid", side, attemptKind, costUsd });
  return route.side === "edge"
    ? inSpan("edge inference", {}, run)
    : inCallSpan("POST", { "spillway.origin": route.origin }, run);
}

/** Returns the cost in US dollars. */
function recordEdgeUse(span: Span, result: SideResult): number {
  const { tokens, predictedMs = 0 } = result.ok ? result.answer : result.failure;
  if (tokens !== undefined)
    span.setAttributes({ "spillway.tokens": tokens, "spillway.edge.predicted_ms": predictedMs });
  if (!result.ok) {
    const { ranMs, reason } = result.failure;
    if (ranMs !== undefined) span.setAttribute("spillway.edge.run_ms", ranMs);
    return edgeCostUsd({ runMs: ranMs ?? null, predictedMs, failure: reason });
  }
  const { queueMs = 0, runMs } = result.answer.timings;
  span.setAttributes({ "spillway.edge.queue_ms": queueMs, "spillway.edge.run_ms": runMs });
  return edgeCostUsd({ runMs, predictedMs, failure: null });
}

/** Returns the cost in US dollars. */
function recordOriginUse(span: Span, result: SideResult, roundTripMs: number): number {
  const { usage, trace } = result.ok ? result.answer : result.failure;
  if (trace !== undefined) recordOriginTrace(span, trace);
  const { usd, isAssumed } = originCost({ usage, roundTripMs, failure: result.ok ? null : result.failure.reason });
  if (isAssumed) span.setAttribute("spillway.cost.assumed", true);
  return usd;
}

/** An error is only what the side is at fault for: neither an attempt that lost nor a caller who left is an error. */
function recordAttemptEnd(span: Span, result: SideResult, signal: AbortSignal): void {
  // A text whose neighbours are still wanted runs to its end, and an answer may have crossed the abort.
  if (signal.aborted) span.setAttribute("spillway.aborted", true);
  if (result.ok) return;
  const { reason, kind } = result.failure;
  span.setAttribute("spillway.failure", reason);
  // HTTP's convention for error.type: the status, if there was one.
  if (kind === "failed") recordFailure(span, reason.startsWith("http-") ? reason.slice("http-".length) : reason);
}
