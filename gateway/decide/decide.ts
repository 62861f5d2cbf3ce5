/** Pure: no I/O, no clock, no randomness, no binding. The first rule that holds decides; then the side must be able to. */
import type { Policy } from "../../policies/schema.ts";
import type { Conditions, Facts, TextNumbers } from "./facts.ts";
import { pickOrigin } from "./pick-origin.ts";
import { permittedIn } from "./residency.ts";
import type { RefusedRoute, Route, RuleBecause, Side, SideRoute } from "./route.ts";
import { excessWaitMs, isForbidden, isTooLong, RULES } from "./rules.ts";

/** Where the text goes first. */
export function decide(text: TextNumbers, policy: Policy, conditions: Conditions, nowMs: number): Route {
  const facts = factsOf(text, policy, conditions);
  if (isForbidden(facts)) return refuse("residency", 0);
  const { side, because } = firstOf(facts);
  return side === "edge" ? toEdge(facts, because) : toOrigin(facts, because, nowMs);
}

/**
 * The one second try after a failure: the other side, where it may and could answer, whatever the share and the queue say.
 * Null when it cannot. A cold edge can: it is worth waiting for when nothing else answers.
 */
export function otherSide(failed: Side, text: TextNumbers, policy: Policy, conditions: Conditions): SideRoute | null {
  const facts = factsOf(text, policy, conditions);
  if (failed === "origin") return unusableReason(facts) === null ? { side: "edge", because: "origin-failed" } : null;
  const { origin } = facts;
  return origin?.breakerAllows ? { side: "origin", because: "edge-failed", origin: origin.name } : null;
}

/**
 * The second try while the first is under way. Nobody has failed yet, so it must be worth it: never against an override, nor to
 * an edge that would have to load or to be waited for.
 */
export function hedgeSide(first: Side, text: TextNumbers, policy: Policy, conditions: Conditions): SideRoute | null {
  const other = otherSide(first, text, policy, conditions);
  if (other === null || policy.override !== null) return null;
  const { model, queueMs } = conditions.edge;
  const isEdgeAtHand = model === "ready" && queueMs <= policy.edge.maxQueueMs;
  return other.side === "edge" && !isEdgeAtHand ? null : { ...other, because: "hedge" };
}

/** How long the first side has before a hedge goes out, in ms; null where none does, or the side's P95 is not known yet. */
export function hedgeAfterMs(first: SideRoute, { hedge }: Policy, { edge, origins }: Conditions): number | null {
  if (!hedge.enabled) return null;
  if (hedge.afterMs !== null) return hedge.afterMs;
  if (first.side === "edge") return edge.p95Ms;
  return origins.find(({ name }) => name === first.origin)?.p95Ms ?? null;
}

/** Where a text is compared after its answer; null where that side may not see it, could not take it, or has better things to do. */
export function shadowSide(
  answered: Side,
  text: TextNumbers,
  policy: Policy,
  conditions: Conditions,
): SideRoute | null {
  const other = otherSide(answered, text, policy, conditions);
  const { model, queueMs } = conditions.edge;
  return other?.side === "edge" && (model !== "ready" || queueMs > 0) ? null : other;
}

/** What the rules look at: the text's numbers and the conditions, less what residency forbids. */
export function factsOf(text: TextNumbers, policy: Policy, { edge, origins }: Conditions): Facts {
  const permitted = permittedIn(policy.residency, text.location);
  const mayBeCalled = origins.filter(({ name }) => permitted.origin(name));
  return { text, policy, edge, permitted, origin: pickOrigin(mayBeCalled, text.stickyKey) };
}

function firstOf(facts: Facts): { side: Side; because: RuleBecause } {
  for (const { because, side } of RULES) {
    const found = side(facts);
    if (found !== null) return { side: found, because };
  }
  return { side: "edge", because: "within-share" };
}

/** Rules name the edge only where it is ready, but for residency, which may leave nothing else. */
function toEdge(facts: Facts, because: RuleBecause): Route {
  return unusableReason(facts) ?? { side: "edge", because };
}

function toOrigin(facts: Facts, because: RuleBecause, nowMs: number): Route {
  const { origin } = facts;
  if (origin?.breakerAllows) return { side: "origin", because, origin: origin.name };
  const hindered = unusableReason(facts);
  if (hindered === null) return { side: "edge", because: "origin-unavailable" };
  if (hindered.because === "edge-busy") return hindered;
  return refuse("origin-unavailable", Math.max(0, (origin?.retryAtMs ?? nowMs) - nowMs));
}

/** What keeps the edge from taking the text, share and `maxQueueMs` aside; null when nothing does. */
function unusableReason(facts: Facts): RefusedRoute | null {
  const { model, breakerAllows } = facts.edge;
  if (!facts.permitted.edge || isTooLong(facts)) return refuse("residency", 0);
  if (model === "rejected" || !breakerAllows) return refuse("edge-unavailable", 0);
  const excessMs = excessWaitMs(facts);
  return excessMs > 0 ? refuse("edge-busy", excessMs) : null;
}

function refuse(because: RefusedRoute["because"], retryAfterMs: number): RefusedRoute {
  return { side: "refuse", because, retryAfterMs };
}
