/** Classifies what went wrong with a call of the origin. Pure. */
import { BreakerOpenError } from "../breaker/breaker.ts";
import type { SideFailure } from "../world.ts";

type What = "timeout" | "network" | "bad-answer" | "caller-gone" | "lost-to-other-side" | { status: number };

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
  return { reason: `http-${what.status}`, kind: isRefusal ? "refused" : "failed" };
}
