/** One text: admit → decide → run at the edge | call the origin. */
import type { Policy } from "../../policies/schema.ts";
import { type MeasuredText, measure } from "../admit/measure.ts";
import type { Caller } from "../authenticate/caller.ts";
import { decide, factsOf } from "../decide/decide.ts";
import type { RefusedRoute, Route } from "../decide/route.ts";
import { mismatch } from "../origin/mismatch.ts";
import type { InputOutcome } from "../record/outcome.ts";
import { ok, type Refusal, type RefusalReason, type Result, refused } from "../refusal.ts";
import { inSpanAtOnce } from "../telemetry/span.ts";
import type { Call, Classifier, SideAnswer, SideFailure, World } from "../world.ts";
import { TextAttempts } from "./attempt.ts";
import { type AttemptsEnd, attemptRoute, isFinal } from "./attempts.ts";

export interface Classified {
  measured: MeasuredText;
  answer: SideAnswer;
  outcome: InputOutcome;
  attempts: TextAttempts;
}

/** The two special tokens of a text, which an origin does not count. */
const FRAME_TOKENS = 2;
/** Callers are asked to come back no sooner than this. */
const RETRY_AFTER_MIN_MS = 1000;

export async function classify(
  text: string,
  caller: Caller,
  policy: Policy,
  world: World,
  call: Call,
): Promise<Result<Classified> & { costUsd: number }> {
  const { edge, clock, retryBudget } = world;
  const attempts = new TextAttempts();
  const measured = inSpanAtOnce("admit", {}, (span) => {
    const measured = measure(text, caller, policy.edge.stickyBy, edge, call);
    if (measured.numbers.tokens !== null) span.setAttribute("spillway.tokens", measured.numbers.tokens);
    return measured;
  });
  retryBudget.countText(clock.nowMs());
  // From here to the place in the queue nothing is awaited: each decision sees those before it.
  const route = decided(measured, policy, world);
  if (route.side === "refuse") return { ...refused(refusalOfRoute(route)), costUsd: 0 };
  const ended = await attemptRoute(route, measured, policy, world, call, attempts);
  const { costUsd } = attempts;
  if (!ended.ok) return { ...refused(whyNot(ended, cooldownMs(measured, policy, world))), costUsd };
  return { ...ok(classified(ended, measured, edge.classifier(), attempts)), costUsd };
}

function decided({ numbers }: MeasuredText, policy: Policy, { edge, origins, clock }: World): Route {
  return inSpanAtOnce("decide", {}, (span) => {
    const conditions = { edge: edge.conditions(), origins: origins.conditions() };
    const route = decide(numbers, policy, conditions, clock.nowMs());
    span.setAttributes({
      "spillway.route": route.side,
      "spillway.because": route.because,
      ...(route.side === "origin" && { "spillway.origin": route.origin }),
      ...(numbers.tokens !== null && { "spillway.tokens": numbers.tokens }),
      ...(numbers.edgeRunMs !== null && { "spillway.edge.predicted_ms": numbers.edgeRunMs }),
      "spillway.edge.queue_ms": conditions.edge.queueMs,
    });
    return route;
  });
}

function classified(
  { answer, route, firstFailure }: AttemptsEnd & { ok: true },
  measured: MeasuredText,
  edge: Classifier | null,
  attempts: TextAttempts,
): Classified {
  const { model, timings } = answer;
  return {
    measured,
    answer,
    attempts,
    outcome: {
      side: route.side,
      because: route.because,
      tokens: route.side === "origin" ? tokensOf(answer) : measured.numbers.tokens,
      model,
      firstFailure: firstFailure?.reason ?? null,
      // Only told: another label set is better than no answer, and whoever deploys an origin can mend it.
      originProblem: route.side === "origin" ? (mismatch(answer, edge)?.code ?? null) : null,
      queueMs: timings.queueMs ?? 0,
      runMs: timings.runMs,
    },
  };
}

/** Of a long text only the beginning is counted here, as far as it takes to know its side; the origin has counted it all. */
function tokensOf({ windows }: SideAnswer): number {
  return windows.reduce((sum, { tokens }) => sum + tokens, FRAME_TOKENS);
}

function refusalOfRoute({ because, retryAfterMs }: RefusedRoute): Refusal {
  if (because !== "residency") return unavailable(because, retryAfterMs);
  const publicText = "This text may not be classified for callers where you are.";
  return { code: "residency", publicText, reason: because };
}

function whyNot({ first, second }: AttemptsEnd & { ok: false }, cooldownMs: number): Refusal {
  const last = typeof second === "string" ? first : second;
  if (isFinal(last)) return final(last);
  const retryAfterMs = Math.max(cooldownMs, first.retryAfterMs ?? 0, last.retryAfterMs ?? 0);
  if (second === "budget") return unavailable("retry-budget", retryAfterMs);
  if (typeof second !== "string") return unavailable("both-failed", retryAfterMs);
  if (first.reason === "timeout") {
    return { code: "timeout", publicText: "The text took too long to classify. Try again.", reason: "origin-timeout" };
  }
  return unavailable(first.reason, retryAfterMs);
}

function final({ kind, reason }: SideFailure): Refusal {
  if (kind === "aborted") return { code: "timeout", publicText: "The request was cancelled.", reason };
  return {
    code: "too-large",
    publicText: "A text has more tokens than can be classified. Send a shorter one.",
    reason,
  };
}

/** Until the first origin that may see the text may be called again; 0 where that is now, or where there is none. */
function cooldownMs({ numbers }: MeasuredText, policy: Policy, { edge, origins, clock }: World): number {
  const conditions = { edge: edge.conditions(), origins: origins.conditions() };
  const { origin } = factsOf(numbers, policy, conditions);
  return Math.max(0, (origin?.retryAtMs ?? 0) - clock.nowMs());
}

function unavailable(reason: RefusalReason, retryAfterMs: number): Refusal {
  return {
    code: "unavailable",
    publicText: "No model can answer right now. Try again after the time in Retry-After.",
    reason,
    retryAfterMs: Math.max(RETRY_AFTER_MIN_MS, retryAfterMs),
  };
}
