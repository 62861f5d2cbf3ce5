/** What each version of the policy asked for: its share, and what it splits by. */
import type { PolicyFacts } from "../../../control-plane/report/split.ts";
import { defaultPolicy, parsePolicy } from "../../../policies/parse.ts";
import { readPolicyState } from "../../../policies/versions/repository.ts";
import { type WhereOptions, withKv } from "../kv/where.ts";

/** The versions in the history of the policy, and the defaults, which have version 0. */
export async function readPolicyFacts(where: WhereOptions): Promise<PolicyFacts[]> {
  const { history } = await withKv("POLICIES", where, (kv) => readPolicyState(kv, new Date()));
  return policyFactsOf(history.entries.map(({ text }) => text));
}

/** Pure. @param texts the stored documents, the newest last */
export function policyFactsOf(texts: readonly (string | null)[]): PolicyFacts[] {
  const policies = texts.flatMap((text) => {
    const parsed = text === null ? null : parsePolicy(text);
    return parsed?.ok ? [parsed.policy] : [];
  });
  // Of two documents with one version, the later one was in force last.
  return [...policies.toReversed(), defaultPolicy()].map(({ version, edge }) => ({
    version: String(version),
    sharePercent: edge.share,
    stickyBy: edge.stickyBy,
  }));
}
