/** Decides whether a trace that head sampling left out is exported all the same, once its request has ended. No I/O, no clock. */
import { SpanStatusCode } from "@opentelemetry/api";
import type { Policy } from "../../policies/schema.ts";
import type { FinishedSpan } from "./span-message.ts";

export type Sampling = Policy["sampling"];
export type KeepReason = Sampling["keep"][number];

/** What authentication found out about the caller. `unknown` until then, and where it refused the request. */
export type Standing = "unknown" | "anonymous" | "key-holder";

/** Why a trace is exported that the policy's ratio left out. `caller`: its `traceparent` has the sampled flag. */
export type ExportReason = KeepReason | "caller";

/** Anyone can cause these by one request, so without a key they have a bound: strangers must not set the backend's bill. */
const CALLERS_CHOICE: readonly ExportReason[] = ["caller", "refused"];

/** The reasons that export a trace of such a caller without a bound. */
export function unboundedReasons(reasons: readonly ExportReason[], standing: Standing): readonly ExportReason[] {
  if (standing === "key-holder") return reasons;
  return standing === "anonymous" ? reasons.filter((reason) => !CALLERS_CHOICE.includes(reason)) : [];
}

const STRANGERS_PERIOD_MS = 60_000;
/** Enough to see what strangers do. */
const MAX_STRANGERS_PER_PERIOD = 10;

/** Counts the traces that are exported within the bound, per minute. One per isolate. */
export class StrangersAllowance {
  #periodEndMs = Number.NEGATIVE_INFINITY;
  #left = 0;

  /** Accepts one more trace. False where the period's are used up. */
  accept(nowMs: number): boolean {
    if (nowMs >= this.#periodEndMs) {
      this.#periodEndMs = nowMs + STRANGERS_PERIOD_MS;
      this.#left = MAX_STRANGERS_PER_PERIOD;
    }
    if (this.#left === 0) return false;
    this.#left -= 1;
    return true;
  }
}

/** In force until a policy is known: the schema's defaults, with every trace sampled. */
export const SAMPLE_ALL: Sampling = { ratio: 1, keep: ["error", "fallback", "refused", "slow"], slowMs: 1000 };

/** How a request ended. */
export interface Ending {
  /** The answer's HTTP status; null where the handler threw. */
  status: number | null;
  /** Whether the gateway refused the request, whatever the status. */
  refused: boolean;
  /** Whether a side failed, or a second attempt gave the answer. */
  fellBack: boolean;
  /** From the request to the answer. */
  totalMs: number;
}

/** The reasons to keep a trace that hold and that the policy names, in the policy's order. None means that it is dropped. */
export function keepReasons(ending: Ending, { keep, slowMs }: Sampling): KeepReason[] {
  const holds: Readonly<Record<KeepReason, boolean>> = {
    error: ending.status === null || ending.status >= 500,
    fallback: ending.fellBack,
    refused: ending.refused,
    slow: ending.totalMs > slowMs,
  };
  return keep.filter((reason) => holds[reason]);
}

/** How a request ended, by the attributes and times of its finished spans. */
export function endingOf(root: FinishedSpan, finished: readonly FinishedSpan[]): Ending {
  const status = root.attributes["http.response.status_code"];
  return {
    status: typeof status === "number" ? status : null,
    refused: root.attributes["spillway.refusal"] !== undefined,
    fellBack: finished.some((span) => span !== root && isFallback(span)),
    totalMs: milliseconds(root.endTime) - milliseconds(root.startTime),
  };
}

/** A hedge that lost replaced nothing. One that won did, though no side failed. */
function isFallback({ attributes, status }: FinishedSpan): boolean {
  const kind = attributes["spillway.try"];
  const answered = attributes["spillway.aborted"] !== true && status.code !== SpanStatusCode.ERROR;
  return status.code === SpanStatusCode.ERROR || (answered && (kind === "fallback" || kind === "hedge"));
}

function milliseconds([seconds, nanos]: FinishedSpan["endTime"]): number {
  return seconds * 1000 + nanos / 1e6;
}
