/** Pure. The rules in their order: the first that names a side decides. */
import type { SideName } from "../sides.ts";
import type { Facts } from "./facts.ts";
import type { RuleBecause } from "./route.ts";
import { basisPointsOf, insideShare } from "./share.ts";

export interface Rule {
  because: RuleBecause;
  /** The side that the rule sends the text to; null if the rule does not hold. */
  side(facts: Facts): SideName | null;
  /** What the rule looked at, for `spillway explain`. */
  saw(facts: Facts): string;
}

const shownMs = (ms: number | null) => (ms === null ? "unknown" : `${Math.round(ms)} ms`);

const toOriginIf = (holds: boolean): SideName | null => (holds ? "origin" : null);

export const RULES: readonly Rule[] = [
  {
    because: "residency",
    side: ({ permitted, origin }) => (permitted.edge === (origin !== null) ? null : permitted.edge ? "edge" : "origin"),
    saw: ({ text, permitted, origin }) =>
      `country ${text.location.country ?? "unknown"}: edge ${permitted.edge ? "allowed" : "forbidden"}, ` +
      `origin ${origin === null ? "forbidden" : "allowed"}`,
  },
  {
    because: "override",
    side: ({ policy, ...facts }) =>
      policy.override === "edge" && !isReady({ policy, ...facts }) ? null : policy.override,
    saw: ({ policy, ...facts }) =>
      policy.override === null
        ? "no override"
        : `override ${policy.override}${policy.override === "edge" && !isReady({ policy, ...facts }) ? ", not possible now" : ""}`,
  },
  {
    because: "too-long",
    side: (facts) => toOriginIf(isTooLong(facts)),
    saw: (facts) =>
      `${facts.text.tokens === null ? "not counted" : `${facts.text.tokens} tokens`}, the edge accepts ${edgeTokens(facts)}`,
  },
  {
    because: "edge-cold",
    side: ({ edge }) => toOriginIf(edge.model === "cold"),
    saw: ({ edge }) => `model ${edge.model}`,
  },
  {
    because: "edge-unavailable",
    side: ({ edge }) => toOriginIf(edge.model === "rejected" || !edge.breakerAllows),
    saw: ({ edge }) => `model ${edge.model}, breaker ${edge.breakerAllows ? "lets calls through" : "open"}`,
  },
  {
    because: "outside-share",
    side: ({ text, policy }) => toOriginIf(!insideShare(basisPointsOf(text.stickyKey), policy.edge.share)),
    saw: ({ text, policy }) => `key at ${basisPointsOf(text.stickyKey) / 100} %, share ${policy.edge.share} %`,
  },
  {
    because: "edge-busy",
    side: ({ edge, policy }) => toOriginIf(edge.queueMs > policy.edge.maxQueueMs),
    saw: ({ edge, policy }) => `${Math.round(edge.queueMs)} ms in the queue, at most ${policy.edge.maxQueueMs}`,
  },
  {
    because: "edge-slow",
    side: (facts) => toOriginIf(isSlow(facts)),
    saw: ({ text, edge, policy, origin }) =>
      policy.latencyBudgetMs === null
        ? "no latency budget"
        : `edge ${shownMs(text.edgeRunMs === null ? null : edge.queueMs + text.edgeRunMs)}, ` +
          `origin's P95 ${shownMs(origin?.p95Ms ?? null)}, budget ${policy.latencyBudgetMs} ms`,
  },
  { because: "within-share", side: () => "edge", saw: () => "no rule excludes the edge" },
];

/** Whether residency permits no side to see the text; no rule is evaluated then. */
export function isForbidden({ permitted, origin }: Facts): boolean {
  return !permitted.edge && origin === null;
}

/** Whether the edge could answer now, share and `maxQueueMs` aside. */
export function isReady(facts: Facts): boolean {
  const { model, breakerAllows } = facts.edge;
  return facts.permitted.edge && model === "ready" && breakerAllows && !isTooLong(facts) && excessWaitMs(facts) === 0;
}

/** By how much the edge's queue exceeds the longest acceptable wait, which holds even if no origin can answer; otherwise 0. */
export function excessWaitMs({ edge, policy }: Facts): number {
  // A call of the origin may take as long.
  return Math.max(0, edge.queueMs - Math.max(policy.edge.maxQueueMs, policy.origin.timeoutMs));
}

/** Whether the text has more tokens than the edge accepts; false while the tokens are unknown. */
export function isTooLong(facts: Facts): boolean {
  return facts.text.tokens !== null && facts.text.tokens > edgeTokens(facts);
}

function edgeTokens({ policy, edge }: Facts): number {
  return Math.min(policy.edge.maxTokens, edge.maxTokens ?? Number.POSITIVE_INFINITY);
}

/** The origin is chosen only if it is known to be faster: its P95 is within the budget that the edge would exceed. */
function isSlow({ text, edge, policy, origin }: Facts): boolean {
  const budgetMs = policy.latencyBudgetMs;
  if (budgetMs === null || text.edgeRunMs === null || !origin?.breakerAllows || origin.p95Ms === null) return false;
  return edge.queueMs + text.edgeRunMs > budgetMs && origin.p95Ms <= budgetMs;
}
