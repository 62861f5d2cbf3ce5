/** The policies that the bench `spike` compares. */
import { type Policy, policySchema } from "../../../policies/schema.ts";

export const POLICY_NAMES = [
  "plain",
  "adaptive",
  "adaptive-budget-800",
  "adaptive-budget-200",
  "budget-800-only",
] as const;
export type PolicyName = (typeof POLICY_NAMES)[number];

/** Each as it would be in a policy document. */
export const SPIKE_POLICIES: Readonly<Record<PolicyName, object>> = {
  // The override precedes `edge-busy` and `edge-slow`; texts that do not fit still go to the origin. The timeout is the longest that a policy allows.
  plain: { override: "edge", origin: { timeoutMs: 60_000 } },
  adaptive: {},
  "adaptive-budget-800": { latencyBudgetMs: 800 },
  "adaptive-budget-200": { latencyBudgetMs: 200 },
  // With the longest wait that a policy allows, almost only the budget decides.
  "budget-800-only": { edge: { maxQueueMs: 30_000 }, latencyBudgetMs: 800 },
};

/** @returns the complete policy, defaults included */
export function policyOf(name: PolicyName): Policy {
  return policySchema.parse(SPIKE_POLICIES[name]);
}
