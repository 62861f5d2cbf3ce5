/** Pure: no I/O, no clock, no randomness, no binding. The first rule that holds decides. */
import type { Policy } from "../../policies/schema.ts";
import { bucketOf, insideShare } from "./bucket.ts";
import type { Route, Side } from "./route.ts";

/** What is known of the text. `tokens` is null where no verified tokenizer was at hand (a cold isolate). */
export interface TextNumbers {
  tokens: number | null;
  /** What the sticky split goes by: the caller's key, or the text itself for an anonymous caller. Never recorded. */
  stickyKey: string;
}

export interface EdgeConditions {
  model: "ready" | "cold" | "rejected";
  /** Whether the breaker would let a call through. */
  breakerAllows: boolean;
  /** Most tokens that the package and this isolate's heap can take; null while no package is known. */
  maxTokens: number | null;
  /** How long a text would wait before its inference begins. */
  queueMs: number;
}

export interface OriginConditions {
  breakerAllows: boolean;
  /** When an open breaker lets the next call through. */
  retryAtMs: number | null;
}

export interface Conditions {
  edge: EdgeConditions;
  origin: OriginConditions;
}

/** Where the text goes first. */
export function decide(text: TextNumbers, policy: Policy, conditions: Conditions, nowMs: number): Route {
  const route = prefer(text, policy, conditions.edge);
  if (route.side === "edge" || conditions.origin.breakerAllows) return route;
  if (canTake("edge", text, policy, conditions)) return { side: "edge", because: "origin-unavailable" };
  const retryAfterMs = Math.max(0, (conditions.origin.retryAtMs ?? nowMs) - nowMs);
  return { side: "refuse", because: "origin-unavailable", retryAfterMs };
}

/**
 * Whether a side could answer this text at all, whatever the share and the queue say: for overrides, for an origin that is
 * down, and for the one second try after a failure. A cold edge can: it is worth waiting for when nothing else answers.
 */
export function canTake(side: Side, text: TextNumbers, policy: Policy, conditions: Conditions): boolean {
  if (side === "origin") return conditions.origin.breakerAllows;
  const { edge } = conditions;
  return edge.model !== "rejected" && edge.breakerAllows && !tooLong(text, policy, edge);
}

function prefer(text: TextNumbers, policy: Policy, edge: EdgeConditions): { side: Side; because: EdgeOrOriginBecause } {
  const ready = edge.model === "ready" && edge.breakerAllows && !tooLong(text, policy, edge);
  if (policy.override === "origin") return { side: "origin", because: "override" };
  if (policy.override === "edge" && ready) return { side: "edge", because: "override" };
  if (tooLong(text, policy, edge)) return { side: "origin", because: "too-long" };
  if (edge.model === "cold") return { side: "origin", because: "edge-cold" };
  if (edge.model === "rejected" || !edge.breakerAllows) return { side: "origin", because: "edge-unavailable" };
  if (!insideShare(bucketOf(text.stickyKey), policy.edge.share)) return { side: "origin", because: "outside-share" };
  if (edge.queueMs > policy.edge.maxQueueMs) return { side: "origin", because: "edge-busy" };
  return { side: "edge", because: "within-share" };
}

type EdgeOrOriginBecause = Exclude<Route["because"], "origin-unavailable">;

function tooLong(text: TextNumbers, policy: Policy, edge: EdgeConditions): boolean {
  if (text.tokens === null) return false;
  if (text.tokens > policy.edge.maxTokens) return true;
  return edge.maxTokens !== null && text.tokens > edge.maxTokens;
}
