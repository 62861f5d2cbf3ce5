/** W3C trace context in. No I/O. https://www.w3.org/TR/trace-context-2/ */
import { randomHex } from "./random-hex.ts";

/** What an incoming `traceparent` says, or a new trace's beginning. */
export type TraceOrigin = {
  readonly traceId: string;
  readonly parentSpanId: string | undefined;
  readonly sampled: boolean;
  readonly traceState: string | undefined;
};

const TRACEPARENT = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;
/** W3C: at least this much of a `tracestate` must be passed on; more is nobody's tracing. */
const LONGEST_TRACESTATE = 512;

/** Continues the caller's trace, or begins one (always sampled: somebody called the origin directly). */
export function traceOrigin(traceparent: string | undefined, tracestate: string | undefined): TraceOrigin {
  const [, version, traceId, parentSpanId, flags, rest] = TRACEPARENT.exec(traceparent ?? "") ?? [];
  if (traceId === undefined || flags === undefined || (version === "00" && rest !== undefined)) {
    return { traceId: randomHex(16), parentSpanId: undefined, sampled: true, traceState: undefined };
  }
  const sampled = (Number.parseInt(flags, 16) & 1) === 1;
  const traceState = tracestate !== undefined && tracestate.length <= LONGEST_TRACESTATE ? tracestate : undefined;
  return { traceId, parentSpanId, sampled, traceState };
}
