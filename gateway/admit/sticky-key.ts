/** Pure. The key of the sticky split, by the policy's `edge.stickyBy`. */
import type { TextOrPair } from "../../formats/tokenizer/tokenizer.ts";
import type { Caller } from "../authenticate/caller.ts";

/**
 * If the caller has no such key, the text itself is the key, of a pair both: the same text always gets the same side. By `request`, each
 * request is split anew.
 */
export function stickyKeyOf(stickyBy: string, caller: Caller, text: TextOrPair, requestId: string): string {
  if (stickyBy === "request") return requestId;
  return (
    callersKeyOf(stickyBy, caller) ?? (typeof text === "string" ? text : JSON.stringify([text.text, text.textPair]))
  );
}

/** `stickyBy` is the policy's. Null if the caller has no such key. */
export function callersKeyOf(stickyBy: string, { apiKey, header }: Caller): string | null {
  if (stickyBy === "text" || stickyBy === "request") return null;
  const key = stickyBy === "api-key" ? apiKey : header(stickyBy.slice("header:".length));
  // An empty header identifies no caller; as a key it would put everyone who sends it on one side.
  return key === "" ? null : key;
}
