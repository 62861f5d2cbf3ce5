/** Pure. What the gateway would decide, and what each rule says of it: asked of the very functions that decide in the Worker. */
import { decisionsFor, factsOf } from "../../../gateway/decide/decide.ts";
import type { Facts } from "../../../gateway/decide/facts.ts";
import type { Route, RuleBecause, SideRoute } from "../../../gateway/decide/route.ts";
import { isForbidden, RULES } from "../../../gateway/decide/rules.ts";
import type { SideName } from "../../../gateway/sides.ts";
import type { Situation } from "./situation.ts";

export interface RuleResult {
  because: RuleBecause;
  /** Null where the rule has nothing to say. */
  says: SideName | "refuse" | null;
  /** The first that says something. */
  decides: boolean;
  saw: string;
}

export interface Explanation {
  ruleResults: readonly RuleResult[];
  route: Route;
  /** The other side, for when the first fails; null when it could not take the text. */
  ifItFails: SideRoute | null;
  /** Null where the policy hedges nothing; `afterMs` is null while the first side's P95 is not known. */
  hedge: { afterMs: number | null; route: SideRoute | null } | null;
  /** Null where the policy compares nothing. */
  shadow: { sharePercent: number; route: SideRoute | null } | null;
}

/** The conditions are as of now, so that now is 0. */
const NOW_MS = 0;

export function explain({ text, policy, conditions }: Situation): Explanation {
  const route = decisionsFor(text, policy).route(conditions, NOW_MS);
  const ruleResults = ruleResultsOf(factsOf(text, policy, conditions));
  if (route.side === "refuse") return { ruleResults, route, ifItFails: null, hedge: null, shadow: null };
  const { side } = route;
  return {
    ruleResults,
    route,
    ifItFails: decisionsFor(text, policy).fallback(side, conditions),
    hedge: policy.hedge.enabled
      ? {
          afterMs: decisionsFor(text, policy).hedgeAfterMs(route, conditions),
          route: decisionsFor(text, policy).hedge(side, conditions),
        }
      : null,
    shadow:
      policy.shadow.share > 0
        ? { sharePercent: policy.shadow.share, route: decisionsFor(text, policy).shadow(side, conditions) }
        : null,
  };
}

function ruleResultsOf(facts: Facts): RuleResult[] {
  let isDecided = false;
  return RULES.map(({ because, side, saw }) => {
    const says = because === "residency" && isForbidden(facts) ? "refuse" : side(facts);
    const decides = says !== null && !isDecided;
    isDecided ||= decides;
    return { because, says, decides, saw: saw(facts) };
  });
}
