/** One text: admit → decide → run at the edge | call the origin, and one second try on the other side after a failure. */
import type { Policy } from "../policies/schema.ts";
import { type Admitted, admit } from "./admit/admit.ts";
import type { Caller } from "./authenticate/authenticate.ts";
import { type Conditions, canTake, decide } from "./decide/decide.ts";
import type { Because, Side } from "./decide/route.ts";
import type { InputOutcome } from "./outcome.ts";
import { inSpan, recordFailure } from "./record/span.ts";
import { ok, type Refusal, type Result, refused } from "./refusal.ts";
import type { Call, SideAnswer, SideFailure, SideResult, World } from "./world.ts";

export interface Classified {
  answer: SideAnswer;
  outcome: InputOutcome;
}

/** Callers are asked to come back no sooner than this. */
const RETRY_AFTER_MIN_MS = 1000;

export async function classify(
  text: string,
  caller: Caller,
  policy: Policy,
  world: World,
  call: Call,
): Promise<Result<Classified>> {
  const admitted = await inSpan("admit", {}, (span) => {
    const measured = admit(text, caller, world.edge, call);
    if (measured.numbers.tokens !== null) span.setAttribute("spillway.tokens", measured.numbers.tokens);
    return measured;
  });
  const route = decide(admitted.numbers, policy, conditionsOf(world), world.clock.nowMs());
  if (route.side === "refuse") return refused(unavailable("origin-unavailable", route.retryAfterMs));

  const first = await runOn(route.side, admitted, policy, world, call);
  if (first.ok) return ok(classified(first.answer, route.side, route.because, admitted, null));
  const hopeless = finalRefusal(first.failure);
  if (hopeless) return refused(hopeless);

  const other = route.side === "edge" ? "origin" : "edge";
  if (!canTake(other, admitted.numbers, policy, conditionsOf(world))) return refused(noSideLeft(first.failure, world));
  const second = await runOn(other, admitted, policy, world, call);
  if (second.ok) return ok(classified(second.answer, other, `${route.side}-failed`, admitted, first.failure));
  return refused(finalRefusal(second.failure) ?? unavailable("both-failed", cooldownMs(world)));
}

function conditionsOf({ edge, origin }: World): Conditions {
  return { edge: edge.conditions(), origin: origin.conditions() };
}

async function runOn(side: Side, admitted: Admitted, policy: Policy, world: World, call: Call): Promise<SideResult> {
  if (side === "origin") return world.origin.call(admitted.text, policy.origin.timeoutMs, call);
  // A cold isolate may not have counted the tokens; now that the edge must answer, they are needed.
  const tokenized = admitted.tokenized ?? (await world.edge.tokenizeWhenLoaded(admitted.text, call));
  if (tokenized === null) return { ok: false, failure: { reason: "edge-no-tokenizer", kind: "failed" } };
  const { maxTokens } = world.edge.conditions();
  const tokens = tokenized.tokenIds.length;
  if (tokens > Math.min(policy.edge.maxTokens, maxTokens ?? 0)) {
    return { ok: false, failure: { reason: "edge-too-long", kind: "failed" } };
  }
  return inSpan("edge inference", { "spillway.tokens": tokens }, async (span) => {
    const result = await world.edge.run(tokenized, call);
    span.setAttribute("spillway.edge.heap_bytes", world.edge.status().heapBytes);
    if (result.ok) span.setAttribute("spillway.edge.queue_ms", result.answer.timings.queueMs ?? 0);
    else recordFailure(span, result.failure.reason);
    return result;
  });
}

function classified(
  answer: SideAnswer,
  side: Side,
  because: Because,
  admitted: Admitted,
  firstFailure: SideFailure | null,
): Classified {
  const { model, timings } = answer;
  return {
    answer,
    outcome: {
      side,
      because,
      tokens: admitted.numbers.tokens,
      model,
      firstFailure: firstFailure?.reason ?? null,
      queueMs: timings.queueMs ?? 0,
      runMs: timings.runMs,
    },
  };
}

/** Failures that the other side cannot mend. */
function finalRefusal({ kind, reason }: SideFailure): Refusal | null {
  if (kind === "aborted") return { code: "timeout", publicText: "The request was cancelled.", reason };
  if (reason === "http-413") {
    return {
      code: "too-large",
      publicText: "A text has more tokens than can be classified. Send a shorter one.",
      reason,
    };
  }
  return null;
}

function noSideLeft(failure: SideFailure, world: World): Refusal {
  if (failure.reason === "timeout") {
    return { code: "timeout", publicText: "The text took too long to classify. Try again.", reason: "origin-timeout" };
  }
  return unavailable(failure.reason, cooldownMs(world));
}

function cooldownMs({ origin, clock }: World): number {
  return Math.max(0, (origin.conditions().retryAtMs ?? 0) - clock.nowMs());
}

function unavailable(reason: string, retryAfterMs: number): Refusal {
  return {
    code: "unavailable",
    publicText: "No model can answer right now. Try again after the time in Retry-After.",
    reason,
    retryAfterMs: Math.max(RETRY_AFTER_MIN_MS, retryAfterMs),
  };
}
