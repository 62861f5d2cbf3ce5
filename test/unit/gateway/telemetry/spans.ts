/** Finished spans for tests that read them. The library's own class cannot be imported outside workerd. */
import { SpanKind, SpanStatusCode } from "@opentelemetry/api";
import type { FinishedSpan } from "../../../../gateway/telemetry/span-message.ts";

export const TRACE_ID = "0af7651916cd43dd8448eb211c80319c";

export function finished(changed: Partial<FinishedSpan> = {}): FinishedSpan {
  return {
    name: "admit",
    kind: SpanKind.INTERNAL,
    attributes: {},
    status: { code: SpanStatusCode.UNSET },
    startTime: [1_795_460_017, 868_000_000],
    endTime: [1_795_460_017, 869_000_000],
    events: [],
    links: [],
    parentSpanContext: undefined,
    spanContext: () => ({ traceId: TRACE_ID, spanId: "b7ad6b7169203331", traceFlags: 1 }),
    ...changed,
  };
}
