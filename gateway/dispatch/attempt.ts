/** One attempt on one side: its span, its cost, and what it came to. */
import type { Span } from "@opentelemetry/api";
import { type Billed, costUsd } from "../../formats/ledger/prices.ts";
import type { Policy } from "../../policies/schema.ts";
import type { MeasuredText } from "../admit/measure.ts";
import type { Lifetime } from "../call.ts";
import type { Decisions } from "../decide/decide.ts";
import type { SideRoute } from "../decide/route.ts";
import type { AttemptKind } from "../record/events.ts";
import type { SideResult } from "../sides.ts";
import { inCallSpan, inSpan, recordFailure, recordOriginTrace } from "../telemetry/span.ts";
import type { World } from "../world.ts";
import { edgeBilled, originBilled } from "./cost.ts";
import type { TextAttempts } from "./text-attempts.ts";

/** One text on its way: what every attempt for it needs. */
export interface TextInFlight {
  measured: MeasuredText;
  admittedAtMs: number;
  policy: Policy;
  /** Whom an origin's places are counted for; null for a caller without a limit. */
  caller: string | null;
  decisions: Decisions;
  lifetime: Lifetime;
  attempts: TextAttempts;
}

/**
 * Makes one attempt. Nothing is awaited before the side is asked, so an edge attempt joins the queue in the turn of its decision.
 * A shadow attempt feeds no breaker and no estimate.
 */
export function attemptOn(route: SideRoute, kind: AttemptKind, text: TextInFlight, world: World): Promise<SideResult> {
  const { clock, sides } = world;
  const { measured, policy, caller, lifetime, attempts } = text;
  const side = route.side === "edge" ? sides.edge : sides.origins.named(route.origin);
  const purpose = kind === "shadow" ? "shadow" : "answer";
  const run = async (span: Span) => {
    attempts.begin(span, kind);
    const startedAtMs = clock.nowMs();
    const mayBeEarlyTrial = route.side === "origin" && route.mayBeEarlyTrial === true;
    const result = await side.attempt(measured, { policy, purpose, caller, lifetime, mayBeEarlyTrial });
    if (route.side === "edge") span.setAttribute("spillway.edge.heap_bytes", sides.edge.status().heapBytes);
    const billed =
      route.side === "edge"
        ? recordEdgeUse(span, result, purpose === "shadow")
        : recordOriginUse(span, result, clock.nowMs() - startedAtMs);
    span.setAttribute("spillway.cost.usd", costUsd(billed));
    attempts.pay({
      side: route.side,
      origin: route.side === "origin" ? route.origin : null,
      attemptKind: kind,
      billed,
    });
    recordAttemptEnd(span, result, lifetime.signal);
    return result;
  };
  return route.side === "edge"
    ? inSpan("edge inference", {}, run)
    : inCallSpan("POST", { "spillway.origin": route.origin }, run);
}

function recordEdgeUse(span: Span, result: SideResult, isShadow: boolean): Billed[] {
  const { tokens, predictedMs = 0 } = result.ok ? result.answer : result.failure;
  if (tokens !== undefined)
    span.setAttributes({ "spillway.tokens": tokens, "spillway.edge.predicted_ms": predictedMs });
  if (!result.ok) {
    const { ranMs, reason } = result.failure;
    if (ranMs !== undefined) span.setAttribute("spillway.edge.run_ms", ranMs);
    return edgeBilled({ runMs: ranMs ?? null, predictedMs, failure: reason, isShadow });
  }
  const { queueMs = 0, runMs } = result.answer.timings;
  span.setAttributes({ "spillway.edge.queue_ms": queueMs, "spillway.edge.run_ms": runMs });
  return edgeBilled({ runMs, predictedMs, failure: null, isShadow });
}

function recordOriginUse(span: Span, result: SideResult, roundTripMs: number): Billed[] {
  const { usage, trace } = result.ok ? result.answer : result.failure;
  if (trace !== undefined) recordOriginTrace(span, trace);
  const { billed, isAssumed } = originBilled({ usage, roundTripMs, failure: result.ok ? null : result.failure.reason });
  if (isAssumed) span.setAttribute("spillway.cost.assumed", true);
  return billed;
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
