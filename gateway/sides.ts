/** Every reason why a side did not answer: short codes for the trace. What each means and what to check is in docs/reference/codes.md. */

export const FAILURE_REASONS = [
  "timeout",
  "network",
  "bad-answer",
  "model-unavailable",
  "origin-gone",
  "breaker-open",
  "out-of-memory",
  "engine-error",
  "crashed",
  "edge-cold",
  "edge-loading",
  "edge-failed",
  "edge-rejected",
  "edge-too-long",
  "edge-no-tokenizer",
  "lost-to-other-side",
  "caller-gone",
] as const;

export type FailureReason =
  | (typeof FAILURE_REASONS)[number]
  /** What the origin answered instead of 200. */
  | `http-${number}`;
