/** Classifies what went wrong with a call of the origin. Pure. */
import type { OriginAccount } from "../../lambda-origin/contract.ts";
import { BreakerOpenError } from "../breaker/breaker.ts";
import type { SideFailure } from "../world.ts";

type What =
  | "timeout"
  | "network"
  | "bad-answer"
  | "model-unavailable"
  | "caller-gone"
  | "lost-to-other-side"
  | { status: number; retryAfterMs: number | null; account: OriginAccount };

export class OriginFault extends Error {
  readonly what: What;
  constructor(what: What) {
    super("the origin did not answer");
    this.name = "OriginFault";
    this.what = what;
  }
}

/** A caller's abort and a 4xx other than 429 are not failures of the origin (field-terms "Circuit breaking"). */
export function toFailure(error: unknown): SideFailure {
  if (error instanceof BreakerOpenError) return { reason: "breaker-open", kind: "failed" };
  if (!(error instanceof OriginFault)) throw error;
  const { what } = error;
  if (what === "caller-gone" || what === "lost-to-other-side") return { reason: what, kind: "aborted" };
  if (typeof what === "string") return { reason: what, kind: "failed" };
  const isRefusal = what.status >= 400 && what.status < 500 && what.status !== 429;
  const failure: SideFailure = {
    reason: `http-${what.status}`,
    kind: isRefusal ? "refused" : "failed",
    ...what.account,
  };
  return what.retryAfterMs === null ? failure : { ...failure, retryAfterMs: what.retryAfterMs };
}

/** An origin may ask for patience, but not for more than this. */
const RETRY_AFTER_MAX_MS = 300_000;

/** `Retry-After` in seconds; its other form, a date, is for caches and not read. Null where there is none. */
export function retryAfterMs(headers: Headers): number | null {
  const value = headers.get("retry-after")?.trim() ?? "";
  return /^\d{1,9}$/.test(value) ? Math.min(RETRY_AFTER_MAX_MS, Number(value) * 1000) : null;
}
