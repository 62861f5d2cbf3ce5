/** Carries a route out: the first attempt, and one more if it fails (fallback: the other side, or another origin) or is slow (hedge). */
import { LostToOtherSide } from "../call.ts";
import type { SideRoute } from "../decide/route.ts";
import type { AttemptKind } from "../record/events.ts";
import { conditionsOf, type SideAnswer, type SideFailure, type SideResult } from "../sides.ts";
import type { World } from "../world.ts";
import { attemptOn, type TextInFlight } from "./attempt.ts";

export type AttemptsEnd =
  | { ok: true; answer: SideAnswer; route: SideRoute; firstFailure: SideFailure | null }
  /** `second`: why there was no other answer either: its failure, or that it was not possible or not in the budget. */
  | { ok: false; first: SideFailure; second: SideFailure | "impossible" | "budget" };

interface RunningAttempt {
  route: SideRoute;
  result: Promise<SideResult>;
  /** Ends the attempt because the other side has answered; it then feeds no breaker. */
  lose(): void;
}

/** Makes the attempts of one text, at most two, and resolves to the first good answer or to the failures. */
export async function attemptRoute(route: SideRoute, text: TextInFlight, world: World): Promise<AttemptsEnd> {
  const { decisions, caller } = text;
  const conditions = () => conditionsOf(world.sides, caller);
  const hedgeAfterMs = decisions.hedgeAfterMs(route, conditions());
  let result: SideResult;
  // Only an attempt that has a hedge can lose.
  if (hedgeAfterMs === null) result = await attemptOn(route, "first", text, world);
  else {
    const first = beginRacer(route, "first", text, world);
    const early = await Promise.race([first.result, world.clock.wait(hedgeAfterMs).then(() => "slow" as const)]);
    if (early === "slow") {
      const hedge = withinBudget(decisions.hedge(route.side, conditions()), text, world);
      if (typeof hedge !== "string") return race(first, beginRacer(hedge, "hedge", text, world));
    }
    result = early === "slow" ? await first.result : early;
  }
  if (result.ok) return { ok: true, answer: result.answer, route, firstFailure: null };
  if (isFinal(result.failure)) return { ok: false, first: result.failure, second: "impossible" };
  const next = withinBudget(decisions.fallback(route, conditions(), result.failure.reason), text, world);
  if (typeof next === "string") return { ok: false, first: result.failure, second: next };
  const second = await attemptOn(next, "fallback", text, world);
  return second.ok
    ? { ok: true, answer: second.answer, route: next, firstFailure: result.failure }
    : { ok: false, first: result.failure, second: second.failure };
}

/** The caller is gone, the text is too long for any side, or the model accepts no pairs: another attempt would not help. */
export function isFinal({ kind, reason }: SideFailure): boolean {
  return kind === "aborted" || reason === "http-413" || reason === "no-pairs";
}

/** The route if there is one and the retry budget has an attempt left, which it then spends. */
function withinBudget(
  other: SideRoute | null,
  { policy }: TextInFlight,
  { capacity, clock }: World,
): SideRoute | "impossible" | "budget" {
  if (other === null) return "impossible";
  return capacity.retryBudget.take(policy.retryBudget, clock.nowMs()) ? other : "budget";
}

function beginRacer(to: SideRoute, kind: AttemptKind, text: TextInFlight, world: World): RunningAttempt {
  const { lifetime } = text;
  const losing = new AbortController();
  const signal = AbortSignal.any([lifetime.signal, losing.signal]);
  const result = attemptOn(to, kind, { ...text, lifetime: { ...lifetime, signal } }, world);
  const lose = () => {
    losing.abort(new LostToOtherSide());
    // Its span and its cost are still to come.
    lifetime.keepAlive(result);
  };
  return { route: to, result, lose };
}

/** The first good answer wins and the other attempt is ended. If one fails, the other is waited for. */
async function race(first: RunningAttempt, second: RunningAttempt): Promise<AttemptsEnd> {
  const settle = async (own: RunningAttempt, other: RunningAttempt) => {
    const result = await own.result;
    return result.ok ? { own, other, answer: result.answer } : Promise.reject(result.failure);
  };
  try {
    const won = await Promise.any([settle(first, second), settle(second, first)]);
    won.other.lose();
    return { ok: true, answer: won.answer, route: won.own.route, firstFailure: null };
  } catch {
    const [one, other] = await Promise.all([first.result, second.result]);
    if (one.ok || other.ok) throw new Error("a good answer was lost between two attempts");
    return { ok: false, first: one.failure, second: other.failure };
  }
}
