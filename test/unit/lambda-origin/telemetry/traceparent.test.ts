import { describe, expect, it } from "vitest";
import { parseTraceParent } from "../../../../lambda-origin/telemetry/trace.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const PARENT = "b7ad6b7169203331";

describe("parseTraceParent", () => {
  it.each([
    ["sampled", `00-${TRACE}-${PARENT}-01`, true],
    ["sampled, with a random trace id (level 2)", `00-${TRACE}-${PARENT}-03`, true],
    ["not sampled", `00-${TRACE}-${PARENT}-00`, false],
    ["of a later version, with more at its end", `cc-${TRACE}-${PARENT}-01-what-comes`, true],
  ])("continues a trace that is %s", (_, traceparent, sampled) => {
    expect(parseTraceParent(traceparent, "a=b")).toEqual({
      traceId: TRACE,
      spanId: PARENT,
      sampled,
      traceState: "a=b",
    });
  });

  it.each([
    ["absent", undefined],
    ["empty", ""],
    ["of version ff", `ff-${TRACE}-${PARENT}-01`],
    ["of version 00 with more at its end", `00-${TRACE}-${PARENT}-01-x`],
    ["of a zero trace id", `00-${"0".repeat(32)}-${PARENT}-01`],
    ["of a zero span id", `00-${TRACE}-${"0".repeat(16)}-01`],
    ["in upper case", `00-${TRACE.toUpperCase()}-${PARENT}-01`],
    ["text", "dear sir"],
  ])("begins a sampled trace where traceparent is %s", (_, traceparent) => {
    const parent = parseTraceParent(traceparent, "a=b");
    expect(parent.traceId).toMatch(/^[0-9a-f]{32}$/);
    expect(parent.traceId).not.toBe(TRACE);
    expect(parent).toMatchObject({ spanId: null, sampled: true, traceState: undefined });
  });
});
