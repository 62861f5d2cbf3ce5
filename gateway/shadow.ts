/** After the answer is out, the same text on the other side, to compare. It changes no answer, breaker, estimate or budget. */
import type { Policy } from "../policies/schema.ts";
import type { Admitted } from "./admit/admit.ts";
import { insideShare, keyedBucket } from "./decide/bucket.ts";
import { otherSide } from "./decide/decide.ts";
import type { Side } from "./decide/route.ts";
import { inSpan, recordFailure } from "./record/span.ts";
import { toRow } from "./respond/scores.ts";
import { runOn } from "./run-on.ts";
import type { SideRoute } from "./tries.ts";
import type { Call, SideAnswer, World } from "./world.ts";

/** A share of its own: who is shadowed has nothing to do with who is inside the edge's share. */
const SALT = "spillway-shadow";

export function shadow(
  answered: { side: Side; answer: SideAnswer },
  admitted: Admitted,
  policy: Policy,
  world: World,
  call: Call,
): void {
  if (!insideShare(keyedBucket(SALT, call.requestId), policy.shadow.share)) return;
  call.afterAnswer(async () => {
    const route = shadowRoute(answered.side, admitted, policy, world);
    if (route !== null) await compare(route, answered.answer, admitted, policy, world, call);
  });
}

/** Null where the other side may not see the text, could not take it, or has better things to do. */
function shadowRoute(side: Side, { numbers }: Admitted, policy: Policy, world: World): SideRoute | null {
  const edge = world.edge.conditions();
  const route = otherSide(side, numbers, policy, { edge, origins: world.origins.conditions() });
  if (route === null || route.side === "refuse") return null;
  if (route.side === "edge" && (edge.model !== "ready" || edge.queueMs > 0)) return null;
  return route;
}

async function compare(
  route: SideRoute,
  answer: SideAnswer,
  admitted: Admitted,
  policy: Policy,
  world: World,
  call: Call,
): Promise<void> {
  await inSpan("shadow", { "spillway.shadow.side": route.side }, async (span) => {
    // The caller may hang up now; the comparison is not theirs.
    const mine: Call = { ...call, isShadow: true, signal: new AbortController().signal };
    const result = await runOn(route, admitted, policy, world, mine);
    if (!result.ok) return recordFailure(span, result.failure.reason);
    span.setAttributes({
      ...agreement(answer, result.answer),
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
    "spillway.shadow.agrees": one?.[0]?.label === other?.[0]?.label,
    "spillway.shadow.score_distance": Math.max(0, ...distances),
  };
}
