/** Pure. What the sticky split goes by (policy `edge.stickyBy`; field-terms "Sticky split"). */
import type { Caller } from "../authenticate/caller.ts";

/** Where the caller has nothing to go by, the text itself decides: the same text always gets the same side. */
export function stickyKeyOf(stickyBy: string, caller: Caller, text: string): string {
  return callersKeyOf(stickyBy, caller) ?? text;
}

/** `stickyBy` as the policy has it. Null where the caller has none of it. */
export function callersKeyOf(stickyBy: string, { apiKey, header }: Caller): string | null {
  if (stickyBy === "text") return null;
  const key = stickyBy === "api-key" ? apiKey : header(stickyBy.slice("header:".length));
  // An empty header names nobody; as a key it would put all who send it on one side.
  return key === "" ? null : key;
}
