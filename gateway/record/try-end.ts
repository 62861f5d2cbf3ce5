/** How a try ended, onto its span. An error is only what the side is at fault for: a loser, or a caller who left, is no error. */
import type { Span } from "@opentelemetry/api";
import type { SideResult } from "../world.ts";
import { recordFailure } from "./span.ts";

export function recordTryEnd(span: Span, result: SideResult, signal: AbortSignal): void {
  // An edge that has begun runs to its end, whoever has answered meanwhile.
  if (signal.aborted) span.setAttribute("spillway.aborted", true);
  if (result.ok) return;
  const { reason, kind } = result.failure;
  span.setAttribute("spillway.failure", reason);
  // By the convention of HTTP: the status where there was one.
  if (kind === "failed") recordFailure(span, reason.startsWith("http-") ? reason.slice("http-".length) : reason);
}
