/** Every refusal, and its one mapping to HTTP. The public text is vague; `reason` is for the trace. */
import type { FailureReason } from "./sides.ts";

export const REFUSAL_CODES = [
  "malformed",
  "unauthorized",
  "forbidden",
  "not-found",
  "method-not-allowed",
  "too-large",
  "unsupported-media-type",
  "unprocessable",
  "rate-limited",
  "residency",
  "unavailable",
  "timeout",
] as const;
export type RefusalCode = (typeof REFUSAL_CODES)[number];

/** The internal reasons, by the public code. What each means and what to check: docs/reference/codes.md. */
export const REFUSAL_REASONS = {
  malformed: ["invalid-json", "json-depth", "invalid-utf8", "body-broken", "body-timeout"],
  unauthorized: [
    "key-missing",
    "key-malformed",
    "key-ambiguous",
    "key-unknown",
    "key-revoked",
    "key-expired",
    "operator-token",
  ],
  forbidden: ["scope"],
  "not-found": ["path"],
  "method-not-allowed": ["method"],
  "too-large": ["body-bytes", "inputs", "key-inputs", "http-413", "residency-edge-tokens"],
  "unsupported-media-type": ["content-type", "content-encoding"],
  unprocessable: ["shape", "no-inputs", "empty-text", "no-pairs"],
  "rate-limited": ["isolate-busy", "key-rate", "address-rate", "failed-authentications"],
  residency: ["residency"],
  unavailable: [
    "origin-unavailable",
    "edge-unavailable",
    "edge-busy",
    "both-failed",
    "retry-budget",
    "keys-unavailable",
    "key-unreadable",
    "misconfigured",
    "policy-too-old",
  ],
  timeout: ["origin-timeout", "caller-gone"],
} as const satisfies Record<RefusalCode, readonly string[]>;

export type RefusalReason =
  | (typeof REFUSAL_REASONS)[RefusalCode][number]
  /** The only side that could answer failed. */
  | FailureReason
  /** With forbidden: the caller's TLS version. */
  | `tls-${string}`
  /** With unavailable: the error's name. */
  | `bug: ${string}`;

export interface Refusal {
  code: RefusalCode;
  /** What the caller reads: what to do next. Never a secret, never the caller's text. */
  publicText: string;
  reason: RefusalReason;
  /** Only with rate-limited and unavailable. */
  retryAfterMs?: number;
}

/** The model has no form for two texts: the package's tokenizer decides it, here or at the origin. */
export const pairsNotAccepted: Refusal = {
  code: "unprocessable",
  publicText: "This model does not accept pairs. Send each input without `text_pair`.",
  reason: "no-pairs",
};

export type Result<T> = { ok: true; value: T } | { ok: false; refusal: Refusal };

/** A step of the request path that succeeded. */
export function ok<T>(value: T): { ok: true; value: T } {
  return { ok: true, value };
}

/** A step of the request path that ends the request. */
export function refuse(refusal: Refusal): { ok: false; refusal: Refusal } {
  return { ok: false, refusal };
}

/** The HTTP status of each code. */
export function statusOf(code: RefusalCode): 400 | 401 | 403 | 404 | 405 | 413 | 415 | 422 | 429 | 451 | 503 | 504 {
  switch (code) {
    case "malformed":
      return 400;
    case "unauthorized":
      return 401;
    case "forbidden":
      return 403;
    case "not-found":
      return 404;
    case "method-not-allowed":
      return 405;
    case "too-large":
      return 413;
    case "unsupported-media-type":
      return 415;
    case "unprocessable":
      return 422;
    case "rate-limited":
      return 429;
    case "residency":
      return 451;
    case "unavailable":
      return 503;
    case "timeout":
      return 504;
  }
}
