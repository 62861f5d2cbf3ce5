/** Pure. Whether the policy that will be in force is one that the gateway takes, and what it says of models and origins. */
import { parsePolicy } from "../../policies/parse.ts";
import type { Policy } from "../../policies/schema.ts";
import { checkOrigin } from "./check-origin.ts";
import { type Finding, ok, problem, warning } from "./finding.ts";

/** A policy's text and where it is from. */
export interface PolicyText {
  /** Null where nothing is stored: the defaults serve. */
  text: string | null;
  /** A file, or "the stored policy". */
  from: string;
}

export interface CheckedPolicy {
  findings: Finding[];
  /** Null where it is not known or does not parse. */
  policy: Policy | null;
}

/** @param uploads whether this is no dry run: nothing goes to where the policy was not looked at */
export function checkPolicy(given: PolicyText | null, uploads = false): CheckedPolicy {
  if (given === null) {
    const next = "give it with --policy <file>, or --remote to check the stored one";
    const found = uploads ? problem : warning;
    return { findings: [found("policy", "was not looked at", next)], policy: null };
  }
  const { text, from } = given;
  const parsed = parsePolicy(text ?? "{}");
  if (!parsed.ok) {
    const next = "mend it: a gateway takes nothing of a policy that does not parse";
    return { findings: parsed.problems.map((each) => problem("policy", `${from}: ${each}`, next)), policy: null };
  }
  const { policy } = parsed;
  const says = text === null ? "none is stored: the defaults serve" : `${from}: version ${policy.version} parses`;
  return { findings: [ok("policy", says), ...originsOf(policy)], policy };
}

/** Those it names are called instead of ORIGIN_URL. */
function originsOf({ origins }: Policy): Finding[] {
  return Object.entries(origins).map(([name, { url, region }]) => {
    const place = `policy origins.${name}`;
    return checkOrigin({ url, region, urlName: `${place}.url`, regionName: `${place}.region` });
  });
}
