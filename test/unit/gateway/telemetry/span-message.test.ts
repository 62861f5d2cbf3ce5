import { SpanStatusCode } from "@opentelemetry/api";
import { describe, expect, it } from "vitest";
import { finishedSpanMessage } from "../../../../gateway/telemetry/span-message.ts";
import { finished, TRACE_ID as traceId } from "./spans.ts";

describe("finishedSpanMessage", () => {
  it("writes ids in hex, 64-bit numbers as strings and kinds as numbers, as proto3 JSON has them", () => {
    const span = finished({ attributes: { "spillway.tokens": 7, "spillway.share": 0.5 } });
    expect(finishedSpanMessage(span, true)).toMatchObject({
      traceId,
      spanId: "b7ad6b7169203331",
      kind: 1,
      startTimeUnixNano: "1795460017868000000",
      endTimeUnixNano: "1795460017869000000",
      attributes: [
        { key: "spillway.tokens", value: { intValue: "7" } },
        { key: "spillway.share", value: { doubleValue: 0.5 } },
      ],
      status: { code: 0 },
    });
  });

  it("writes whole nanoseconds whatever the clock gave", () => {
    const span = finished({ startTime: [1_795_460_017, 868_000_000.25], endTime: [1_795_460_018, 5_000_000] });
    expect(finishedSpanMessage(span, true)).toMatchObject({
      startTimeUnixNano: "1795460017868000000",
      endTimeUnixNano: "1795460018005000000",
    });
    expect(finishedSpanMessage(finished({ startTime: [0, 7] }), true).startTimeUnixNano).toBe("7");
  });

  it("writes no status message, no exception, and no name that is a text", () => {
    const canary = "grüße canary";
    const time: [number, number] = [1_795_460_017, 0];
    const span = finished({
      name: canary,
      status: { code: SpanStatusCode.ERROR, message: canary },
      attributes: { "url.full": canary },
      events: [
        { name: "exception", time, attributes: { "exception.message": canary, "exception.stacktrace": canary } },
      ],
      links: [{ context: { traceId, spanId: "b7ad6b7169203331", traceFlags: 1 }, attributes: { text: canary } }],
    });
    expect(JSON.stringify(finishedSpanMessage(span, true))).not.toContain("canary");
  });

  it("flags a parent in another process", () => {
    const parent = { traceId, spanId: "00f067aa0ba902b7", traceFlags: 1 };
    const flags = (isRemote: boolean) =>
      finishedSpanMessage(finished({ parentSpanContext: { ...parent, isRemote } }), true).flags;
    expect(flags(true)).toBe(0x301);
    expect(flags(false)).toBe(0x101);
  });
});
