/** What each version of the policy asked for: its share, and what it splits by. Pure. */
import { defaultPolicy, parsePolicy } from "../../policies/parse.ts";
import type { PolicyFacts } from "./split.ts";

/**
 * The facts of stored versions, and those of the defaults, which have version 0.
 * @param texts the stored documents, the newest last
 */
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
