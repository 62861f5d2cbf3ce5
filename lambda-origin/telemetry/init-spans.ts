/** INIT in the trace of the invocation that it made wait. No I/O. */
import type { Init } from "./init-clock.ts";
import { markFailed, type Span, type Trace } from "./trace.ts";

/**
 * `init` below the SERVER span, though it began before that: what a cold start cost is looked for there. Its parts lie below it.
 * It is an error where it left no model.
 */
export function initSpans(trace: Trace, server: Span, init: Init): Span {
  const { startedAtUnixMs, endedAtUnixMs, model, problem } = init;
  const span = trace.past("init", server, startedAtUnixMs, endedAtUnixMs, { "spillway.model": model });
  for (const part of init.parts) {
    const child = trace.past(part.name, span, part.startedAtUnixMs, part.endedAtUnixMs, {});
    if (part.failed) markFailed(child, "model-unavailable");
  }
  if (problem !== undefined) markFailed(span, "model-unavailable");
  return span;
}
