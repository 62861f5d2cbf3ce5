import { describe, expect, it } from "vitest";
import { callerTimeoutMs } from "../../../../lambda-origin/telemetry/invocation.ts";

const NOW = 1_795_000_000_000;
const eventWith = (timeoutMs: string | undefined, timeEpoch?: unknown) => ({
  headers: { "x-spillway-timeout-ms": timeoutMs },
  requestContext: { timeEpoch },
});

describe("callerTimeoutMs", () => {
  it.each([
    ["is the header's value where the time of the request is not known", "8000", undefined, 8_000],
    ["is less by the time that the request waited, as for INIT", "8000", NOW - 3_000, 5_000],
    ["is negative once the gateway has stopped waiting", "8000", NOW - 9_000, -1_000],
    ["ignores a clock that is ahead", "8000", NOW + 50, 8_000],
    ["ignores a clock that is far behind", "8000", NOW - 1e9, 8_000],
    ["ignores a time that is no number", "8000", "soon", 8_000],
    ["is zero where the header is zero", "0", undefined, 0],
    ["is infinite without the header", undefined, NOW - 9_000, Infinity],
    ["is infinite where the header is empty", "", undefined, Infinity],
    ["is infinite where the header is no number", "soon", undefined, Infinity],
    ["is infinite where the header is negative", "-1", undefined, Infinity],
  ])("%s", (_, timeoutMs, timeEpoch, expected) => {
    expect(callerTimeoutMs(eventWith(timeoutMs, timeEpoch), NOW)).toBe(expected);
  });
});
