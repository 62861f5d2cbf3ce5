/** The refusals of authentication. Their public texts do not reveal whether a key exists; the reasons in the trace do. */
import type { Refusal } from "../refusal.ts";

const HOW = "Send your API key as `Authorization: Bearer <key>` or as `x-api-key: <key>`.";

export const noKey: Refusal = { code: "unauthorized", publicText: HOW, reason: "key-missing" };

export const twoKeys: Refusal = {
  code: "unauthorized",
  publicText: "`authorization` and `x-api-key` contain different keys. Send one of them.",
  reason: "key-ambiguous",
};

export const malformedKey: Refusal = {
  code: "unauthorized",
  publicText: `Malformed API key. Keys start with \`spw_\` and are 60 characters long. ${HOW}`,
  reason: "key-malformed",
};

/** One text for all reasons: the answer must not reveal that a key was valid before. */
export function invalidKey(reason: "key-unknown" | "key-revoked" | "key-expired"): Refusal {
  return {
    code: "unauthorized",
    publicText: "Invalid API key. Check that the key is complete, or ask the operator for a new one.",
    reason,
  };
}

export const wrongScope: Refusal = {
  code: "forbidden",
  publicText: "This API key does not allow classification. Ask the operator for another key.",
  reason: "scope",
};

/** 503: KV did not answer, or the key's record cannot be read. */
export function keysUnavailable(reason: "keys-unavailable" | "key-unreadable"): Refusal {
  return {
    code: "unavailable",
    publicText: "API keys cannot be checked at the moment. Retry after the time in Retry-After.",
    reason,
    retryAfterMs: 2000,
  };
}

/** 429: the address is blocked after failed attempts. */
export function tooManyFailures(retryAfterMs: number): Refusal {
  return {
    code: "rate-limited",
    publicText: "Too many failed authentication attempts from this address. Retry after the time in Retry-After.",
    reason: "failed-authentications",
    retryAfterMs,
  };
}

/** 429: the rate of the key, or of the anonymous caller's address, is used up. */
export function tooManyRequests(reason: "key-rate" | "address-rate", retryAfterMs: number): Refusal {
  return {
    code: "rate-limited",
    publicText: "Too many requests. Retry after the time in Retry-After, or ask the operator for a higher rate limit.",
    reason,
    retryAfterMs,
  };
}
