/** One try on one side, and the span that tells of it. */
import type { Span } from "@opentelemetry/api";
import type { Policy } from "../../policies/schema.ts";
import type { MeasuredText } from "../admit/measure.ts";
import type { Side, SideRoute } from "../decide/route.ts";
import type { Report } from "../record/events.ts";
import { inCallSpan, inSpan, recordFailure, recordOriginTrace } from "../telemetry/span.ts";
import type { Call, Edge, SideFailure, SideResult, Tokenized, World } from "../world.ts";
import { edgeCostUsd, originCost } from "./cost.ts";

export interface AttemptContext {
  kind: AttemptKind;
  /** Of the same text. */
  attempts: TextAttempts;
}

export function attemptOn(
  route: SideRoute,
  measured: MeasuredText,
  policy: Policy,
  world: World,
  call: Call,
  attempt: AttemptContext,
): Promise<SideResult> {
  return route.side === "edge"
    ? runAtEdge(measured, policy, world, call, attempt)
    : callOrigin(route.origin, measured, policy, world, call, attempt);
}

function runAtEdge(
  measured: MeasuredText,
  policy: Policy,
  { edge, report }: World,
  call: Call,
  attempt: AttemptContext,
): Promise<SideResult> {
  return inSpan("edge inference", {}, async (span) => {
    attempt.attempts.begin(span, attempt.kind);
    // A cold isolate may not have counted the tokens; now that the edge must answer, they are needed.
    const tokenized = measured.tokenized ?? (await edge.tokenizeWhenLoaded(measured.text, call));
    const tokens = tokenized?.tokenIds.length ?? 0;
    const predictedMs = (tokenized && edge.predictedRunMs(tokens)) ?? 0;
    if (tokenized !== null)
      span.setAttributes({ "spillway.tokens": tokens, "spillway.edge.predicted_ms": predictedMs });
    const result = await runIfItFits(tokenized, policy, edge, call);
    span.setAttribute("spillway.edge.heap_bytes", edge.status().heapBytes);
    if (result.ok) {
      const { queueMs = 0, runMs } = result.answer.timings;
      span.setAttributes({ "spillway.edge.queue_ms": queueMs, "spillway.edge.run_ms": runMs });
      pay("edge", attempt, span, edgeCostUsd({ runMs, predictedMs, failure: null }), report);
    } else {
      pay("edge", attempt, span, edgeCostUsd({ runMs: null, predictedMs, failure: result.failure.reason }), report);
    }
    recordAttemptEnd(span, result, call.signal);
    return result;
  });
}

/** Not a microtask before the edge is asked: the place in the queue is taken in the same turn as the decision. */
function runIfItFits(
  tokenized: Tokenized | null,
  policy: Policy,
  edge: Edge,
  call: Call,
): SideResult | Promise<SideResult> {
  if (tokenized === null) return failed("edge-no-tokenizer");
  const mostTokens = Math.min(policy.edge.maxTokens, edge.conditions().maxTokens ?? 0);
  return tokenized.tokenIds.length > mostTokens ? failed("edge-too-long") : edge.run(tokenized, call);
}

function callOrigin(
  origin: string,
  { text }: MeasuredText,
  policy: Policy,
  { origins, clock, report }: World,
  call: Call,
  attempt: AttemptContext,
): Promise<SideResult> {
  return inCallSpan("POST", { "spillway.origin": origin }, async (span) => {
    attempt.attempts.begin(span, attempt.kind);
    const startedAtMs = clock.nowMs();
    const limits = { timeoutMs: policy.origin.timeoutMs, maxTokens: policy.limits.originTokens };
    const result = await origins.call(origin, text, limits, call);
    const { usage, trace } = result.ok ? result.answer : result.failure;
    if (trace !== undefined) recordOriginTrace(span, trace);
    const failure = result.ok ? null : result.failure.reason;
    const { usd, isAssumed } = originCost({ usage, roundTripMs: clock.nowMs() - startedAtMs, failure });
    if (isAssumed) span.setAttribute("spillway.cost.assumed", true);
    pay("origin", attempt, span, usd, report);
    recordAttemptEnd(span, result, call.signal);
    return result;
  });
}

function pay(side: Side, { kind, attempts }: AttemptContext, span: Span, costUsd: number, report: Report): void {
  attempts.end(span, costUsd);
  report({ kind: "try-paid", side, attemptKind: kind, costUsd });
}

function failed(reason: SideFailure["reason"]): SideResult {
  return { ok: false, failure: { reason, kind: "failed" } };
}

/** What one text's tries leave behind: their spans, of which the first is linked to by every later one, and what they cost. */

export type AttemptKind = "first" | "hedge" | "fallback" | "shadow";

export class TextAttempts {
  #first: Span | undefined;
  #costUsd = 0;

  /** Of the tries that are over, in US dollars. */
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

/** How a try ended, onto its span. An error is only what the side is at fault for: a loser, or a caller who left, is no error. */

export function recordAttemptEnd(span: Span, result: SideResult, signal: AbortSignal): void {
  // An edge that has begun runs to its end, whoever has answered meanwhile.
  if (signal.aborted) span.setAttribute("spillway.aborted", true);
  if (result.ok) return;
  const { reason, kind } = result.failure;
  span.setAttribute("spillway.failure", reason);
  // By the convention of HTTP: the status where there was one.
  if (kind === "failed") recordFailure(span, reason.startsWith("http-") ? reason.slice("http-".length) : reason);
}
