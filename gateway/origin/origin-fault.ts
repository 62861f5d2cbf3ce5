/** Why a call of an origin has no answer, as an error inside a call and as the attempt's failure. */

import type { Mismatch } from "../../formats/model-package/mismatch.ts";
import type { OriginAccount } from "../../formats/origin-wire.ts";
import { BreakerOpenError } from "../resilience/breaker/breaker.ts";
import type { SideFailure } from "../sides.ts";

type What =
  | "timeout"
  | "network"
  | "bad-answer"
  | Mismatch["code"]
  | "model-unavailable"
  | "caller-gone"
  | "lost-to-other-side"
  | { noPairs: OriginAccount }
  /** No text as long as this one has been answered for many calls: for this long, none is sent. */
  | { pausedMs: number }
  | { status: number; retryAfterMs: number | null; account: OriginAccount };

/** A call that ended without a usable answer. */
export class OriginFault extends Error {
  readonly what: What;

  constructor(what: What) {
    super("the origin did not answer");
    this.name = "OriginFault";
    this.what = what;
  }
}

/**
 * Neither a caller's abort nor a 4xx is a failure of the origin. 429 means that its concurrency is used up.
 * @throws the error itself, if no call of an origin ends with it
 */
export function toFailure(error: unknown): SideFailure {
  if (error instanceof BreakerOpenError) return { reason: "breaker-open", kind: "failed" };
  if (!(error instanceof OriginFault)) throw error;
  const { what } = error;
  if (what === "caller-gone" || what === "lost-to-other-side") return { reason: what, kind: "aborted" };
  if (typeof what === "string") return { reason: what, kind: "failed" };
  if ("pausedMs" in what) return { reason: "breaker-open", kind: "failed", retryAfterMs: what.pausedMs };
  if ("noPairs" in what) return { reason: "no-pairs", kind: "refused", ...what.noPairs };
  const failure: SideFailure = { reason: `http-${what.status}`, kind: kindOf(what.status), ...what.account };
  return what.retryAfterMs === null ? failure : { ...failure, retryAfterMs: what.retryAfterMs };
}

function kindOf(status: number): SideFailure["kind"] {
  if (status === 429) return "busy";
  return status >= 400 && status < 500 ? "refused" : "failed";
}
