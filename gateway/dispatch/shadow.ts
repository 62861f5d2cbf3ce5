/** After the answer is out, the same texts on the other side, to compare. It changes no answer, breaker, estimate or budget. */

import type { SideRoute } from "../decide/route.ts";
import { conditionsOf, type SideAnswer } from "../sides.ts";
import { inSpan, recordFailure } from "../telemetry/span.ts";
import type { World } from "../world.ts";
import { attemptOn } from "./attempt.ts";
import { toRow } from "./scores.ts";
import { MAX_SHADOW_MS } from "./shadows.ts";
import type { Classified } from "./text.ts";

/** Compares the request's texts one after another: a text that arrives meanwhile finds at most one of them before it. */
export async function shadow(texts: readonly Classified[], world: World): Promise<void> {
  const { clock, sides, capacity } = world;
  const untilMs = clock.nowMs() + MAX_SHADOW_MS;
  for (const classified of texts) {
    const nowMs = clock.nowMs();
    if (nowMs > untilMs) return;
    const { decisions, caller } = classified.text;
    const route = decisions.shadow(classified.outcome.side, conditionsOf(sides, caller));
    const lease = route === null ? undefined : capacity.shadows.leases.take(1, nowMs);
    if (route === null || lease === undefined) continue;
    try {
      await compare(route, classified, world);
    } finally {
      capacity.shadows.leases.give(lease);
    }
  }
}

async function compare(route: SideRoute, { answer, text, outcome }: Classified, world: World): Promise<void> {
  await inSpan("shadow", { "spillway.shadow.side": route.side }, async (span) => {
    // The caller may hang up now; the comparison is not for the caller.
    const lifetime = { ...text.lifetime, signal: new AbortController().signal };
    const result = await attemptOn(route, "shadow", { ...text, lifetime }, world);
    if (!result.ok) return recordFailure(span, result.failure.reason);
    const { agrees, scoreDistance } = agreement(answer, result.answer);
    const edgeAnswer = route.side === "edge" ? result.answer : answer;
    world.report({
      kind: "shadow",
      ...{ side: route.side, agrees, scoreDistance, model: edgeAnswer.model },
      ...{ arm: outcome.arm, policyVersion: text.policy.version },
      isRepeated: !world.capacity.shadows.isNew(text.measured.text, edgeAnswer.model),
    });
    span.setAttributes({
      "spillway.shadow.agrees": agrees,
      "spillway.shadow.score_distance": scoreDistance,
      "spillway.shadow.answered_ms": answer.timings.runMs,
      "spillway.shadow.ms": result.answer.timings.runMs,
    });
  });
}

/** `scoreDistance`: the largest difference of one label's two scores, 0 to 1. */
function agreement(answered: SideAnswer, shadowed: SideAnswer) {
  const [one, other] = [answered, shadowed].map((answer) => toRow(answer, undefined, undefined));
  const scoreOf = (label: string) => other?.find((row) => row.label === label)?.score ?? 0;
  const distances = (one ?? []).map(({ label, score }) => Math.abs(score - scoreOf(label)));
  return {
    agrees: one?.[0]?.label === other?.[0]?.label,
    scoreDistance: Math.max(0, ...distances),
  };
}
