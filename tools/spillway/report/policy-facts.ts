/** What each version of the policy in KV asked for. */
import { policyFactsOf } from "../../../control-plane/report/policy-facts.ts";
import type { PolicyFacts } from "../../../control-plane/report/split.ts";
import { readPolicyState } from "../../../policies/versions/repository.ts";
import { type WhereOptions, withKv } from "../kv/where.ts";

/** The versions in the history of the policy, and the defaults, which have version 0. */
export async function readPolicyFacts(where: WhereOptions): Promise<PolicyFacts[]> {
  const { history } = await withKv("POLICIES", where, (kv) => readPolicyState(kv, new Date()));
  return policyFactsOf(history.entries.map(({ text }) => text));
}
