import { afterEach, describe, expect, it, vi } from "vitest";
import { parseTraceParent, Trace } from "../../../../lambda-origin/telemetry/trace.ts";

afterEach(() => vi.restoreAllMocks());
const newSpan = () =>
  new Trace(parseTraceParent(undefined, undefined)).start({
    name: "a",
    kind: "server",
    parentSpanId: null,
    attributes: {},
  });
const unixMs = (nano: bigint) => Number(nano / 1000n) / 1e3;

describe("a trace's clock", () => {
  it("is the wall clock after a freeze, during which the process's clock stood still", () => {
    const wallMs = performance.timeOrigin + 3_600_000;
    vi.spyOn(performance, "now").mockReturnValue(5_000);
    vi.spyOn(Date, "now").mockReturnValue(wallMs);
    expect(unixMs(newSpan().startUnixNano)).toBeCloseTo(wallMs, 2);
  });

  it("is the process's clock, which is finer, where the two agree", () => {
    vi.spyOn(performance, "now").mockReturnValue(5_000.75);
    vi.spyOn(Date, "now").mockReturnValue(Math.floor(performance.timeOrigin + 5_000.75));
    expect(unixMs(newSpan().startUnixNano)).toBeCloseTo(performance.timeOrigin + 5_000.75, 2);
  });
});
