/** What an isolate's policy of now and the one before it differ in, as events. Pure. */
import type { PolicyInForce } from "../policies/store.ts";
import type { PolicyChanged, PolicyProblemChanged } from "./event.ts";

export function policyEvents(now: PolicyInForce, before: PolicyInForce): (PolicyChanged | PolicyProblemChanged)[] {
  const { source, problem } = now;
  return [
    ...(isSame(now, before) ? [] : [{ kind: "policy" as const, version: now.policy.version, source }]),
    ...(problem === before.problem ? [] : [{ kind: "policy-problem" as const, problem }]),
  ];
}

/** Each reading of KV parses anew, and an edit by hand may keep its version: only the content tells. */
function isSame(now: PolicyInForce, before: PolicyInForce): boolean {
  if (now.source !== before.source) return false;
  return now.policy === before.policy || JSON.stringify(now.policy) === JSON.stringify(before.policy);
}
