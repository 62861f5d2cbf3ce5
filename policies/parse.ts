/** Pure: no I/O, no clock. A `Policy` exists only as the result of these two functions. */
import { parseJson, withoutByteOrderMark } from "../formats/json.ts";
import { describeIssues, schemaWordsOnly } from "./messages/describe-issues.ts";
import { describeDroppedKeys, describeDuplicateKeys } from "./messages/duplicate-keys.ts";
import { describeJsonPlace } from "./messages/json-place.ts";
import { type Policy, policySchema } from "./schema.ts";

export type ParsedPolicy =
  | { ok: true; policy: Policy }
  /** `problem`: one line, for traces. `problems`: one sentence each, with the path and what is allowed; at most 11. */
  | { ok: false; problem: string; problems: readonly string[] };

/** The longest document with every rule and origin that the schema allows has about 20 kB. */
export const MAX_POLICY_BYTES = 65_536;
/** A trace attribute, and a person, read no list of thousands. */
const MAX_PROBLEMS_SHOWN = 10;

/** @returns the policy that is in force when nothing is stored */
export function defaultPolicy(): Policy {
  return policySchema.parse({});
}

/** Parses the text of the KV key `policy`. */
export function parsePolicy(stored: string): ParsedPolicy {
  const bytes = utf8Bytes(stored);
  if (bytes > MAX_POLICY_BYTES)
    return invalid([`the document has ${bytes} bytes; at most ${MAX_POLICY_BYTES} are allowed`]);
  const text = withoutByteOrderMark(stored);
  const value = parseJson(text);
  if (value === undefined) return invalid([`not JSON: ${describeJsonPlace(text)}`]);
  const parsed = policySchema.safeParse(value, { error: schemaWordsOnly });
  const duplicates = describeDuplicateKeys(text);
  const dropped = parsed.success ? describeDroppedKeys(value) : [];
  if (parsed.success && duplicates.length + dropped.length === 0) return { ok: true, policy: parsed.data };
  const { sentences, more } = describeIssues(policySchema, parsed.error?.issues ?? [], value, MAX_PROBLEMS_SHOWN);
  return invalid([...duplicates, ...dropped, ...sentences], more);
}

/** @param unlisted problems beyond the listed ones */
function invalid(all: readonly string[], unlisted = 0): ParsedPolicy {
  const more = unlisted + Math.max(0, all.length - MAX_PROBLEMS_SHOWN);
  const problems = [...all.slice(0, MAX_PROBLEMS_SHOWN), ...(more > 0 ? [`and ${more} more`] : [])];
  return { ok: false, problem: problems.join("; "), problems };
}

/** A text of more UTF-16 units than the limit has at least as many bytes, and may have megabytes. */
function utf8Bytes(text: string): number {
  return text.length > MAX_POLICY_BYTES ? text.length : Buffer.byteLength(text);
}
