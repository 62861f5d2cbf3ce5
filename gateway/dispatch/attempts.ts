/** Carries a route out: the first side, and one second try on the other when it fails, or when a hedge finds it slow. */
import type { Policy } from "../../policies/schema.ts";
import type { MeasuredText } from "../admit/measure.ts";
import { hedgeAfterMs, hedgeSide, otherSide } from "../decide/decide.ts";
import type { SideRoute } from "../decide/route.ts";
import {
  type Call,
  LostToOtherSide,
  type SideAnswer,
  type SideFailure,
  type SideResult,
  type World,
} from "../world.ts";
import { type AttemptKind, attemptOn, type TextAttempts } from "./attempt.ts";

export type AttemptsEnd =
  | { ok: true; answer: SideAnswer; route: SideRoute; firstFailure: SideFailure | null }
  /** `second` says why there was no other answer either: its failure, or that it could not or may not be tried. */
  | { ok: false; first: SideFailure; second: SideFailure | "impossible" | "budget" };

interface RunningAttempt {
  route: SideRoute;
  result: Promise<SideResult>;
  /** Ends it where the other side has answered; it then feeds no breaker. */
  lose(): void;
}

export async function attemptRoute(
  route: SideRoute,
  measured: MeasuredText,
  policy: Policy,
  world: World,
  call: Call,
  attempts: TextAttempts,
): Promise<AttemptsEnd> {
  const begin = (kind: AttemptKind, to: SideRoute): RunningAttempt => {
    const losing = new AbortController();
    const mine = { ...call, signal: AbortSignal.any([call.signal, losing.signal]) };
    const result = attemptOn(to, measured, policy, world, mine, { kind, attempts });
    const lose = () => {
      losing.abort(new LostToOtherSide());
      // Its span and its cost are still to come.
      call.keepAlive(result);
    };
    return { route: to, result, lose };
  };
  const second = (pick: typeof otherSide) => secondRoute(pick, route, measured, policy, world);
  const first = begin("first", route);
  const early = await Promise.race([first.result, slowness(route, policy, world)]);
  if (early === "slow") {
    const hedge = second(hedgeSide);
    if (typeof hedge !== "string") return race(first, begin("hedge", hedge));
  }
  const result = early === "slow" ? await first.result : early;
  if (result.ok) return { ok: true, answer: result.answer, route, firstFailure: null };
  if (isFinal(result.failure)) return { ok: false, first: result.failure, second: "impossible" };
  const next = second(otherSide);
  if (typeof next === "string") return { ok: false, first: result.failure, second: next };
  const { result: again } = begin("fallback", next);
  const settled = await again;
  return settled.ok
    ? { ok: true, answer: settled.answer, route: next, firstFailure: result.failure }
    : { ok: false, first: result.failure, second: settled.failure };
}

/** The caller is gone, or the text is too long for any side: another try would not help. */
export function isFinal({ kind, reason }: SideFailure): boolean {
  return kind === "aborted" || reason === "http-413";
}

/** The other side where `pick` names it and the budget has a try left, which is then taken. */
function secondRoute(
  pick: typeof otherSide,
  first: SideRoute,
  { numbers }: MeasuredText,
  policy: Policy,
  { edge, origins, retryBudget, clock }: World,
): SideRoute | "impossible" | "budget" {
  const conditions = { edge: edge.conditions(), origins: origins.conditions() };
  const other = pick(first.side, numbers, policy, conditions);
  if (other === null) return "impossible";
  return retryBudget.take(policy.retryBudget, clock.nowMs()) ? other : "budget";
}

/** Resolves when the first side has taken longer than a hedge waits; never where nothing is hedged. */
async function slowness(route: SideRoute, policy: Policy, { edge, origins, clock }: World): Promise<"slow"> {
  const afterMs = hedgeAfterMs(route, policy, { edge: edge.conditions(), origins: origins.conditions() });
  if (afterMs === null) return new Promise(() => {});
  await clock.wait(afterMs);
  return "slow";
}

/** The first good answer wins and the other attempt is ended; where one fails, the other is waited for. */
async function race(first: RunningAttempt, second: RunningAttempt): Promise<AttemptsEnd> {
  const settle = async (mine: RunningAttempt, other: RunningAttempt) => {
    const result = await mine.result;
    return result.ok ? { mine, other, answer: result.answer } : Promise.reject(result.failure);
  };
  try {
    const won = await Promise.any([settle(first, second), settle(second, first)]);
    won.other.lose();
    return { ok: true, answer: won.answer, route: won.mine.route, firstFailure: null };
  } catch {
    const [one, other] = await Promise.all([first.result, second.result]);
    if (one.ok || other.ok) throw new Error("a good answer was lost between two tries");
    return { ok: false, first: one.failure, second: other.failure };
  }
}
