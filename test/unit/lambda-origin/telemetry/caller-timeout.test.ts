import { describe, expect, it } from "vitest";
import { flushBudgetMs } from "../../../../lambda-origin/telemetry/invocation.ts";

const NOW = 1_795_000_000_000;
const eventWith = (timeoutMs: string | undefined, timeEpoch?: unknown) => ({
  headers: { "x-spillway-timeout-ms": timeoutMs },
  requestContext: { timeEpoch },
});

describe("giveUpAfterMs", () => {
  it.each([
    ["counts from now where nothing says when the request came", "8000", undefined, 8_000],
    ["counts what the request waited, for INIT say", "8000", NOW - 3_000, 5_000],
    ["tells that the gateway has gone", "8000", NOW - 9_000, -1_000],
    ["takes no notice of a clock ahead of this one", "8000", NOW + 50, 8_000],
    ["takes no notice of a clock far behind this one", "8000", NOW - 1e9, 8_000],
    ["takes no notice of a time that is none", "8000", "soon", 8_000],
    ["takes zero for what it says", "0", undefined, 0],
    ["never comes where no header says so", undefined, NOW - 9_000, Infinity],
    ["never comes where the header is empty", "", undefined, Infinity],
    ["never comes where the header is no number", "soon", undefined, Infinity],
    ["never comes where the header is negative", "-1", undefined, Infinity],
  ])("%s", (_, timeoutMs, timeEpoch, expected) => {
    expect(flushBudgetMs(eventWith(timeoutMs, timeEpoch), NOW)).toBe(expected);
  });
});
