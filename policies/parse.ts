/** Pure: no I/O, no clock. A `Policy` exists only as the result of these two functions. */
import { describeIssues, schemaWordsOnly } from "./messages/describe-issues.ts";
import { whereJsonBreaks } from "./messages/json-place.ts";
import { type Policy, policySchema } from "./schema.ts";

export type ParsedPolicy =
  | { ok: true; policy: Policy }
  /** `problem` is one line, for traces; each of the `problems` names its place and what is allowed there. */
  | { ok: false; problem: string; problems: readonly string[] };

/** A trace's attribute is no place for a list of thousands. */
const PROBLEMS_TOLD_MAX = 10;

/** What serves when the namespace is empty. */
export function defaultPolicy(): Policy {
  return policySchema.parse({});
}

/** Parses the text of the KV key `policy`. */
export function parsePolicy(text: string): ParsedPolicy {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return broken([describeJson(text)]);
  }
  const parsed = policySchema.safeParse(value, { error: schemaWordsOnly });
  if (parsed.success) return { ok: true, policy: parsed.data };
  return broken(describeIssues(policySchema, parsed.error.issues, value));
}

function broken(problems: readonly string[]): ParsedPolicy {
  const untold = problems.length - PROBLEMS_TOLD_MAX;
  const told = [...problems.slice(0, PROBLEMS_TOLD_MAX), ...(untold > 0 ? [`and ${untold} more`] : [])];
  return { ok: false, problem: told.join("; "), problems };
}

function describeJson(text: string): string {
  const place = whereJsonBreaks(text);
  if (place === null) return "not JSON";
  const { line, column, expected } = place;
  const saw = place.saw === null ? "the text ends" : `there is ${JSON.stringify(place.saw)}`;
  return `not JSON: ${saw} at line ${line}, column ${column}, where ${expected} is expected`;
}
