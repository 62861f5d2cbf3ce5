/** Pure. Whether the gateway accepts the policy, and whether the origins that it names can be called. */
import { parsePolicy } from "../../policies/parse.ts";
import type { Policy } from "../../policies/schema.ts";
import { checkOrigin } from "./check-origin.ts";
import { type Finding, ok, problem, warning } from "./finding.ts";

export interface PolicyText {
  /** Null if no policy is stored: the defaults apply. */
  text: string | null;
  /** The path of a file, or "the stored policy". */
  source: string;
}

export interface CheckedPolicy {
  findings: Finding[];
  /** Null if it was not checked or does not parse. */
  policy: Policy | null;
}

/**
 * @param given null if the command line names no policy
 * @param isUpload false for a dry run, which may skip this check
 */
export function checkPolicy(given: PolicyText | null, isUpload = false): CheckedPolicy {
  if (given === null) {
    const next = "Pass --policy <file>, or --remote to check the stored policy.";
    return { findings: [(isUpload ? problem : warning)("policy", "was not checked", next)], policy: null };
  }
  const { text, source } = given;
  const parsed = parsePolicy(text ?? "{}");
  if (!parsed.ok) {
    const next = "Fix the policy: the gateway ignores a document that does not parse.";
    return { findings: parsed.problems.map((each) => problem("policy", `${source}: ${each}`, next)), policy: null };
  }
  const { policy } = parsed;
  const message =
    text === null ? "none is stored: the defaults apply" : `${source}: version ${policy.version} is valid`;
  return { findings: [ok("policy", message), ...checkOrigins(policy)], policy };
}

/** The origins of a policy are called instead of ORIGIN_URL. */
function checkOrigins({ origins }: Policy): Finding[] {
  return Object.entries(origins).map(([name, { url, region }]) => {
    const path = `policy origins.${name}`;
    return checkOrigin({ url, region, urlName: `${path}.url`, regionName: `${path}.region` });
  });
}
