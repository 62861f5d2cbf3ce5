/** Pure: no I/O, no clock. Whether a trace that head sampling left out is exported all the same, now that it is known how it went. */

import { createSampler } from "@microlabs/otel-cf-workers";
import { type Context, SpanStatusCode, trace } from "@opentelemetry/api";
import type { Policy } from "../../policies/schema.ts";
import type { FinishedSpan } from "./span-message.ts";

export type Sampling = Policy["sampling"];
export type KeepReason = Sampling["keep"][number];

export const SAMPLE_ALL: Sampling = { ratio: 1, keep: ["error", "fallback", "refused", "slow"], slowMs: 1000 };

/** How a request went. */
export interface Ending {
  /** Of the answer; null where none was made. */
  status: number | null;
  /** Whether the gateway said no, whatever the status. */
  refused: boolean;
  /** Whether a side failed, or a second try was what answered. */
  fellBack: boolean;
  /** From the request to the answer. */
  totalMs: number;
}

/** The reasons to keep it that hold and that the policy names, in the policy's order; none means that it may go. */
export function keepReasons(ending: Ending, { keep, slowMs }: Sampling): KeepReason[] {
  const holds: Readonly<Record<KeepReason, boolean>> = {
    error: ending.status === null || ending.status >= 500,
    fallback: ending.fellBack,
    refused: ending.refused,
    slow: ending.totalMs > slowMs,
  };
  return keep.filter((reason) => holds[reason]);
}

/** Pure. How a request went, read off its finished spans: what the rooms have put there is all there is to know. */

export function endingOf(root: FinishedSpan, finished: readonly FinishedSpan[]): Ending {
  const status = root.attributes["http.response.status_code"];
  return {
    status: typeof status === "number" ? status : null,
    refused: root.attributes["spillway.refusal"] !== undefined,
    fellBack: finished.some((span) => span !== root && isSecondChoice(span)),
    totalMs: milliseconds(root.endTime) - milliseconds(root.startTime),
  };
}

/** A hedge that lost has not replaced anything, and one that won has, though nobody failed. */
function isSecondChoice({ attributes, status }: FinishedSpan): boolean {
  const kind = attributes["spillway.try"];
  const answered = attributes["spillway.aborted"] !== true && status.code !== SpanStatusCode.ERROR;
  return status.code === SpanStatusCode.ERROR || (answered && (kind === "fallback" || kind === "hedge"));
}

function milliseconds([seconds, nanos]: FinishedSpan["endTime"]): number {
  return seconds * 1000 + nanos / 1e6;
}

/** The library's ratio sampler, parent first, that keeps the caller's `tracestate`: left alone it would be lost. */

type Sampler = ReturnType<typeof createSampler>;

export function headSampler(ratio: number): Sampler {
  const sampler = createSampler({ ratio });
  return {
    shouldSample(context: Context, ...rest) {
      const result = sampler.shouldSample(context, ...rest);
      const traceState = result.traceState ?? trace.getSpanContext(context)?.traceState;
      return traceState === undefined ? result : { ...result, traceState };
    },
    toString: () => `Spillway(${sampler.toString()})`,
  };
}
