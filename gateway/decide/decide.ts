/** Pure: no I/O, no clock, no randomness, no binding. The first rule that holds decides; then the side must be able to. */
import type { RecordedArm } from "../../formats/ledger/series.ts";
import type { Policy } from "../../policies/schema.ts";
import type { Conditions, FailureReason, SideName } from "../sides.ts";
import { armOf, recordedArmOf } from "./arm.ts";
import type { Facts, TextNumbers } from "./facts.ts";
import { originFor, pickOrigin } from "./pick-origin.ts";
import { permittedIn } from "./residency.ts";
import type { RefusedRoute, Route, RuleBecause, SideRoute } from "./route.ts";
import { excessWaitMs, isForbidden, isTooLong, RULES } from "./rules.ts";

/** Every decision about one text, each by the conditions of its moment. The order of the questions is the order of a request. */
export interface Decisions {
  /**
   * The arm that the text counts for.
   * @param tokens of the whole text; null if no tokenizer has counted it
   */
  arm(conditions: Conditions, tokens: number | null): RecordedArm;
  /** Where the text goes first. */
  route(conditions: Conditions, nowMs: number): Route;
  /** How long the first side has before a hedge is sent, in ms; null for no hedge, or while the side's P95 is unknown. */
  hedgeAfterMs(first: SideRoute, conditions: Conditions): number | null;
  /** Where a hedge goes while the first attempt runs; null for nowhere. */
  hedge(first: SideName, conditions: Conditions): SideRoute | null;
  /** Where a fallback goes after a failure; null for nowhere. @param reason of the failure, if there was one yet */
  fallback(failed: SideRoute, conditions: Conditions, reason?: FailureReason): SideRoute | null;
  /** Where the text is compared after its answer; null for nowhere. */
  shadow(answered: SideName, conditions: Conditions): SideRoute | null;
  /** The time until an origin that may see the text accepts calls again, in ms; 0 if one does now, or if none may see it. */
  originRetryAfterMs(conditions: Conditions, nowMs: number): number;
  /** Whether residency permits only the edge to see the text. */
  isEdgeOnly(conditions: Conditions): boolean;
}

/** The decisions about one text under one policy. */
export function decisionsFor(text: TextNumbers, policy: Policy): Decisions {
  const facts = (conditions: Conditions) => factsOf(text, policy, conditions);
  return {
    arm: (conditions, tokens) => recordedArmOf(armOf(facts(conditions), tokens), text.stickyKey),
    route: (conditions, nowMs) => decide(facts(conditions), nowMs),
    hedgeAfterMs: (first, conditions) => hedgeAfterMs(first, policy, conditions),
    hedge: (first, conditions) => hedgeSide(first, facts(conditions)),
    fallback: (failed, conditions, reason) =>
      otherSide(failed.side, facts(conditions)) ??
      (failed.side === "edge"
        ? earlyTrial(facts(conditions))
        : otherOrigin(facts(withoutOrigin(failed.origin, conditions)), reason)),
    shadow: (answered, conditions) => shadowSide(answered, facts(conditions)),
    originRetryAfterMs: (conditions, nowMs) => Math.max(0, (facts(conditions).origin?.retryAtMs ?? nowMs) - nowMs),
    isEdgeOnly: (conditions) => facts(conditions).origin === null,
  };
}

/** What the rules look at: the text's numbers and the conditions, without the origins that residency forbids. */
export function factsOf(text: TextNumbers, policy: Policy, { edge, origins }: Conditions): Facts {
  const permitted = permittedIn(policy.residency, text.location);
  const mayBeCalled = origins.filter(({ name }) => permitted.origin(name));
  const forText = mayBeCalled.map((origin) => originFor(origin, text.bytes));
  return { text, policy, edge, permitted, origin: pickOrigin(forText, text.stickyKey) };
}

function decide(facts: Facts, nowMs: number): Route {
  if (isForbidden(facts)) return refusedRoute("residency", 0);
  const { side, because } = firstOf(facts);
  return side === "edge" ? toEdge(facts, because) : toOrigin(facts, because, nowMs);
}

/**
 * The other side, if it may and could answer, whatever the share and the queue are. A cold edge counts: it is worth waiting for
 * when nothing else answers.
 */
function otherSide(failed: SideName, facts: Facts): SideRoute | null {
  if (failed === "origin") return refusalOfEdge(facts) === null ? { side: "edge", because: "origin-failed" } : null;
  const { origin } = facts;
  return origin?.breakerAllows ? { side: "origin", because: "edge-failed", origin: origin.name } : null;
}

function withoutOrigin(failed: string, { edge, origins }: Conditions): Conditions {
  return { edge, origins: origins.filter(({ name }) => name !== failed) };
}

/**
 * An origin that accepts calls, for a text that another origin has failed to answer and the edge cannot. Not after a timeout: the caller has
 * waited for as long as a text may take.
 */
function otherOrigin({ origin }: Facts, reason: FailureReason | undefined): SideRoute | null {
  if (reason === "timeout" || !origin?.breakerAllows || origin.isFull) return null;
  return { side: "origin", because: "origin-failed", origin: origin.name };
}

/** A call of an origin whose breaker is open, for a text that the edge has failed to answer; null if the breaker does not allow it. */
function earlyTrial({ origin }: Facts): SideRoute | null {
  if (!origin?.allowsEarlyTrial) return null;
  return { side: "origin", because: "edge-failed", origin: origin.name, mayBeEarlyTrial: true };
}

/** Nothing has failed yet, so a hedge never goes against an override, nor to an edge that has to load or has a long queue. */
function hedgeSide(first: SideName, facts: Facts): SideRoute | null {
  const other = otherSide(first, facts);
  const { policy, edge } = facts;
  if (other === null || policy.override !== null) return null;
  const isEdgeIdle = edge.model === "ready" && edge.queueMs <= policy.edge.maxQueueMs;
  return other.side === "edge" && !isEdgeIdle ? null : { ...other, because: "hedge" };
}

function hedgeAfterMs(first: SideRoute, { hedge }: Policy, { edge, origins }: Conditions): number | null {
  if (!hedge.enabled) return null;
  if (hedge.afterMs !== null) return hedge.afterMs;
  if (first.side === "edge") return edge.p95Ms;
  return origins.find(({ name }) => name === first.origin)?.p95Ms ?? null;
}

/** Null also for an edge that has a text to answer: comparing waits for no one. */
function shadowSide(answered: SideName, facts: Facts): SideRoute | null {
  const other = otherSide(answered, facts);
  const { model, queueMs } = facts.edge;
  return other?.side === "edge" && (model !== "ready" || queueMs > 0) ? null : other;
}

function firstOf(facts: Facts): { side: SideName; because: RuleBecause } {
  for (const { because, side } of RULES) {
    const found = side(facts);
    if (found !== null) return { side: found, because };
  }
  return { side: "edge", because: "within-share" };
}

/** Rules name the edge only if it is ready; residency is the exception, as it may leave nothing else. */
function toEdge(facts: Facts, because: RuleBecause): Route {
  return refusalOfEdge(facts) ?? { side: "edge", because };
}

function toOrigin(facts: Facts, because: RuleBecause, nowMs: number): Route {
  const { origin } = facts;
  if (origin?.breakerAllows) return { side: "origin", because, origin: origin.name };
  const refusal = refusalOfEdge(facts);
  if (refusal === null) return { side: "edge", because: "origin-unavailable" };
  if (origin?.allowsEarlyTrial) return { side: "origin", because, origin: origin.name, mayBeEarlyTrial: true };
  if (refusal.because === "edge-busy") return refusal;
  return refusedRoute("origin-unavailable", Math.max(0, (origin?.retryAtMs ?? nowMs) - nowMs));
}

/** Why the edge cannot classify the text, share and `maxQueueMs` aside; null if it can. */
function refusalOfEdge(facts: Facts): RefusedRoute | null {
  const { model, breakerAllows } = facts.edge;
  if (!facts.permitted.edge) return refusedRoute("residency", 0);
  if (isTooLong(facts)) return refusedRoute("too-long", 0);
  if (model === "rejected" || !breakerAllows) return refusedRoute("edge-unavailable", 0);
  const excessMs = excessWaitMs(facts);
  return excessMs > 0 ? refusedRoute("edge-busy", excessMs) : null;
}

function refusedRoute(because: RefusedRoute["because"], retryAfterMs: number): RefusedRoute {
  return { side: "refuse", because, retryAfterMs };
}
