import { describe, expect, it } from "vitest";
import { errorType } from "../../../../formats/otlp/error-type.ts";
import { type LogParts, logMessage } from "../../../../formats/otlp/log-message.ts";
import { unixNano } from "../../../../formats/otlp/unix-nano.ts";

describe("errorType", () => {
  class HostileError extends Error {
    override name = "dear sir, canary";
  }
  it.each([
    [new RangeError("a text"), "RangeError"],
    [new DOMException("late", "TimeoutError"), "TimeoutError"],
    [new HostileError(), "_OTHER"],
    ["a thrown text", "_OTHER"],
    [undefined, "_OTHER"],
  ])("%s is one word", (error, type) => expect(errorType(error)).toBe(type));
});

describe("unixNano", () => {
  it.each([
    [0, 0n],
    [1_795_460_017_868, 1_795_460_017_868_000_000n],
    [1_795_460_017_868.123, 1_795_460_017_868_123_000n],
  ])("%f ms is a whole number of nanoseconds", (ms, nano) => expect(unixNano(ms)).toBe(nano));
});

describe("logMessage", () => {
  const parts: Omit<LogParts, "sentence" | "span"> = {
    eventName: "spillway.policy",
    severity: "WARN",
    attributes: [],
    unixNano: 5n,
  };

  it("has the severity by name and number, and the span in which the event was noticed", () => {
    const span = { traceId: "a".repeat(32), spanId: "b".repeat(16), traceFlags: 0x101 };
    expect(logMessage({ ...parts, sentence: "kept", span })).toEqual({
      timeUnixNano: "5",
      observedTimeUnixNano: "5",
      severityNumber: 13,
      severityText: "WARN",
      eventName: "spillway.policy",
      body: { stringValue: "kept" },
      attributes: [],
      traceId: span.traceId,
      spanId: span.spanId,
      flags: 1,
    });
  });

  it("makes its sentence plain and short", () => {
    const { body } = logMessage({ ...parts, sentence: `two\nlines ${"x".repeat(300)}`, span: null });
    expect(body).toEqual({ stringValue: expect.stringMatching(/^two lines x{190}$/) });
  });
});
