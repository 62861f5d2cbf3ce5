/** What callers are told whose key does not let them in. Whether there ever was such a key is for the trace alone. */
import type { Refusal } from "../refusal.ts";

const HOW = "Send your API key as `Authorization: Bearer <key>` or as `x-api-key: <key>`.";

export const noKey: Refusal = { code: "unauthorized", publicText: HOW, reason: "key-missing" };

export const twoKeys: Refusal = {
  code: "unauthorized",
  publicText: "`authorization` and `x-api-key` hold different keys. Send one of them.",
  reason: "key-ambiguous",
};

export const malformedKey: Refusal = {
  code: "unauthorized",
  publicText: `That is no API key: one is \`spw_\` and 56 more characters. ${HOW}`,
  reason: "key-malformed",
};

/** The same words for all: an answer must not tell that a key was once right. */
export function invalidKey(reason: "key-unknown" | "key-revoked" | "key-expired"): Refusal {
  return {
    code: "unauthorized",
    publicText: "This API key is not valid. Check that it was copied whole, or ask the operator for a new one.",
    reason,
  };
}

export const wrongScope: Refusal = {
  code: "forbidden",
  publicText: "This API key is not allowed to classify. Ask the operator for one that is.",
  reason: "scope",
};

export function keysUnavailable(reason: "keys-unavailable" | "key-unreadable"): Refusal {
  return {
    code: "unavailable",
    publicText: "API keys cannot be checked right now. Try again after the time in Retry-After.",
    reason,
    retryAfterMs: 2000,
  };
}

export function tooManyFailures(retryAfterMs: number): Refusal {
  return {
    code: "rate-limited",
    publicText: "Too many requests with a wrong key came from this address. Try again after the time in Retry-After.",
    reason: "failed-authentications",
    retryAfterMs,
  };
}

export function tooManyRequests(reason: "key-rate" | "address-rate", retryAfterMs: number): Refusal {
  return {
    code: "rate-limited",
    publicText: "Too many requests. Try again after the time in Retry-After, or ask the operator for a larger rate.",
    reason,
    retryAfterMs,
  };
}
