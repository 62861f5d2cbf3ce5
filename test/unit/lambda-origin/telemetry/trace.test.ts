import { afterEach, describe, expect, it, vi } from "vitest";
import { Trace, traceOrigin } from "../../../../lambda-origin/telemetry/trace.ts";

afterEach(() => vi.restoreAllMocks());
const spanAtOnce = () => new Trace(traceOrigin(undefined, undefined)).start("a", "server", undefined, {});
const unixMs = (nano: bigint) => Number(nano / 1000n) / 1e3;

describe("a trace's clock", () => {
  it("is right after a freeze, through which the process's own stood still", () => {
    const wallMs = performance.timeOrigin + 3_600_000;
    vi.spyOn(performance, "now").mockReturnValue(5_000);
    vi.spyOn(Date, "now").mockReturnValue(wallMs);
    expect(unixMs(spanAtOnce().startUnixNano)).toBeCloseTo(wallMs, 2);
  });

  it("is the process's own, which is finer, where that did not stand still", () => {
    vi.spyOn(performance, "now").mockReturnValue(5_000.75);
    vi.spyOn(Date, "now").mockReturnValue(Math.floor(performance.timeOrigin + 5_000.75));
    expect(unixMs(spanAtOnce().startUnixNano)).toBeCloseTo(performance.timeOrigin + 5_000.75, 2);
  });
});
