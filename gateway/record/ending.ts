/** Pure. How a request went, read off its finished spans: what the rooms have put there is all there is to know. */
import { SpanStatusCode } from "@opentelemetry/api";
import type { Ending } from "./keep.ts";
import type { FinishedSpan } from "./span-message.ts";

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
