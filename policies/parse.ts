/** Pure: no I/O, no clock. A `Policy` exists only as the result of these two functions. */
import type { z } from "zod";
import { type Policy, policySchema } from "./schema.ts";

export type ParsedPolicy = { ok: true; policy: Policy } | { ok: false; problem: string };

/** What serves when the namespace is empty. */
export function defaultPolicy(): Policy {
  return policySchema.parse({});
}

/** Parses the text of the KV key `policy`; `problem` says every place that is wrong and what is allowed there. */
export function parsePolicy(text: string): ParsedPolicy {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return { ok: false, problem: `not JSON: ${error instanceof Error ? error.message : "unreadable"}` };
  }
  const parsed = policySchema.safeParse(value);
  if (parsed.success) return { ok: true, policy: parsed.data };
  return { ok: false, problem: parsed.error.issues.map(describeIssue).join("; ") };
}

function describeIssue(issue: z.core.$ZodIssue): string {
  const place = issue.path.length === 0 ? "policy" : issue.path.join(".");
  return `${place}: ${issue.message}`;
}
