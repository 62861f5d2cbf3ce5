/** Pure: no I/O, no clock. A `Policy` exists only as the result of these two functions. */
import { parseJson, withoutByteOrderMark } from "../formats/json.ts";
import { describeIssues, schemaWordsOnly } from "./messages/describe-issues.ts";
import { describeDuplicateKeys } from "./messages/duplicate-keys.ts";
import { whereJsonBreaks } from "./messages/json-place.ts";
import { type Policy, policySchema } from "./schema.ts";

export type ParsedPolicy =
  | { ok: true; policy: Policy }
  /** `problem`: one line, for traces. `problems`: one sentence each, with the path and what is allowed. */
  | { ok: false; problem: string; problems: readonly string[] };

/** A trace attribute is too small for a list of thousands. */
const MAX_PROBLEMS_SHOWN = 10;

/** @returns the policy that is in force when nothing is stored */
export function defaultPolicy(): Policy {
  return policySchema.parse({});
}

/** Parses the text of the KV key `policy`. */
export function parsePolicy(stored: string): ParsedPolicy {
  const text = withoutByteOrderMark(stored);
  const value = parseJson(text);
  if (value === undefined) return invalid([describeJson(text)]);
  const parsed = policySchema.safeParse(value, { error: schemaWordsOnly });
  const duplicates = describeDuplicateKeys(text);
  if (parsed.success && duplicates.length === 0) return { ok: true, policy: parsed.data };
  const issues = parsed.error?.issues ?? [];
  return invalid([...duplicates, ...describeIssues(policySchema, issues, value)]);
}

function invalid(problems: readonly string[]): ParsedPolicy {
  const more = problems.length - MAX_PROBLEMS_SHOWN;
  const shown = [...problems.slice(0, MAX_PROBLEMS_SHOWN), ...(more > 0 ? [`and ${more} more`] : [])];
  return { ok: false, problem: shown.join("; "), problems };
}

function describeJson(text: string): string {
  const place = whereJsonBreaks(text);
  if (place === null) return "not JSON";
  const { line, column, expected } = place;
  const found = place.found === null ? "the end of the text" : JSON.stringify(place.found);
  return `not JSON: expected ${expected} at line ${line}, column ${column}, found ${found}`;
}
