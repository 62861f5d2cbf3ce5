/** Record exactly once: one outcome per request, onto the request's root span. */
import type { Outcome } from "./outcome.ts";

export function record(_outcome: Outcome): void {}
