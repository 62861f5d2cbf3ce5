/** One text from its route to its answer, or to the reason why there is none. */

import { MISMATCHES, mismatch } from "../../formats/model-package/mismatch.ts";
import type { RefusedRoute, Route } from "../decide/route.ts";
import type { InputOutcome } from "../record/outcome.ts";
import { ok, pairsNotAccepted, type Refusal, type RefusalReason, type Result, refuse } from "../refusal.ts";
import { conditionsOf, type SideAnswer, type SideFailure } from "../sides.ts";
import type { World } from "../world.ts";
import type { TextInFlight } from "./attempt.ts";
import { type AttemptsEnd, attemptRoute, isFinal } from "./attempts.ts";

export interface Classified {
  text: TextInFlight;
  answer: SideAnswer;
  outcome: InputOutcome;
}

/** Of a text's answer from a function that does not report its special tokens: those of BERT. */
const DEFAULT_SPECIAL_TOKENS = 2;
/** The shortest Retry-After. */
const MIN_RETRY_AFTER_MS = 1000;

/** `costUsd` is the sum over the text's attempts, whatever came of them. */
export async function dispatch(
  route: Route,
  text: TextInFlight,
  world: World,
): Promise<Result<Classified> & { costUsd: number }> {
  if (route.side === "refuse") return { ...refuse(refusalOfRoute(route)), costUsd: 0 };
  const end = await attemptRoute(route, text, world);
  const { costUsd } = text.attempts;
  if (!end.ok) return { ...refuse(refusalOfAttempts(end, text, world)), costUsd };
  return { ...ok(classified(end, text, world)), costUsd };
}

/**
 * Null if all texts of a request have the same labels. They differ only if an origin answered one of them while this isolate could not
 * read the edge's labels; from then on that origin's answers are not used.
 */
export function refusalOfMixedLabels([first, ...others]: readonly Classified[]): Refusal | null {
  if (first === undefined) return null;
  const [problem] = others.flatMap(({ answer }) => mismatch(answer, first.answer) ?? []);
  return problem === undefined ? null : unavailable(problem.code, MIN_RETRY_AFTER_MS);
}

function classified(
  { answer, route, firstFailure }: AttemptsEnd & { ok: true },
  text: TextInFlight,
  world: World,
): Classified {
  const { model, timings } = answer;
  const tokens = route.side === "origin" ? tokensOf(answer) : (answer.tokens ?? text.measured.numbers.tokens);
  return {
    text,
    answer,
    outcome: {
      side: route.side,
      origin: route.side === "origin" ? route.origin : null,
      arm:
        text.attempts.arm ?? text.attempts.settle(text.decisions.arm(conditionsOf(world.sides, text.caller), tokens)),
      because: route.because,
      tokens,
      model,
      firstFailure: firstFailure?.reason ?? null,
      originProblem: MISMATCHES.find((code) => code === firstFailure?.reason) ?? null,
      queueMs: timings.queueMs ?? 0,
      runMs: timings.runMs,
      tookMs: world.clock.nowMs() - text.admittedAtMs,
    },
  };
}

/** The gateway tokenizes a long text only until it knows the side; the origin has counted all of it. */
function tokensOf({ windows, specialTokens = DEFAULT_SPECIAL_TOKENS }: SideAnswer): number {
  return windows.reduce((sum, { tokens }) => sum + tokens, specialTokens);
}

function refusalOfRoute({ because, retryAfterMs }: RefusedRoute): Refusal {
  if (because === "too-long") return tooLongForEdge;
  if (because !== "residency") return unavailable(because, retryAfterMs);
  return {
    code: "residency",
    publicText: "This text may not be classified for callers at your location.",
    reason: because,
  };
}

function refusalOfAttempts({ first, second }: AttemptsEnd & { ok: false }, text: TextInFlight, world: World): Refusal {
  const last = typeof second === "string" ? first : second;
  if (isFinal(last)) return finalRefusal(last);
  const conditions = conditionsOf(world.sides, text.caller);
  const { decisions } = text;
  if (last.reason === "edge-too-long" && decisions.isEdgeOnly(conditions)) return tooLongForEdge;
  const originRetryAfterMs = decisions.originRetryAfterMs(conditions, world.clock.nowMs());
  const retryAfterMs = Math.max(originRetryAfterMs, first.retryAfterMs ?? 0, last.retryAfterMs ?? 0);
  if (second === "budget") return unavailable("retry-budget", retryAfterMs);
  if (typeof second !== "string") return unavailable("both-failed", retryAfterMs);
  if (first.reason === "timeout") {
    return { code: "timeout", publicText: "The text took too long to classify. Try again.", reason: "origin-timeout" };
  }
  return unavailable(first.reason, retryAfterMs);
}

function finalRefusal({ kind, reason }: SideFailure): Refusal {
  if (kind === "aborted") return { code: "timeout", publicText: "The request was cancelled.", reason };
  if (reason === "no-pairs") return pairsNotAccepted;
  return {
    code: "too-large",
    publicText: "A text has more tokens than can be classified. Send a shorter one.",
    reason,
  };
}

const tooLongForEdge: Refusal = {
  code: "too-large",
  publicText: "A text has more tokens than can be classified for callers at your location. Send a shorter one.",
  reason: "residency-edge-tokens",
};

function unavailable(reason: RefusalReason, retryAfterMs: number): Refusal {
  return {
    code: "unavailable",
    publicText: "No model can answer right now. Try again after the time in Retry-After.",
    reason,
    retryAfterMs: Math.max(MIN_RETRY_AFTER_MS, retryAfterMs),
  };
}
