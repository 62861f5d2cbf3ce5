/** The ways of routing that are compared; each is a policy and nothing else. */
import { type Policy, policySchema } from "../../../policies/schema.ts";

export const POLICY_NAMES = [
  "plain",
  "adaptive",
  "adaptive-budget-800",
  "adaptive-budget-200",
  "budget-800-alone",
] as const;
export type PolicyName = (typeof POLICY_NAMES)[number];

/** As they would stand in a policy document. */
export const SPIKE_POLICIES: Readonly<Record<PolicyName, object>> = {
  // Obeyed before `edge-busy` and `edge-slow` are asked, for as long a wait as a policy can allow; what does not fit still goes to the origin.
  plain: { override: "edge", origin: { timeoutMs: 60_000 } },
  adaptive: {},
  "adaptive-budget-800": { latencyBudgetMs: 800 },
  "adaptive-budget-200": { latencyBudgetMs: 200 },
  // The longest wait that a policy can allow, so that nearly nothing but the budget decides.
  "budget-800-alone": { edge: { maxQueueMs: 30_000 }, latencyBudgetMs: 800 },
};

export function policyOf(way: PolicyName): Policy {
  return policySchema.parse(SPIKE_POLICIES[way]);
}
