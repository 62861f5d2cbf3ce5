/** Pure: no I/O, no clock, no randomness, no binding. The first rule that holds decides; then the side must be able to. */
import type { Policy } from "../../policies/schema.ts";
import type { Conditions, Facts, TextNumbers } from "./facts.ts";
import { pickOrigin } from "./pick-origin.ts";
import { permittedIn } from "./residency.ts";
import type { Route, RuleBecause, Side } from "./route.ts";
import { isTooLong, RULES } from "./rules.ts";

/** Where the text goes first. */
export function decide(text: TextNumbers, policy: Policy, conditions: Conditions, nowMs: number): Route {
  const facts = factsOf(text, policy, conditions);
  if (!facts.permitted.edge && facts.origin === null) return refuse("residency", 0);
  const { side, because } = firstOf(facts);
  return side === "edge" ? toEdge(facts, because) : toOrigin(facts, because, nowMs);
}

/**
 * The one second try after a failure: the other side, where it may and could answer, whatever the share and the queue say.
 * Null when it cannot. A cold edge can: it is worth waiting for when nothing else answers.
 */
export function otherSide(failed: Side, text: TextNumbers, policy: Policy, conditions: Conditions): Route | null {
  const facts = factsOf(text, policy, conditions);
  if (failed === "origin") return edgeCan(facts) ? { side: "edge", because: "origin-failed" } : null;
  const { origin } = facts;
  return origin?.breakerAllows ? { side: "origin", because: "edge-failed", origin: origin.name } : null;
}

/** What the rules look at: the text's numbers and the conditions, less what residency forbids. */
export function factsOf(text: TextNumbers, policy: Policy, { edge, origins }: Conditions): Facts {
  const permitted = permittedIn(policy.residency, text.place);
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
  if (edgeCan(facts)) return { side: "edge", because };
  return refuse(isTooLong(facts) ? "residency" : "edge-unavailable", 0);
}

function toOrigin(facts: Facts, because: RuleBecause, nowMs: number): Route {
  const { origin } = facts;
  if (origin?.breakerAllows) return { side: "origin", because, origin: origin.name };
  if (edgeCan(facts)) return { side: "edge", because: "origin-unavailable" };
  return refuse("origin-unavailable", Math.max(0, (origin?.retryAtMs ?? nowMs) - nowMs));
}

function edgeCan(facts: Facts): boolean {
  const { model, breakerAllows } = facts.edge;
  return facts.permitted.edge && model !== "rejected" && breakerAllows && !isTooLong(facts);
}

function refuse(because: (Route & { side: "refuse" })["because"], retryAfterMs: number): Route {
  return { side: "refuse", because, retryAfterMs };
}
