/** After the answer is out, the same text on the other side, to compare. It changes no answer, breaker, estimate or budget. */
import type { Policy } from "../../policies/schema.ts";
import { shadowSide } from "../decide/decide.ts";
import type { SideRoute } from "../decide/route.ts";
import { insideShare, saltedBasisPointsOf } from "../decide/share.ts";
import { Leases } from "../resilience/leases.ts";
import { inSpan, recordFailure } from "../telemetry/span.ts";
import type { Call, SideAnswer, World } from "../world.ts";
import { attemptOn } from "./attempt.ts";
import { toRow } from "./scores.ts";
import type { Classified } from "./text.ts";

/** A share of its own: who is shadowed has nothing to do with who is inside the edge's share. */
const SALT = "spillway-shadow";
/** Comparing must not use up what callers need: an origin's concurrency, the isolate's thread. */
const AT_ONCE = 2;
/** `waitUntil` ends 30 s after the answer. */
const UNTIL_MS = 20_000;

/** How many comparisons are under way in an isolate; each expires by itself, as its request may die. */
export function newShadowLeases(): Leases {
  return new Leases(AT_ONCE, 2 * UNTIL_MS);
}

/** The request's texts, one after another: what comes in meanwhile finds at most one of them before it. */
export function shadow(texts: readonly Classified[], policy: Policy, world: World, call: Call): void {
  if (!insideShare(saltedBasisPointsOf(SALT, call.requestId), policy.shadow.share)) return;
  const { clock, shadowLeases } = world;
  call.afterAnswer(async () => {
    const untilMs = clock.nowMs() + UNTIL_MS;
    for (const text of texts) {
      const nowMs = clock.nowMs();
      if (nowMs > untilMs) return;
      const route = shadowRoute(text, policy, world);
      const lease = route === null ? undefined : shadowLeases.take(1, nowMs);
      if (route === null || lease === undefined) continue;
      try {
        await compare(route, text, policy, world, call);
      } finally {
        shadowLeases.give(lease);
      }
    }
  });
}

function shadowRoute({ outcome, measured }: Classified, policy: Policy, { edge, origins }: World): SideRoute | null {
  const conditions = { edge: edge.conditions(), origins: origins.conditions() };
  return shadowSide(outcome.side, measured.numbers, policy, conditions);
}

async function compare(
  route: SideRoute,
  { answer, measured, attempts }: Classified,
  policy: Policy,
  world: World,
  call: Call,
): Promise<void> {
  await inSpan("shadow", { "spillway.shadow.side": route.side }, async (span) => {
    // The caller may hang up now; the comparison is not theirs.
    const mine: Call = { ...call, isShadow: true, signal: new AbortController().signal };
    const result = await attemptOn(route, measured, policy, world, mine, { kind: "shadow", attempts });
    if (!result.ok) return recordFailure(span, result.failure.reason);
    const { agrees, scoreDistance } = agreement(answer, result.answer);
    world.report({ kind: "shadow", side: route.side, agrees, scoreDistance });
    span.setAttributes({
      "spillway.shadow.agrees": agrees,
      "spillway.shadow.score_distance": scoreDistance,
      "spillway.shadow.answered_ms": answer.timings.runMs,
      "spillway.shadow.ms": result.answer.timings.runMs,
    });
  });
}

function agreement(answered: SideAnswer, shadowed: SideAnswer) {
  const [one, other] = [answered, shadowed].map((answer) => toRow(answer, undefined, undefined));
  const scoreOf = (label: string) => other?.find((row) => row.label === label)?.score ?? 0;
  const distances = (one ?? []).map(({ label, score }) => Math.abs(score - scoreOf(label)));
  return {
    agrees: one?.[0]?.label === other?.[0]?.label,
    scoreDistance: Math.max(0, ...distances),
  };
}
