/** Every way to say no, and the one map from it to the wire. Public text is vague; `reason` is for the trace. */

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

export interface Refusal {
  code: RefusalCode;
  /** What the caller reads: what to do next, never a secret, never their text. */
  publicText: string;
  /** A short code for the trace and the runbook: what really happened. */
  reason: string;
  /** Only with rate-limited and unavailable. */
  retryAfterMs?: number;
}

export type Result<T> = { ok: true; value: T } | { ok: false; refusal: Refusal };

export function ok<T>(value: T): { ok: true; value: T } {
  return { ok: true, value };
}

export function refused(refusal: Refusal): { ok: false; refusal: Refusal } {
  return { ok: false, refusal };
}

/** The exhaustive map to HTTP. */
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
