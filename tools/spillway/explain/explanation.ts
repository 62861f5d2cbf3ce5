/** Pure. What the gateway would decide, and the result of each rule, computed by the functions that decide in the Worker. */
import { type Arm, armOfRecorded } from "../../../formats/ledger/series.ts";
import { decisionsFor, factsOf } from "../../../gateway/decide/decide.ts";
import type { Facts } from "../../../gateway/decide/facts.ts";
import type { Route, RuleBecause, SideRoute } from "../../../gateway/decide/route.ts";
import { isForbidden, RULES } from "../../../gateway/decide/rules.ts";
import type { SideName } from "../../../gateway/sides.ts";
import type { Situation } from "./situation.ts";

export interface RuleResult {
  because: RuleBecause;
  /** Null when the rule does not apply. */
  result: SideName | "refuse" | null;
  /** Whether it is the first rule that applies. */
  decides: boolean;
  /** The values that the rule compared. */
  saw: string;
}

export interface Explanation {
  ruleResults: readonly RuleResult[];
  route: Route;
  /** The arm that the ledger counts the text for; null where each request is split anew. */
  arm: Arm | null;
  /** The fallback after a failure; null when the other side cannot accept the text. */
  fallback: SideRoute | null;
  /** Null when the policy disables hedging. `afterMs` is null while the first side's P95 is unknown. */
  hedge: { afterMs: number | null; route: SideRoute | null } | null;
  /** Null when the policy disables the shadow. */
  shadow: { sharePercent: number; route: SideRoute | null } | null;
}

/** The conditions are those of now, so now is 0. */
const NOW_MS = 0;

/** Evaluates every rule for a situation, and the attempts that may follow the first. */
export function explain({ text, policy, conditions, countedTokens }: Situation): Explanation {
  const decisions = decisionsFor(text, policy);
  const counted = armOfRecorded(decisions.arm(conditions, countedTokens));
  const arm = policy.edge.stickyBy === "request" && counted !== "ineligible" ? null : counted;
  const route = decisions.route(conditions, NOW_MS);
  const ruleResults = ruleResultsOf(factsOf(text, policy, conditions));
  if (route.side === "refuse") return { ruleResults, route, arm, fallback: null, hedge: null, shadow: null };
  const { side } = route;
  return {
    ruleResults,
    route,
    arm,
    fallback: decisions.fallback(route, conditions),
    hedge: policy.hedge.enabled
      ? { afterMs: decisions.hedgeAfterMs(route, conditions), route: decisions.hedge(side, conditions) }
      : null,
    shadow:
      policy.shadow.share > 0 ? { sharePercent: policy.shadow.share, route: decisions.shadow(side, conditions) } : null,
  };
}

function ruleResultsOf(facts: Facts): RuleResult[] {
  let isDecided = false;
  return RULES.map(({ because, side, saw }) => {
    const result = because === "residency" && isForbidden(facts) ? "refuse" : side(facts);
    const decides = result !== null && !isDecided;
    isDecided ||= decides;
    return { because, result, decides, saw: saw(facts) };
  });
}
