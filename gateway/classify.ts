/** One text: admit → decide → run at the edge | call the origin. */
import type { Policy } from "../policies/schema.ts";
import { admit } from "./admit/admit.ts";
import type { Caller } from "./authenticate/authenticate.ts";
import { decide } from "./decide/decide.ts";
import type { Route } from "./decide/route.ts";
import { mismatch } from "./origin/mismatch.ts";
import type { InputOutcome } from "./outcome.ts";
import { inSpan } from "./record/span.ts";
import { ok, type Refusal, type Result, refused } from "./refusal.ts";
import { shadow } from "./shadow.ts";
import { isFinal, type Tried, tryRoute } from "./tries.ts";
import type { Call, Classifier, SideAnswer, SideFailure, World } from "./world.ts";

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
  const { edge, origins, clock, retryBudget } = world;
  const admitted = await inSpan("admit", {}, (span) => {
    const measured = admit(text, caller, policy.edge.stickyBy, edge, call);
    if (measured.numbers.tokens !== null) span.setAttribute("spillway.tokens", measured.numbers.tokens);
    return measured;
  });
  retryBudget.noteText(clock.nowMs());
  const conditions = { edge: edge.conditions(), origins: origins.conditions() };
  const route = decide(admitted.numbers, policy, conditions, clock.nowMs());
  if (route.side === "refuse") return refused(turnedAway(route));
  const tried = await tryRoute(route, admitted, policy, world, call);
  if (!tried.ok) return refused(whyNot(tried, world));
  shadow({ side: tried.route.side, answer: tried.answer }, admitted, policy, world, call);
  return ok(classified(tried, admitted.numbers.tokens, edge.classifier()));
}

function classified(
  { answer, route, firstFailure }: Tried & { ok: true },
  tokens: number | null,
  edge: Classifier | null,
): Classified {
  const { model, timings } = answer;
  return {
    answer,
    outcome: {
      side: route.side,
      because: route.because,
      tokens,
      model,
      firstFailure: firstFailure?.reason ?? null,
      // Only told: another label set is better than no answer, and whoever deploys an origin can mend it.
      originProblem: route.side === "origin" ? (mismatch(answer, edge)?.code ?? null) : null,
      queueMs: timings.queueMs ?? 0,
      runMs: timings.runMs,
    },
  };
}

function turnedAway({ because, retryAfterMs }: Route & { side: "refuse" }): Refusal {
  if (because !== "residency") return unavailable(because, retryAfterMs);
  const publicText = "This text may not be classified for callers where you are.";
  return { code: "residency", publicText, reason: because };
}

function whyNot({ first, second }: Tried & { ok: false }, world: World): Refusal {
  const last = typeof second === "string" ? first : second;
  if (isFinal(last)) return final(last);
  if (second === "budget") return unavailable("retry-budget", cooldownMs(world));
  if (typeof second !== "string") return unavailable("both-failed", cooldownMs(world));
  if (first.reason === "timeout") {
    return { code: "timeout", publicText: "The text took too long to classify. Try again.", reason: "origin-timeout" };
  }
  return unavailable(first.reason, cooldownMs(world));
}

function final({ kind, reason }: SideFailure): Refusal {
  if (kind === "aborted") return { code: "timeout", publicText: "The request was cancelled.", reason };
  return {
    code: "too-large",
    publicText: "A text has more tokens than can be classified. Send a shorter one.",
    reason,
  };
}

/** Until the first origin may be called again. */
function cooldownMs({ origins, clock }: World): number {
  const retries = origins.conditions().map(({ retryAtMs }) => retryAtMs ?? clock.nowMs());
  return Math.max(0, Math.min(...retries) - clock.nowMs());
}

function unavailable(reason: string, retryAfterMs: number): Refusal {
  return {
    code: "unavailable",
    publicText: "No model can answer right now. Try again after the time in Retry-After.",
    reason,
    retryAfterMs: Math.max(RETRY_AFTER_MIN_MS, retryAfterMs),
  };
}
